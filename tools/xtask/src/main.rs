//! `cargo dev` and the other developers' commands; `cargo xtask help` lists them.

use std::process::ExitCode;

use clap::Parser;
use ops::Result;
use repo::root;
use xtask::{audit, common_passwords, deploy, dev, fuzz, generate, new_endpoint, sam_local, tools};

/// Developers' commands of the HealthCare repository
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Run the whole API on this machine (also: cargo dev)
    Dev(dev::Options),
    /// Write the files that are generated from template.yaml, openapi.yaml and the access rule
    Generate(generate::Options),
    /// Create all files of an endpoint
    NewEndpoint(new_endpoint::Options),
    /// Print the folder of a pinned tool, installed if missing, for
    /// export PATH="$(cargo xtask tools):$PATH"
    Tools(tools::Options),
    /// Run the whole stack on this machine with AWS SAM: every function in a container
    ///
    /// Needs Docker with a running engine.
    SamLocal(sam_local::Options),
    /// Build the stack, deploy it, and test the deployed API as `cargo ops smoke` does
    ///
    /// Needs AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. samconfig.toml defines the stages.
    Deploy(deploy::Options),
    /// Run cfn-lint, checkov and cfn-guard on template.yaml, the last with the rules of this repository, and cargo-deny
    ///
    /// Works without a network once tools and crates are there, except for reported vulnerabilities. docs/security.md
    /// has the reason for each suppressed rule.
    Audit,
    /// Write the filter of common passwords
    ///
    /// shared/src/auth/common_passwords.rs names its list.
    CommonPasswords(common_passwords::Options),
    /// Send the API valid and invalid requests generated from openapi.yaml, and check the answers against it
    ///
    /// Schemathesis does it, once as a member of staff and once as an administrator, on a new stack. Report and exit
    /// code are those of schemathesis.
    Fuzz(fuzz::Options),
}

fn main() -> ExitCode {
    ops::run(carry_out(Command::parse()))
}

async fn carry_out(command: Command) -> Result<ExitCode> {
    root::find()?;
    match command {
        Command::Dev(options) => dev::run(&options).await?,
        Command::Generate(options) => generate::run(&options)?,
        Command::NewEndpoint(options) => new_endpoint::run(&options)?,
        Command::Tools(options) => tools::run(&options).await?,
        Command::SamLocal(options) => sam_local::run(&options).await?,
        Command::Deploy(options) => deploy::run(&options).await?,
        Command::Audit => audit::run().await?,
        Command::CommonPasswords(options) => common_passwords::run(&options)?,
        Command::Fuzz(options) => return fuzz::run(&options).await,
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
