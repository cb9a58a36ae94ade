//! Creates the template's tables through the SDK: in the emulator, in DynamoDB Local or in a region.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types;
use aws_sdk_dynamodb::types::{BillingMode, TableDescription, TableStatus, TimeToLiveStatus};
use repo::template::{
    AUDIT_TABLE_NAME, Index, KEYS_TABLE_NAME, KeyElement, TABLE_NAME, Table, Template,
};
use tokio::time::sleep;

/// Logical id → table name.
const NAMES: [(&str, &str); 3] =
    [("Table", TABLE_NAME), ("KeysTable", KEYS_TABLE_NAME), ("AuditTable", AUDIT_TABLE_NAME)];

/// The interval and the number of the checks whether a table is active: five minutes in total.
const POLL: Duration = Duration::from_millis(500);
const POLLS: u32 = 600;

/// The reason why a table is not available.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("the table {0} of template.yaml has no name outside of a stack")]
    Unnamed(String),
    #[error(
        "the table {0} differs from template.yaml: run `cargo ops migrate` if only its indexes do; otherwise delete the \
         table, or the file that contains it"
    )]
    Different(&'static str),
    #[error("the table {0} is still not active")]
    NotActive(&'static str),
    #[error("a table of template.yaml lacks a property that DynamoDB requires")]
    Definition(#[from] BuildError),
    #[error("cannot {doing} the table {table}")]
    Call { doing: &'static str, table: &'static str, source: Box<aws_sdk_dynamodb::Error> },
}

/// Creates the template's tables, with on-demand billing and their time to live, and waits until they are active.
/// Does not recreate existing tables.
///
/// # Errors
/// A table of the template has no name in this module, an existing table differs from the template, or DynamoDB refuses
/// a call or does not answer it.
pub async fn create_tables(client: &Client, template: &Template) -> Result<(), TableError> {
    create_missing_tables(client, template).await?;
    for (logical_id, table) in &template.tables {
        let name = name_of(logical_id)?;
        if Shape::actual(&active(client, name).await?) != Shape::expected(table) {
            return Err(TableError::Different(name));
        }
    }
    Ok(())
}

/// Does the same as [`create_tables`], but accepts tables whose indexes differ, for a command that replaces an index.
///
/// # Errors
/// As [`create_tables`].
pub async fn create_missing_tables(client: &Client, template: &Template) -> Result<(), TableError> {
    for (logical_id, table) in &template.tables {
        let name = name_of(logical_id)?;
        create(client, name, table).await?;
        let description = active(client, name).await?;
        if Shape::actual(&description).keys != Shape::expected(table).keys {
            return Err(TableError::Different(name));
        }
        if let Some(attribute) = table.time_to_live() {
            expire(client, name, attribute).await?;
        }
    }
    Ok(())
}

fn name_of(logical_id: &str) -> Result<&'static str, TableError> {
    let found = NAMES.into_iter().find(|(id, _)| *id == logical_id);
    found.map(|(_, name)| name).ok_or_else(|| TableError::Unnamed(logical_id.to_owned()))
}

async fn create(client: &Client, name: &'static str, table: &Table) -> Result<(), TableError> {
    let attributes: Result<Vec<_>, _> = table
        .attribute_definitions
        .iter()
        .map(|attribute| {
            types::AttributeDefinition::builder()
                .attribute_name(&attribute.attribute_name)
                .attribute_type(attribute.attribute_type.as_str().into())
                .build()
        })
        .collect();
    let indexes: Result<Vec<_>, _> = table.global_secondary_indexes.iter().map(index).collect();
    // DynamoDB rejects an empty list of indexes; a table without indexes must have no list.
    let indexes = Some(indexes?).filter(|indexes| !indexes.is_empty());

    let created = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes?))
        .set_key_schema(Some(key_schema(&table.key_schema)?))
        .set_global_secondary_indexes(indexes)
        .send()
        .await;
    match created {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(CreateTableError::is_resource_in_use_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(cannot("create", name)(error)),
    }
}

