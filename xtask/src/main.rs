//! `cargo dev` and the repository's other commands; `cargo xtask help` lists them.

mod cargo;
mod dev;
mod group;
mod http;
mod lock;
mod routes;
mod stop;
mod tools;
mod ui;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Runtime;

type Failure = Box<dyn Error + Send + Sync>;
type Result<T = ()> = std::result::Result<T, Failure>;

/// Commands of the HealthCare repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Run the whole API on this machine (also: cargo dev)
    Dev(dev::Options),
    /// Write what is generated from the routes of template.yaml
    Routes,
    /// Print the folder of the pinned cargo-lambda, for export PATH="$(cargo xtask tools):$PATH"
    Tools,
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&*error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result {
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Dev(options) => dev::run(&options).await,
            Command::Routes => routes::run(),
            Command::Tools => tools::run().await,
        }
    });
    // A request that is still under way is not worth waiting for.
    runtime.shutdown_background();
    outcome
}
