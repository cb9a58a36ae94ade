//! Pages of a partition (`Query`), or of an index (`Scan`).

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;

use super::error::DynamoError;
use super::item::Item;
use super::table::Table;

/// A read of a partition. Without an index it is consistent.
#[derive(Debug)]
pub struct Query<'a> {
    /// An index, and its partition key and sort key; the table's own without.
    index: Option<(&'static str, &'static str, &'static str)>,
    partition: &'a str,
    prefix: &'a str,
    before: Option<&'a str>,
    is_descending: bool,
    limit: Option<i32>,
    after: Option<Item>,
    projection: Option<&'static str>,
    filter: Option<&'static str>,
    contained: Option<(&'static str, Vec<String>)>,
}

/// Some rows, and where the next page begins.
#[derive(Debug, Default)]
pub struct Rows {
    pub items: Vec<Item>,
    last: Option<Item>,
}

impl<'a> Query<'a> {
    /// A whole partition of the table.
    pub fn partition(partition: &'a str) -> Self {
        Self {
            index: None,
            partition,
            prefix: "",
            before: None,
            is_descending: false,
            limit: None,
            after: None,
            projection: None,
            filter: None,
            contained: None,
        }
    }

    /// A whole partition of an index with these key attributes.
    pub fn index(name: &'static str, [pk, sk]: [&'static str; 2], partition: &'a str) -> Self {
        Self { index: Some((name, pk, sk)), ..Self::partition(partition) }
    }

    /// Restricts to rows whose sort key begins so; the empty prefix restricts nothing.
    pub fn beginning_with(self, prefix: &'a str) -> Self {
        Self { prefix, ..self }
    }

    /// Restricts to rows whose sort key sorts before this one. DynamoDB takes either this or a prefix.
    pub fn before(self, sort_key: &'a str) -> Self {
        Self { before: Some(sort_key), ..self }
    }

    /// Reads the last rows first.
    pub fn descending(self) -> Self {
        Self { is_descending: true, ..self }
    }

    pub fn limit(self, rows: i32) -> Self {
        Self { limit: Some(rows), ..self }
    }

    /// Starts after the row with these keys.
    pub fn after(self, keys: Option<Item>) -> Self {
        Self { after: keys, ..self }
    }

    /// Reads these attributes only.
    pub fn project(self, attributes: &'static str) -> Self {
        Self { projection: Some(attributes), ..self }
    }

    /// Leaves out the rows for which the condition does not hold. The limit counts them, too.
    pub fn filter(self, condition: &'static str) -> Self {
        Self { filter: Some(condition), ..self }
    }

    /// Leaves out the rows whose attribute does not contain all of these texts. The limit counts them, too.
    pub fn filter_contains(self, attribute: &'static str, texts: Vec<String>) -> Self {
        Self { contained: Some((attribute, texts)), ..self }
    }
}

impl Rows {
    /// Returns the position after which the next page begins, as `read` finds it in DynamoDB's `LastEvaluatedKey`.
    /// An unreadable key is an error: it must not look like the end.
    pub fn next<P>(&self, read: impl FnOnce(&Item) -> Option<P>) -> Result<Option<P>, DynamoError> {
        let position = |last| read(last).ok_or_else(|| DynamoError::missing("the position"));
        self.last.as_ref().map(position).transpose()
    }
}

impl Table {
    /// Calls: Query.
    pub async fn query(&self, query: Query<'_>) -> Result<Rows, DynamoError> {
        let (index, pk, sk) = match query.index {
            Some((index, pk, sk)) => (Some(index.to_owned()), pk, sk),
            None => (None, "pk", "sk"),
        };
        let mut condition = format!("{pk} = :pk");
        let is_consistent = index.is_none();
        let mut request = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(index)
            .expression_attribute_values(":pk", AttributeValue::S(query.partition.to_owned()))
            .set_limit(query.limit)
            .set_exclusive_start_key(query.after)
            .set_projection_expression(query.projection.map(str::to_owned));
        if is_consistent {
            request = request.consistent_read(true);
        }
        if query.is_descending {
            request = request.scan_index_forward(false);
        }
        if !query.prefix.is_empty() {
            condition.push_str(&format!(" AND begins_with({sk}, :prefix)"));
            request = request
                .expression_attribute_values(":prefix", AttributeValue::S(query.prefix.to_owned()));
        }
        if let Some(before) = query.before {
            condition.push_str(&format!(" AND {sk} < :before"));
            request = request
                .expression_attribute_values(":before", AttributeValue::S(before.to_owned()));
        }
        let mut filters: Vec<String> = query.filter.into_iter().map(str::to_owned).collect();
        if let Some((attribute, texts)) = query.contained.filter(|(_, texts)| !texts.is_empty()) {
            request = request.expression_attribute_names("#contains", attribute);
            for (number, text) in texts.into_iter().enumerate() {
                filters.push(format!("contains(#contains, :text{number})"));
                let name = format!(":text{number}");
                request = request.expression_attribute_values(name, AttributeValue::S(text));
            }
        }
        if !filters.is_empty() {
            request = request.filter_expression(filters.join(" AND "));
        }
        let answer = request.key_condition_expression(condition).send().await?;
        Ok(Rows { items: answer.items.unwrap_or_default(), last: answer.last_evaluated_key })
    }

    /// Reads several partitions, or parts of partitions, at the same time. Calls: Query for each.
    pub async fn query_all(&self, queries: Vec<Query<'_>>) -> Result<Vec<Rows>, DynamoError> {
        let mut reads = Vec::with_capacity(queries.len());
        for query in queries {
            reads.push(self.query(query));
        }
        // All are awaited: dropping a call would close its connection.
        join_all(reads).await.into_iter().collect()
    }

    /// Reads a page of a whole index without the rows for which the condition of the filter does not hold; no function
    /// ever scans a base table. Calls: Scan.
    pub async fn scan_index(
        &self,
        index: &str,
        limit: i32,
        after: Option<Item>,
        filter: Option<&'static str>,
    ) -> Result<Rows, DynamoError> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .index_name(index)
            .set_filter_expression(filter.map(str::to_owned))
            .limit(limit)
            .set_exclusive_start_key(after)
            .send()
            .await?;
        Ok(Rows { items: answer.items.unwrap_or_default(), last: answer.last_evaluated_key })
    }

    /// Reads a page of the whole table, consistently, for operators' commands. `attributes` are those to read; all if
    /// `None`. Calls: Scan.
    #[cfg(feature = "operator")]
    pub async fn scan(
        &self,
        attributes: Option<&str>,
        limit: i32,
        after: Option<Item>,
    ) -> Result<Rows, DynamoError> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .set_projection_expression(attributes.map(str::to_owned))
            .limit(limit)
            .set_exclusive_start_key(after)
            .send()
            .await?;
        Ok(Rows { items: answer.items.unwrap_or_default(), last: answer.last_evaluated_key })
    }
}
