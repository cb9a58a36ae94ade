//! A table's size and its indexes, for operators' commands.

use std::collections::BTreeSet;

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
    pub indexes: Vec<TableIndex>,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableIndex {
    pub name: String,
    /// The attributes that are its partition key and its sort key. They are strings.
    pub keys: [String; 2],
    /// The attributes that it holds besides the keys; all if `None`.
    pub attributes: Option<BTreeSet<String>>,
}

impl Table {
    /// Calls: DescribeTable.
    pub async fn state(&self) -> Result<TableState, DynamoError> {
        let answer = self.client.describe_table().table_name(&self.name).send().await?;
        let table = answer.table.ok_or_else(|| DynamoError::missing("the table"))?;
        let indexes = table.global_secondary_indexes();
        let is_active = table.table_status() == Some(&TableStatus::Active);
        let are_active =
            indexes.iter().all(|index| index.index_status() == Some(&IndexStatus::Active));
        Ok(TableState {
            items: table.item_count().and_then(|count| count.try_into().ok()).unwrap_or_default(),
            is_active: is_active && are_active,
            indexes: indexes.iter().filter_map(index_in).collect(),
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
    pub async fn create_index(&self, index: &TableIndex) -> Result<(), DynamoError> {
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(&index.name)
            .set_key_schema(Some(index.key_schema().map_err(incomplete)?))
            .projection(index.projection())
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

impl TableIndex {
    fn key_schema(&self) -> Result<Vec<KeySchemaElement>, BuildError> {
        let roles = [KeyType::Hash, KeyType::Range];
        let build = |(name, role): (&String, KeyType)| {
            KeySchemaElement::builder().attribute_name(name).key_type(role).build()
        };
        self.keys.iter().zip(roles).map(build).collect()
    }

    fn definitions(&self) -> Result<Vec<AttributeDefinition>, BuildError> {
        let build = |name: &String| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        };
        self.keys.iter().map(build).collect()
    }

    fn projection(&self) -> Projection {
        let (projection_type, attributes) = match &self.attributes {
            None => (ProjectionType::All, None),
            Some(attributes) if attributes.is_empty() => (ProjectionType::KeysOnly, None),
            Some(attributes) => (ProjectionType::Include, Some(attributes.iter().cloned())),
        };
        Projection::builder()
            .projection_type(projection_type)
            .set_non_key_attributes(attributes.map(Iterator::collect))
            .build()
    }
}

fn index_in(index: &GlobalSecondaryIndexDescription) -> Option<TableIndex> {
    let key = |role: KeyType| {
        let key = index.key_schema().iter().find(|key| *key.key_type() == role);
        key.map(|key| key.attribute_name().to_owned()).unwrap_or_default()
    };
    let projection = index.projection()?;
    let attributes = projection.non_key_attributes().iter().cloned().collect();
    Some(TableIndex {
        name: index.index_name()?.to_owned(),
        keys: [KeyType::Hash, KeyType::Range].map(key),
        attributes: (projection.projection_type() != Some(&ProjectionType::All))
            .then_some(attributes),
    })
}

fn incomplete(error: BuildError) -> DynamoError {
    DynamoError::Unexpected(format!("incomplete request: {error}"))
}
