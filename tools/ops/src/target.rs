//! The tables that a command works on: those of `cargo dev`, or a deployed stack's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use repo::template::{TABLE_NAME, TABLE_NAMES};
use shared::store::Store;
use shared::store::client;

use crate::data::{Access, access, folder_or_default};
use crate::dynamodb::DynamoDb;
use crate::local_tables::LocalTables;
use crate::shell::shell_word;
use crate::{Result, ui};

/// How often a command tries to open the tables if other processes open them first.
const TRIES: usize = 3;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The days for which the rows of the audit trail stay in their table, as in template.yaml.
const RETENTION_DAYS: u32 = 395;

/// The same as a duration.
pub const RETENTION: Duration = DAY.saturating_mul(RETENTION_DAYS);

// Without a doc comment, because clap would show it as the command's description.
#[derive(clap::Args)]
pub struct Target {
    /// Work on the data of `cargo dev` in this folder, running or not [default: .local in the repository]
    #[arg(long, value_name = "DIR", conflicts_with = "table")]
    data: Option<PathBuf>,

    /// Work on the table of a deployed stack, its output TableName, with AWS_REGION,
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set
    #[arg(long, value_name = "NAME")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    table: Option<String>,

    /// The table of the stack's audit trail, its output AuditTableName: a command that shows or
    /// changes accounts writes rows into it
    #[arg(long, value_name = "NAME", requires = "table")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    audit_table: Option<String>,

    /// Days for which rows stay in that table, the stack's parameter AuditRetentionDays
    #[arg(long, value_name = "DAYS", default_value_t = RETENTION_DAYS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    audit_retention_days: u32,

    /// Use this DynamoDB instead of the region's
    #[arg(long, value_name = "URL", requires = "table")]
    dynamodb_endpoint: Option<String>,
}

/// The tables to work on.
pub struct Opened {
    pub store: Store,
    /// Whether CloudFormation has created the table.
    pub is_stack: bool,
    /// Whether the table of the audit trail is known.
    has_trail: bool,
    /// For as long as this, rows stay in it.
    retention: Duration,
    /// Keeps the tables open if no `cargo dev` does.
    local: Option<LocalTables>,
}

impl Opened {
    /// Tables that another process, or AWS, keeps open.
    pub fn new(store: Store, is_stack: bool) -> Self {
        Self { store, is_stack, has_trail: true, retention: RETENTION, local: None }
    }

    /// Returns the store whose changes the audit trail records under the name of this command.
    pub fn recorded_as(&self, command: &'static str) -> Result<Store> {
        Ok(self.with_trail()?.recorded_as(command, self.retention))
    }

    /// Returns the store if it has the table of the audit trail.
    pub fn with_trail(&self) -> Result<&Store> {
        if self.has_trail {
            return Ok(&self.store);
        }
        let reason = "this command reads or writes rows of the audit trail";
        Err(format!("{reason}: add --audit-table NAME, the stack's output AuditTableName").into())
    }

    pub fn retention(&self) -> Duration {
        self.retention
    }

    /// Whether another process, or AWS, keeps the tables open.
    pub fn is_shared(&self) -> bool {
        self.local.is_none()
    }
}

impl Target {
    pub async fn open(&self) -> Result<Opened> {
        let opened = match &self.table {
            Some(name) => {
                let audit_table = self.audit_table.as_deref();
                table(name, audit_table, self.dynamodb_endpoint.as_deref())?
            }
            None => local(self.data.as_deref()).await?,
        };
        let retention = DAY.saturating_mul(self.audit_retention_days);
        Ok(Opened { retention, ..opened })
    }

    /// Returns the folder with the data of `cargo dev`; `None` if another table is named.
    pub fn local_folder(&self) -> Result<Option<PathBuf>> {
        match self.table {
            Some(_) => Ok(None),
            None => folder_or_default(self.data.as_deref()).map(Some),
        }
    }

    /// Returns whether an argument names the tables.
    pub fn is_named(&self) -> bool {
        self.data.is_some() || self.table.is_some()
    }

    /// Returns the arguments that name these tables, with a space in front; empty for the default.
    pub fn arguments(&self) -> String {
        let mut arguments = match &self.table {
            Some(name) => {
                let audit_table = self.audit_table.as_deref();
                table_arguments(name, audit_table, self.dynamodb_endpoint.as_deref())
            }
            None => data_arguments(self.data.as_deref()),
        };
        if self.audit_retention_days != RETENTION_DAYS {
            let days = self.audit_retention_days;
            arguments.push_str(&format!(" --audit-retention-days {days}"));
        }
        arguments
    }
}

