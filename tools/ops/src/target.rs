//! The tables that a command works on: those of `cargo dev`, or a deployed stack's.

use std::path::{Path, PathBuf};

use repo::template::{KEYS_TABLE_NAME, TABLE_NAME};
use shared::store::Store;
use shared::store::client;

use crate::data::{Access, access};
use crate::dynamodb::DynamoDb;
use crate::local_tables::LocalTables;
use crate::shell::shell_word;
use crate::{Result, ui};

/// How often a command tries to open the tables if other processes open them first.
const TRIES: usize = 3;

// Without a doc comment, because clap would show it as the command's description.
#[derive(clap::Args)]
pub struct Target {
    /// Work on the data of `cargo dev` in this folder, running or not [default: .local in the repository]
    #[arg(long, value_name = "DIR", conflicts_with = "table")]
    data: Option<PathBuf>,

    /// Work on the table of a deployed stack, its output TableName, with AWS_REGION,
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// Use this DynamoDB instead of the region's
    #[arg(long, value_name = "URL", requires = "table")]
    dynamodb_endpoint: Option<String>,
}

/// The tables to work on.
pub struct Opened {
    pub store: Store,
    /// Whether CloudFormation has created the table.
    pub is_stack: bool,
    /// Keeps the tables open if no `cargo dev` does.
    _local: Option<LocalTables>,
}

impl Opened {
    /// Tables that another process, or AWS, keeps open.
    pub fn new(store: Store, is_stack: bool) -> Self {
        Self { store, is_stack, _local: None }
    }
}

impl Target {
    pub async fn open(&self) -> Result<Opened> {
        match &self.table {
            Some(name) => table(name, self.dynamodb_endpoint.as_deref()),
            None => local(self.data.as_deref()).await,
        }
    }

    /// Returns whether an argument names the tables.
    pub fn is_named(&self) -> bool {
        self.data.is_some() || self.table.is_some()
    }

    /// Returns the arguments that name these tables, with a space in front; empty for the default.
    pub fn arguments(&self) -> String {
        match &self.table {
            Some(name) => table_arguments(name, self.dynamodb_endpoint.as_deref()),
            None => data_arguments(self.data.as_deref()),
        }
    }
}

/// Returns the arguments that name the data of `cargo dev` in a folder, with a space in front; empty for the default.
pub fn data_arguments(folder: Option<&Path>) -> String {
    folder
        .map(|folder| format!(" --data {}", shell_word(&folder.to_string_lossy())))
        .unwrap_or_default()
}

/// Returns the arguments that name a table, with a space in front.
pub fn table_arguments(name: &str, endpoint: Option<&str>) -> String {
    let endpoint = endpoint.map(|url| format!(" --dynamodb-endpoint {}", shell_word(url)));
    format!(" --table {}{}", shell_word(name), endpoint.unwrap_or_default())
}

async fn local(folder: Option<&Path>) -> Result<Opened> {
    let (endpoint, local) = open_local(folder, LocalTables::start).await?;
    let dynamodb = DynamoDb::at(&endpoint)?;
    ui::status("Using", &dynamodb);
    let client = client(dynamodb.settings());
    let store = Store::new(client, TABLE_NAME.to_owned(), KEYS_TABLE_NAME.to_owned());
    Ok(Opened { store, is_stack: false, _local: local })
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

fn table(name: &str, endpoint: Option<&str>) -> Result<Opened> {
    let dynamodb = match endpoint {
        Some(endpoint) => DynamoDb::at(endpoint)?,
        None => DynamoDb::of_region()?,
    };
    ui::status("Using", format!("the table {name}, in {dynamodb}"));
    // A stack's keys table has a name of its own, but no command reads or writes that table.
    let store = Store::new(client(dynamodb.settings()), name.to_owned(), String::new());
    // `cargo dev` has created a table with this name.
    Ok(Opened::new(store, name != TABLE_NAME))
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
        assert_eq!(table_arguments("t", endpoint), arguments);
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
