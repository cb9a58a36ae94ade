//! A table's size and its indexes, for operators' commands.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction,
    GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType, TableStatus,
};

use super::error::DynamoError;
use super::table::Table;

/// The state of a table.
#[derive(Debug)]
pub struct TableState {
    /// The number of items, which DynamoDB counts every six hours.
    pub items: u64,
    /// Whether neither the table nor an index is being changed.
    pub is_active: bool,
    pub indexes: HashMap<String, IndexState>,
}

#[derive(Debug)]
pub struct IndexState {
    /// The attributes besides the keys.
    pub attributes: BTreeSet<String>,
    is_active: bool,
}

/// An index to create: its key attributes are strings.
#[derive(Debug)]
pub struct NewIndex<'a> {
    pub name: &'a str,
    pub keys: [&'a str; 2],
    /// The attributes besides the keys.
    pub attributes: &'a BTreeSet<String>,
}

impl Table {
    /// Calls: DescribeTable.
    pub async fn state(&self) -> Result<TableState, DynamoError> {
        let answer = self.client.describe_table().table_name(&self.name).send().await?;
        let table = answer.table.ok_or_else(|| DynamoError::missing("the table"))?;
        let indexes: HashMap<String, IndexState> =
            table.global_secondary_indexes().iter().filter_map(index_state).collect();
        let is_active = table.table_status() == Some(&TableStatus::Active);
        Ok(TableState {
            items: table.item_count().and_then(|count| count.try_into().ok()).unwrap_or_default(),
            is_active: is_active && indexes.values().all(|index| index.is_active),
            indexes,
        })
    }

    /// Begins the deletion of an index. Calls: UpdateTable.
    pub async fn delete_index(&self, name: &str) -> Result<(), DynamoError> {
        let delete = DeleteGlobalSecondaryIndexAction::builder().index_name(name).build();
        let delete = delete.map_err(incomplete)?;
        let update = GlobalSecondaryIndexUpdate::builder().delete(delete).build();
        let request = self.client.update_table().table_name(&self.name);
        request.global_secondary_index_updates(update).send().await?;
        Ok(())
    }

    /// Begins the creation of an index, which DynamoDB fills from the table. Calls: UpdateTable.
    pub async fn create_index(&self, index: &NewIndex<'_>) -> Result<(), DynamoError> {
        let attributes = index.attributes.iter();
        let projection = attributes.fold(
            Projection::builder().projection_type(ProjectionType::Include),
            |projection, attribute| projection.non_key_attributes(attribute),
        );
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.name)
            .set_key_schema(Some(index.key_schema().map_err(incomplete)?))
            .projection(projection.build())
            .build()
            .map_err(incomplete)?;
        let update = GlobalSecondaryIndexUpdate::builder().create(create).build();
        let definitions = index.definitions().map_err(incomplete)?;
        let request = self.client.update_table().table_name(&self.name);
        let request = request.set_attribute_definitions(Some(definitions));
        request.global_secondary_index_updates(update).send().await?;
        Ok(())
    }
}

impl NewIndex<'_> {
    fn key_schema(&self) -> Result<Vec<KeySchemaElement>, BuildError> {
        let roles = [KeyType::Hash, KeyType::Range];
        let build = |(name, role): (&&str, KeyType)| {
            KeySchemaElement::builder().attribute_name(*name).key_type(role).build()
        };
        self.keys.iter().zip(roles).map(build).collect()
    }

    fn definitions(&self) -> Result<Vec<AttributeDefinition>, BuildError> {
        let build = |name: &&str| {
            AttributeDefinition::builder()
                .attribute_name(*name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        };
        self.keys.iter().map(build).collect()
    }
}

fn index_state(index: &GlobalSecondaryIndexDescription) -> Option<(String, IndexState)> {
    let attributes = index.projection()?.non_key_attributes().iter().cloned().collect();
    let is_active = index.index_status() == Some(&IndexStatus::Active);
    Some((index.index_name()?.to_owned(), IndexState { attributes, is_active }))
}

fn incomplete(error: BuildError) -> DynamoError {
    DynamoError::Unexpected(format!("incomplete request: {error}"))
}