/// Returns the arguments that name the data of `cargo dev` in a folder, with a space in front; empty for the default.
pub fn data_arguments(folder: Option<&Path>) -> String {
    folder
        .map(|folder| format!(" --data {}", shell_word(&folder.to_string_lossy())))
        .unwrap_or_default()
}

/// Returns the arguments that name the tables of a stack, with a space in front.
pub fn table_arguments(name: &str, audit_table: Option<&str>, endpoint: Option<&str>) -> String {
    let options =
        [("table", Some(name)), ("audit-table", audit_table), ("dynamodb-endpoint", endpoint)];
    let arguments = options
        .into_iter()
        .filter_map(|(option, value)| Some(format!(" --{option} {}", shell_word(value?))));
    arguments.collect()
}

async fn local(folder: Option<&Path>) -> Result<Opened> {
    let (endpoint, local) = open_local(folder, LocalTables::start).await?;
    let dynamodb = DynamoDb::at(&endpoint)?;
    ui::status("Using", &dynamodb);
    let client = client(dynamodb.settings());
    let store = Store::new(client, TABLE_NAMES.map(str::to_owned));
    Ok(Opened { local, ..Opened::new(store, false) })
}

/// Returns the endpoint of the tables in the folder, and what keeps them open if no `cargo dev` does. `start` opens
/// them; it returns `None` if another process is first.
async fn open_local(
    folder: Option<&Path>,
    mut start: impl AsyncFnMut(&Path) -> Result<Option<LocalTables>>,
) -> Result<(String, Option<LocalTables>)> {
    for _ in 0..TRIES {
        match access(folder).await? {
            Access::Through(endpoint) => return Ok((endpoint, None)),
            Access::Free(folder) => {
                if let Some(local) = start(&folder).await? {
                    return Ok((local.endpoint.clone(), Some(local)));
                }
            }
        }
    }
    Err(format!("other processes opened the tables first, {TRIES} times; try again later").into())
}

fn table(name: &str, audit_table: Option<&str>, endpoint: Option<&str>) -> Result<Opened> {
    let dynamodb = match endpoint {
        Some(endpoint) => DynamoDb::at(endpoint)?,
        None => DynamoDb::of_region()?,
    };
    ui::status("Using", format!("the table {name}, in {dynamodb}"));
    // A stack's keys table has a name of its own, but no command reads or writes that table.
    let names = [name, "", audit_table.unwrap_or_default()].map(str::to_owned);
    let store = Store::new(client(dynamodb.settings()), names);
    // `cargo dev` has created a table with this name.
    let opened = Opened::new(store, name != TABLE_NAME);
    Ok(Opened { has_trail: audit_table.is_some(), ..opened })
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;
    use crate::data::Data;

    #[test]
    fn arguments_name_the_same_tables_again() {
        assert_eq!(data_arguments(None), "");
        assert_eq!(data_arguments(Some(Path::new("my data"))), " --data 'my data'");
        let endpoint = Some("http://127.0.0.1:8001");
        let arguments = " --table t --dynamodb-endpoint http://127.0.0.1:8001";
        assert_eq!(table_arguments("t", None, endpoint), arguments);
        assert_eq!(table_arguments("t", Some("a b"), None), " --table t --audit-table 'a b'");
    }

    #[test]
    fn without_the_table_of_the_trail_nothing_can_be_recorded() {
        let endpoint = Some("http://127.0.0.1:1");
        let opened = table("t", None, endpoint).unwrap();
        let error = opened.recorded_as("ops admin add").unwrap_err().to_string();
        assert!(error.contains("--audit-table") && opened.is_stack, "{error}");
        assert!(table("t", Some("a"), endpoint).unwrap().recorded_as("ops admin add").is_ok());
    }

    #[tokio::test]
    async fn command_uses_the_tables_of_a_process_that_is_first() {
        let folder = env::temp_dir().join(format!("healthcare-target-{}", process::id()));
        let mut first = None;
        let opened = open_local(Some(&folder), async |folder| {
            let data = Data::open(Some(folder)).await?;
            data.announce("http://127.0.0.1:1")?;
            first = Some(data);
            Ok(None)
        });
        let opened = opened.await.unwrap();
        assert!(matches!(opened, (endpoint, None) if endpoint == "http://127.0.0.1:1"));
        drop(first);

        let mut tries = 0;
        let opened = open_local(Some(&folder), async |_| {
            tries += 1;
            Ok(None)
        });
        assert!(opened.await.is_err());
        assert_eq!(tries, TRIES);

        fs::remove_dir_all(folder).unwrap();
    }
}
