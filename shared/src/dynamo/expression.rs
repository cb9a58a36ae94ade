//! The expressions of a write: what it changes, on what condition, and the values in both.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use super::error::DynamoError;

/// A change, a condition, or both. In their texts `#role` means the attribute `role`, because some attributes have
/// a reserved word as their name.
#[derive(Debug, Clone, Default)]
pub struct Expression {
    change: Option<&'static str>,
    condition: Option<&'static str>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// An unconditional change.
    pub fn update(change: &'static str) -> Self {
        Self { change: Some(change), ..Self::default() }
    }

    /// A condition without a change.
    pub fn only(condition: &'static str) -> Self {
        Self { condition: Some(condition), ..Self::default() }
    }

    /// A condition: there is no item.
    pub fn absent() -> Self {
        Self::only("attribute_not_exists(pk)")
    }

    /// Adds a condition.
    pub fn only_if(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    pub fn number(self, name: &str, value: impl ToString) -> Self {
        self.with(name, AttributeValue::N(value.to_string()))
    }

    /// Sets a set of numbers, which must not be empty.
    pub fn numbers(self, name: &str, values: impl IntoIterator<Item = impl ToString>) -> Self {
        let values = values.into_iter().map(|value| value.to_string()).collect();
        self.with(name, AttributeValue::Ns(values))
    }

    pub fn text(self, name: &str, value: impl ToString) -> Self {
        self.with(name, AttributeValue::S(value.to_string()))
    }

    pub fn boolean(self, name: &str, value: bool) -> Self {
        self.with(name, AttributeValue::Bool(value))
    }

    /// Sets any value that an item may hold.
    pub fn value(self, name: &str, value: &impl Serialize) -> Result<Self, DynamoError> {
        let value = to_attribute_value(value).map_err(DynamoError::unreadable)?;
        Ok(self.with(name, value))
    }

    fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    pub(super) fn change(&self) -> Option<String> {
        self.change.map(str::to_owned)
    }

    pub(super) fn condition(&self) -> Option<String> {
        self.condition.map(str::to_owned)
    }

    /// Returns the attribute behind each `#placeholder`; `None` without any, because DynamoDB refuses an empty list.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
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

    /// Returns the value behind each `:placeholder`; `None` without any, as for [`Expression::names`].
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
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
