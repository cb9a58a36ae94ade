//! Whose tables a command works on: those of `cargo dev`, or a deployed stack's.

use std::path::{Path, PathBuf};

use shared::table::{self, Table};
use shared::testing::emulator::{KEYS_TABLE_NAME, TABLE_NAME, create_tables};
use repo::template::Template;

use crate::data::{Access, Data};
use crate::dynamodb::DynamoDb;
use crate::{Result, ui};

// Not a doc comment: clap would take it for the command's.
#[derive(clap::Args)]
pub struct Target {
    /// Work on the data of `cargo dev`, be it running or not, in this folder [default: .local in the
    /// repository]
    #[arg(long, value_name = "DIR", conflicts_with = "table")]
    data: Option<PathBuf>,

    /// Work on the table of a deployed stack, its output TableName, with AWS_REGION,
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// Another DynamoDB than the region's own
    #[arg(long, value_name = "URL", requires = "table")]
    dynamodb_endpoint: Option<String>,
}

/// A table that is there, and what it rests on.
pub struct Opened {
    pub table: Table,
    _dynamodb: DynamoDb,
    /// Keeps others off the file of the embedded DynamoDB.
    _data: Option<Data>,
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
    let (dynamodb, data) = match Data::access(folder).await? {
        Access::Through(endpoint) => (DynamoDb::at(&endpoint)?, None),
        Access::Alone(data) => {
            let dynamodb = DynamoDb::on_file(&data.database()).await?;
            create_tables(&table::client(dynamodb.settings()), &Template::load()?).await?;
            if let Some(endpoint) = dynamodb.endpoint() {
                data.announce(endpoint)?;
            }
            (dynamodb, Some(data))
        }
    };
    ui::status("Using", &dynamodb);
    let client = table::client(dynamodb.settings());
    let table = Table::new(client, TABLE_NAME.to_owned(), KEYS_TABLE_NAME.to_owned());
    Ok(Opened { table, _dynamodb: dynamodb, _data: data })
}

fn stack(name: &str, endpoint: Option<&str>) -> Result<Opened> {
    let dynamodb = match endpoint {
        Some(endpoint) => DynamoDb::at(endpoint)?,
        None => DynamoDb::of_region()?,
    };
    ui::status("Using", format!("the table {name}, in {dynamodb}"));
    // The keys' table has a name of its own there; nothing that is done here reads or writes it.
    let table = Table::new(table::client(dynamodb.settings()), name.to_owned(), String::new());
    Ok(Opened { table, _dynamodb: dynamodb, _data: None })
}
