//! `cargo benchmark`: measures functions and the API; `cargo benchmark help` lists the commands.

mod audit;
mod functions;
mod lambda;
mod load;
mod login_times;
mod machine;
mod markers;
mod password_times;
mod refusal_times;
mod search;
mod storm;
mod times;

use std::process::ExitCode;

use clap::Parser;
use ops::Result;
use repo::root;

/// Measurements of the HealthCare repository
#[derive(Parser)]
#[command(name = "cargo benchmark", bin_name = "cargo benchmark")]
enum Command {
    /// Measure whether a read waits for its row of the audit trail, with a DynamoDB that takes 5 ms for each call
    ///
    /// Compares patients-get with doctors-get, which makes the same call and puts no row.
    Audit(audit::Options),
    /// Measure the cost of functions: start, request, memory, size, calls to DynamoDB
    ///
    /// Each figure has its ratio to that of a function that does nothing, which is built and measured in the same run.
    /// Measuring everything takes long; --functions and --only limit it.
    Functions(functions::Options),
    /// Measure functions with the processor time that Lambda gives them, at several memory sizes
    ///
    /// Needs Linux, and a user who may create control groups, such as root; prints one line and ends elsewhere.
    Lambda(lambda::Options),
    /// Send the requests of a working clinic to the API, and measure response times
    Load(load::Options),
    /// Measure whether the time of a refused login reveals why it was refused
    LoginTimes(login_times::Options),
    /// Measure how long the policy judges new passwords that are meant to take long
    ///
    /// Only an optimized build shows the times of the functions: cargo run --release --package bench -- password-times
    PasswordTimes(password_times::Options),
    /// Measure whether the time of a refusal depends on the record or the list
    RefusalTimes(refusal_times::Options),
    /// Measure searches of patients by each field, with a thousand patients and with a million
    ///
    /// Both tables are in memory.
    Search(search::Options),
    /// Measure what one request of an attacker costs at most, by function and caller
    ///
    /// Needs Linux: the processor time is that of the function's process.
    Storm(storm::Options),
}

fn main() -> ExitCode {
    ops::run(carry_out(Command::parse()))
}

async fn carry_out(command: Command) -> Result<ExitCode> {
    root::find()?;
    match command {
        Command::Audit(options) => audit::run(&options).await?,
        Command::Functions(options) => return functions::run(&options).await,
        Command::Lambda(options) => lambda::run(&options).await?,
        Command::Load(options) => load::run(options).await?,
        Command::LoginTimes(options) => login_times::run(&options)?,
        Command::PasswordTimes(options) => password_times::run(&options),
        Command::RefusalTimes(options) => refusal_times::run(&options)?,
        Command::Search(options) => search::run(&options).await?,
        Command::Storm(options) => storm::run(&options).await?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Command;

    #[test]
    fn command_line_is_valid() {
        Command::command().debug_assert();
    }
}
