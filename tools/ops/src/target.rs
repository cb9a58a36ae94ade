//! Whose tables a command works on: those of `cargo dev`, or a deployed stack's.

use std::path::{Path, PathBuf};

use repo::template::{KEYS_TABLE_NAME, TABLE_NAME};
use shared::table::{self, Table};

use crate::data::{Access, access};
use crate::dynamodb::DynamoDb;
use crate::local_tables::LocalTables;
use crate::{Result, ui};

// Not a doc comment: clap would take it for the command's.
#[derive(clap::Args)]
pub struct Target {
    /// Work on the data of `cargo dev` in this folder, whether it runs or not [default: .local in the
    /// repository]
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

/// A table to work on.
pub struct Opened {
    pub table: Table,
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
    let client = table::client(dynamodb.settings());
    let table = Table::new(client, TABLE_NAME.to_owned(), KEYS_TABLE_NAME.to_owned());
    Ok(Opened { table, _local: local })
}

fn stack(name: &str, endpoint: Option<&str>) -> Result<Opened> {
    let dynamodb = match endpoint {
        Some(endpoint) => DynamoDb::at(endpoint)?,
        None => DynamoDb::of_region()?,
    };
    ui::status("Using", format!("the table {name}, in {dynamodb}"));
    // The keys table has another name there; no command reads or writes it.
    let table = Table::new(table::client(dynamodb.settings()), name.to_owned(), String::new());
    Ok(Opened { table, _local: None })
}
