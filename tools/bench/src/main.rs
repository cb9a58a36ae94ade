//! `cargo benchmark`: measures functions and the API; `cargo benchmark help` lists the commands.

mod functions;
mod load;
mod login_times;
mod machine;
mod markers;

use std::process::ExitCode;

use clap::Parser;
use ops::Result;

/// Measurements of the HealthCare repository
#[derive(Parser)]
#[command(name = "cargo benchmark", bin_name = "cargo benchmark")]
enum Command {
    /// Measure what functions cost: their start, a request, memory, size, calls to DynamoDB
    ///
    /// Each figure comes with its ratio to a function that does nothing, which is built and measured in the
    /// same run. A run of everything takes long; --functions and --only choose.
    Functions(functions::Options),
    /// Load the API with what people at a clinic do, and measure how long answers take
    Load(load::Options),
    /// Measure whether the time of a refused login shows why it was refused
    LoginTimes(login_times::Options),
}

fn main() -> ExitCode {
    ops::run(carry_out(Command::parse()))
}

async fn carry_out(command: Command) -> Result<ExitCode> {
    match command {
        Command::Functions(options) => return functions::run(&options).await,
        Command::Load(options) => load::run(options).await?,
        Command::LoginTimes(options) => login_times::run(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Command;

    #[test]
    fn the_command_line_is_sound() {
        Command::command().debug_assert();
    }
}
