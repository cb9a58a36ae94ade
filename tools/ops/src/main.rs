//! `cargo ops`: operators' commands; `cargo ops help` lists them.

use std::process::ExitCode;

use clap::Parser;
use ops::{Result, admin, audit, import_users, migrate, rename, revoke_everyone, smoke};

/// Operators' commands of the HealthCare repository
#[derive(Parser)]
#[command(name = "cargo ops", bin_name = "cargo ops")]
enum Command {
    /// Manage the administrators among the accounts
    #[command(subcommand)]
    Admin(admin::Command),
    /// Verify the audit trail, find rows in it, and write its views again
    #[command(subcommand)]
    Audit(audit::Command),
    /// Create accounts for the users of a Django project
    ///
    /// Passwords are imported if the login can verify them (PBKDF2 with SHA-256, argon2id); other users must reset
    /// theirs. Existing accounts are not changed. Each account is created in one transaction: stop with Ctrl-C at
    /// any time, and run the same command again to continue.
    ///
    /// The report on stdout lists each skipped user, by primary key, with the reason.
    ImportUsers(import_users::Options),
    /// Bring the data of an older version into the form that this version expects
    ///
    /// Run it after an update, as CHANGELOG.md says. Lists, searches and logins then find everybody, and assignments
    /// give access. You can stop the command and run it again. If two records have a value that must be unique now, the
    /// command lists both, by id, and ends with an error; `cargo ops rename` changes one of the two.
    ///
    /// The row of the audit trail says that the command ran, and not that it came to its end.
    #[command(visible_alias = "reindex")]
    Migrate(migrate::Options),
    /// Change a username, an email or a license number
    #[command(subcommand)]
    Rename(rename::Command),
    /// End all sessions of all accounts, and all open password resets
    ///
    /// Everybody has to sign in again. You can stop the command and run it again.
    RevokeEveryone(revoke_everyone::Options),
    /// Test an API: create an account, sign in, assign a doctor to a patient and remove the assignment
    ///
    /// The command creates an account, a doctor and a patient. At the end, even after a failure, it deletes the
    /// doctor and the patient and deactivates the account.
    ///
    /// With --data or --table, the command creates the account directly in the table: this needs no open registration
    /// and sends no mail. It then tests the registration only with an invalid body. Without them, it registers the
    /// account through the API, and if new accounts are pending, it makes this one staff in the data of `cargo dev`.
    Smoke(smoke::Options),
}

fn main() -> ExitCode {
    ops::run(carry_out(Command::parse()))
}

async fn carry_out(command: Command) -> Result<ExitCode> {
    match command {
        Command::Admin(command) => admin::run(&command).await?,
        Command::Audit(command) => audit::run(&command).await?,
        Command::ImportUsers(options) => import_users::run(&options).await?,
        Command::Migrate(options) => migrate::run(&options).await?,
        Command::Rename(command) => rename::run(&command).await?,
        Command::RevokeEveryone(options) => revoke_everyone::run(&options).await?,
        Command::Smoke(options) => smoke::run(&options).await?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Command;

    #[test]
    fn command_line_is_valid() {
        Command::command().debug_assert();
    }

    #[test]
    fn rows_are_found_by_at_least_one_criterion() {
        let parse = |arguments: &[&str]| {
            let mut find = vec!["cargo ops", "audit", "find"];
            find.extend(arguments);
            Command::try_parse_from(find)
        };
        assert!(parse(&[]).is_err());
        assert!(parse(&["--day", "2026-02-30"]).is_err());
        assert!(parse(&["--patient", "7", "--actor", "3", "--day", "2026-01-31"]).is_ok());
        assert!(parse(&["--day", "2026-01-31", "--audit-table", "a"]).is_err());
        assert!(parse(&["--day", "2026-01-31", "--table", "t", "--audit-table", "a"]).is_ok());
        assert!(parse(&["--day", "2026-01-31", "--table", "t", "--audit-table", ""]).is_err());
    }

    #[test]
    fn former_name_of_migrate_is_understood() {
        for name in ["migrate", "reindex"] {
            let command = Command::try_parse_from(["cargo ops", name, "--data", "folder"]);
            assert!(matches!(command, Ok(Command::Migrate(_))), "{name}");
        }
    }
}
