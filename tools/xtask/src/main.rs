//! `cargo dev` and the repository's other commands; `cargo xtask help` lists them.

mod admin;
mod audit;
mod aws;
mod bench;
mod data;
mod deploy;
mod dev;
mod docker;
mod dynamodb;
mod environment;
mod fuzz;
mod generate;
mod group;
mod http;
mod import_users;
mod load;
mod lock;
mod login_times;
mod machine;
mod markers;
mod port;
mod revoke_everyone;
mod sam;
mod sam_local;
mod smoke;
mod stack;
mod stage;
mod stop;
mod target;
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
    /// Write what is generated from template.yaml and openapi.yaml
    Generate,
    /// Print the folder of a pinned tool, installed if missing, for
    /// export PATH="$(cargo xtask tools):$PATH"
    Tools(tools::Options),
    /// Say who administers the accounts
    #[command(subcommand)]
    Admin(admin::Command),
    /// Make accounts of a Django project's users
    ///
    /// Passwords come along as far as the login can verify them (PBKDF2 with SHA-256, argon2id); whoever
    /// has another one must reset it. Accounts that are there are left alone. Each account is made at
    /// once or not at all: stop with Ctrl-C at any time, and run the same command again to go on.
    ///
    /// The report on stdout names who was skipped, and why, by primary key.
    ImportUsers(import_users::Options),
    /// End all sessions of all accounts, and all open password resets
    ///
    /// Everybody has to sign in again. It can be stopped, and run again.
    RevokeEveryone(revoke_everyone::Options),
    /// Run the whole stack on this machine as AWS SAM plays it: every function in a container
    ///
    /// Needs Docker, whose engine must be running.
    SamLocal(sam_local::Options),
    /// Build the stack, deploy it, and try what is deployed as `cargo xtask smoke` does
    ///
    /// Needs AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. What a stage is stands in samconfig.toml.
    Deploy(deploy::Options),
    /// Try an API: make an account, sign in, assign a doctor to a patient and end it
    ///
    /// Account, doctor and patient are made up for it. Doctor and patient are deleted at the end, whatever has
    /// failed before, and the account is deactivated. Where new accounts are pending, this one is made staff
    /// first, in the table.
    Smoke(smoke::Options),
    /// Measure whether the time of a refused login tells why it was refused
    LoginTimes(login_times::Options),
    /// Hear what judges say of template.yaml: cfn-lint, checkov, and cfn-guard with the rules of this repository
    ///
    /// Nothing is looked up anywhere. What they are told not to ask has its reason in docs/security.md.
    Audit,
    /// Send the API requests made of openapi.yaml, valid and not, and judge its answers by it
    ///
    /// Schemathesis does it, once as a member of staff and once as an administrator, on a stack of its
    /// own. The report is schemathesis', and so is the exit code.
    Fuzz(fuzz::Options),
    /// Measure what functions cost: their start, a request, memory, size, calls to DynamoDB
    ///
    /// Beside each figure stands its ratio to a function that does nothing, built and measured in the
    /// same run. All of it takes long; --functions and --only choose.
    Bench(bench::Options),
    /// Load the API with what people at a clinic do, and measure how long answers take
    Load(load::Options),
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(code) => code,
        Err(error) => {
            ui::error(&*error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(carry_out(command));
    // A request that is still under way is not worth waiting for.
    runtime.shutdown_background();
    outcome
}

async fn carry_out(command: Command) -> Result<ExitCode> {
    match command {
        Command::Dev(options) => dev::run(&options).await?,
        Command::Generate => generate::run()?,
        Command::Tools(options) => tools::run(&options).await?,
        Command::Admin(command) => admin::run(&command).await?,
        Command::ImportUsers(options) => import_users::run(&options).await?,
        Command::RevokeEveryone(options) => revoke_everyone::run(&options).await?,
        Command::SamLocal(options) => sam_local::run(&options).await?,
        Command::Deploy(options) => deploy::run(&options).await?,
        Command::Smoke(options) => smoke::run(&options).await?,
        Command::LoginTimes(options) => login_times::run(&options)?,
        Command::Audit => audit::run().await?,
        Command::Fuzz(options) => return fuzz::run(&options).await,
        Command::Bench(options) => return bench::run(&options).await,
        Command::Load(options) => load::run(options).await?,
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
