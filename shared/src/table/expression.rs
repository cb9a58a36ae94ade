//! The expressions of a write: what it changes, on what condition, and the values in both.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use super::TableError;
use crate::model::timestamp::Timestamp;

/// `#role` in an expression stands for the attribute `role`: some attributes bear reserved words.
#[derive(Debug, Clone, Default)]
pub struct Expression {
    change: Option<&'static str>,
    condition: Option<&'static str>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// Changes something, whatever is there.
    pub fn update(change: &'static str) -> Self {
        Self { change: Some(change), ..Self::default() }
    }

    /// Changes nothing by itself.
    pub fn condition(condition: &'static str) -> Self {
        Self { condition: Some(condition), ..Self::default() }
    }

    /// Only if this holds.
    pub fn only_if(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    pub fn number(self, name: &str, value: impl ToString) -> Self {
        self.with(name, AttributeValue::N(value.to_string()))
    }

    pub fn text(self, name: &str, value: impl Into<String>) -> Self {
        self.with(name, AttributeValue::S(value.into()))
    }

    pub fn boolean(self, name: &str, value: bool) -> Self {
        self.with(name, AttributeValue::Bool(value))
    }

    /// As items hold a moment; such texts sort as the moments do.
    pub fn time(self, name: &str, value: Timestamp) -> Self {
        self.text(name, value.to_string())
    }

    /// Anything that an item may hold.
    pub fn value(self, name: &str, value: &impl Serialize) -> Result<Self, TableError> {
        let value = to_attribute_value(value).map_err(TableError::unreadable)?;
        Ok(self.with(name, value))
    }

    fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    pub fn change(&self) -> Option<String> {
        self.change.map(str::to_owned)
    }

    pub fn holds(&self) -> Option<String> {
        self.condition.map(str::to_owned)
    }

    /// DynamoDB takes no names, but not an empty list of them.
    pub fn names(&self) -> Option<HashMap<String, String>> {
        let names: HashMap<_, _> = [self.change, self.condition]
            .into_iter()
            .flatten()
            .flat_map(|expression| {
                expression.split(|c: char| !(c.is_alphanumeric() || "_#".contains(c)))
            })
            .filter_map(|word| Some((word.to_owned(), word.strip_prefix('#')?.to_owned())))
            .collect();
        (!names.is_empty()).then_some(names)
    }

    /// As for [`Expression::names`].
    pub fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_name_their_attributes() {
        let expression = Expression::update("SET #role = :role, a=b")
            .only_if("#ttl>:now AND attribute_exists(#x_1)");
        let names = expression.names().unwrap();
        let mut names: Vec<_> = names.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        names.sort_unstable();
        assert_eq!(names, [("#role", "role"), ("#ttl", "ttl"), ("#x_1", "x_1")]);
        assert_eq!(Expression::update("SET a = b").names(), None);
        assert_eq!(Expression::update("SET a = b").values(), None);
    }
}
