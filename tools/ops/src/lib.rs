//! Operators' commands, which work on the tables of `cargo dev` or of a deployed stack, and helpers that the
//! developers' commands also use: terminal output, signals, child processes, the data folder, HTTP and AWS settings.

pub mod admin;
pub mod audit;
pub mod aws;
pub mod data;
pub mod dynamodb;
pub mod http;
pub mod import_users;
pub mod local_tables;
pub mod lock;
pub mod migrate;
mod older_target;
mod patience;
pub mod process_group;
pub mod random;
pub mod rename;
pub mod revoke_everyone;
pub mod schema;
pub mod shell;
pub mod smoke;
pub mod stop;
pub mod target;
pub mod ui;

use std::error::Error;
use std::process::ExitCode;

use tokio::runtime::Runtime;

pub type Failure = Box<dyn Error + Send + Sync>;
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// Runs a command to its end and prints the error that it ends with, if any.
pub fn run(command: impl Future<Output = Result<ExitCode>>) -> ExitCode {
    match block_on(command) {
        Ok(code) => code,
        Err(error) => {
            ui::error(&*error);
            ExitCode::FAILURE
        }
    }
}

fn block_on(command: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(command);
    // Without waiting for requests that are still running.
    runtime.shutdown_background();
    outcome
}