fn index(index: &Index) -> Result<types::GlobalSecondaryIndex, BuildError> {
    let projection = types::Projection::builder()
        .projection_type(index.projection.projection_type.as_str().into());
    let carried = index.projection.non_key_attributes.iter();
    types::GlobalSecondaryIndex::builder()
        .index_name(&index.index_name)
        .set_key_schema(Some(key_schema(&index.key_schema)?))
        .projection(carried.fold(projection, |it, name| it.non_key_attributes(name)).build())
        .build()
}

fn key_schema(elements: &[KeyElement]) -> Result<Vec<types::KeySchemaElement>, BuildError> {
    let build = |element: &KeyElement| {
        types::KeySchemaElement::builder()
            .attribute_name(&element.attribute_name)
            .key_type(element.key_type.as_str().into())
            .build()
    };
    elements.iter().map(build).collect()
}

async fn active(client: &Client, name: &'static str) -> Result<TableDescription, TableError> {
    for _ in 0..POLLS {
        match client.describe_table().table_name(name).send().await {
            Ok(output) => {
                let is_active =
                    |table: &TableDescription| table.table_status() == Some(&TableStatus::Active);
                if let Some(table) = output.table.filter(is_active) {
                    return Ok(table);
                }
            }
            // A region may not find a table immediately after it has accepted its creation.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeTableError::is_resource_not_found_exception) => {}
            Err(error) => return Err(cannot("describe", name)(error)),
        }
        sleep(POLL).await;
    }
    Err(TableError::NotActive(name))
}

/// Enables a table's time to live, unless it is enabled: DynamoDB refuses to enable it twice.
async fn expire(client: &Client, name: &'static str, attribute: &str) -> Result<(), TableError> {
    let described = client
        .describe_time_to_live()
        .table_name(name)
        .send()
        .await
        .map_err(cannot("describe the time to live of", name))?;
    let status = described.time_to_live_description.and_then(|it| it.time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let specification = types::TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(true)
        .build()?;
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(specification)
        .send()
        .await
        .map_err(cannot("set the time to live of", name))?;
    Ok(())
}

fn cannot<E>(doing: &'static str, table: &'static str) -> impl FnOnce(E) -> TableError
where
    aws_sdk_dynamodb::Error: From<E>,
{
    move |error: E| TableError::Call { doing, table, source: Box::new(error.into()) }
}

/// The keys of a table and of its indexes, and the attributes that the indexes carry. If a table had another shape than
/// the template's, functions would fail with errors that are hard to understand.
#[derive(PartialEq)]
struct Shape<'a> {
    keys: Keys<'a>,
    indexes: BTreeMap<&'a str, IndexShape<'a>>,
}

#[derive(PartialEq)]
struct IndexShape<'a> {
    keys: Keys<'a>,
    projection: &'a str,
    carried: BTreeSet<&'a str>,
}

/// The name and the role of each key attribute.
type Keys<'a> = Vec<(&'a str, &'a str)>;

impl<'a> Shape<'a> {
    /// Returns the shape in the template.
    fn expected(table: &'a Table) -> Self {
        let keys = |schema: &'a [KeyElement]| -> Keys<'a> {
            schema.iter().map(|key| (key.attribute_name.as_str(), key.key_type.as_str())).collect()
        };
        let indexes = table.global_secondary_indexes.iter().map(|index| {
            let shape = IndexShape {
                keys: keys(&index.key_schema),
                projection: &index.projection.projection_type,
                carried: index.projection.non_key_attributes.iter().map(String::as_str).collect(),
            };
            (index.index_name.as_str(), shape)
        });
        Self { keys: keys(&table.key_schema), indexes: indexes.collect() }
    }

    /// Returns the shape in DynamoDB.
    fn actual(table: &'a TableDescription) -> Self {
        let keys = |schema: &'a [types::KeySchemaElement]| -> Keys<'a> {
            schema.iter().map(|key| (key.attribute_name(), key.key_type().as_str())).collect()
        };
        let indexes = table.global_secondary_indexes().iter().filter_map(|index| {
            let projection = index.projection()?;
            let shape = IndexShape {
                keys: keys(index.key_schema()),
                projection: projection.projection_type()?.as_str(),
                carried: projection.non_key_attributes().iter().map(String::as_str).collect(),
            };
            Some((index.index_name()?, shape))
        });
        Self { keys: keys(table.key_schema()), indexes: indexes.collect() }
    }
}
