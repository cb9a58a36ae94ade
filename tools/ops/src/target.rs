//! The tables that a command works on: those of `cargo dev`, or a deployed stack's.

use std::path::{Path, PathBuf};

use repo::template::{KEYS_TABLE_NAME, TABLE_NAME};
use shared::store::Store;
use shared::store::client;

use crate::data::{Access, access};
use crate::dynamodb::DynamoDb;
use crate::local_tables::LocalTables;
use crate::{Result, ui};

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
    /// Keeps the tables open if no `cargo dev` does.
    _local: Option<LocalTables>,
}

impl Target {
    pub async fn open(&self) -> Result<Opened> {
        match &self.table {
            Some(name) => stack(name, self.dynamodb_endpoint.as_deref()),
            None => local(self.data.as_deref()).await,
        }
    }
}

async fn local(folder: Option<&Path>) -> Result<Opened> {
    let (endpoint, local) = match access(folder).await? {
        Access::Through(endpoint) => (endpoint, None),
        Access::Free(folder) => {
            let local = LocalTables::start(&folder).await?;
            (local.endpoint.clone(), Some(local))
        }
    };
    let dynamodb = DynamoDb::at(&endpoint)?;
    ui::status("Using", &dynamodb);
    let client = client(dynamodb.settings());
    let store = Store::new(client, TABLE_NAME.to_owned(), KEYS_TABLE_NAME.to_owned());
    Ok(Opened { store, _local: local })
}

fn stack(name: &str, endpoint: Option<&str>) -> Result<Opened> {
    let dynamodb = match endpoint {
        Some(endpoint) => DynamoDb::at(endpoint)?,
        None => DynamoDb::of_region()?,
    };
    ui::status("Using", format!("the table {name}, in {dynamodb}"));
    // A stack's keys table has a name of its own, but no command reads or writes that table.
    let store = Store::new(client(dynamodb.settings()), name.to_owned(), String::new());
    Ok(Opened { store, _local: None })
}
