//! The options of commands that may work on a stack that has no audit trail yet.

use shared::store::Store;

use crate::target::{Opened, Target};
use crate::{Result, ui};

// Without a doc comment, because clap would show it as the command's description.
#[derive(clap::Args)]
pub struct OlderTarget {
    #[command(flatten)]
    target: Target,

    /// Record nothing, because the stack is older than the audit trail: it has no output
    /// AuditTableName
    #[arg(long, requires = "table", conflicts_with = "audit_table")]
    without_trail: bool,
}

impl OlderTarget {
    pub async fn open(&self) -> Result<Opened> {
        self.target.open().await
    }

    /// Returns the store whose changes the audit trail records under the name of this command, or the store that records
    /// nothing if the arguments say so.
    pub fn recorded_as(&self, command: &'static str, opened: &Opened) -> Result<Store> {
        if self.without_trail {
            ui::warning("this run is not recorded in an audit trail");
            return Ok(opened.store.clone());
        }
        let recorded = opened.recorded_as(command);
        let way_out = "or --without-trail if the stack does not have this output yet";
        recorded.map_err(|error| format!("{error}; {way_out}").into())
    }

    /// Returns the arguments that name the same tables again, with a space in front; empty for the default.
    pub fn arguments(&self) -> String {
        let arguments = self.target.arguments();
        if self.without_trail { format!("{arguments} --without-trail") } else { arguments }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        target: OlderTarget,
    }

    fn parse(arguments: &[&str]) -> std::result::Result<OlderTarget, clap::Error> {
        let command = ["command"].iter().chain(arguments);
        Command::try_parse_from(command).map(|command| command.target)
    }

    /// Opens the tables without a call.
    async fn recorded(arguments: &[&str]) -> Result<Store> {
        let local = ["--table", "t", "--dynamodb-endpoint", "http://127.0.0.1:1"];
        let target = parse(&[&local[..], arguments].concat()).unwrap();
        target.recorded_as("ops migrate", &target.open().await.unwrap())
    }

    #[tokio::test]
    async fn stack_is_changed_without_a_row_only_if_the_arguments_say_so() {
        let error = recorded(&[]).await.unwrap_err().to_string();
        assert!(error.contains("--audit-table") && error.contains("--without-trail"), "{error}");
        recorded(&["--audit-table", "a"]).await.unwrap();
        recorded(&["--without-trail"]).await.unwrap();
    }

    #[test]
    fn stack_has_a_trail_or_none() {
        assert!(parse(&["--table", "t", "--audit-table", "a", "--without-trail"]).is_err());
        assert!(parse(&["--without-trail"]).is_err());
        let older = parse(&["--table", "t", "--without-trail"]).unwrap();
        assert_eq!(older.arguments(), " --table t --without-trail");
    }
}
