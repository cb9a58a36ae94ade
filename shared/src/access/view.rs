//! The attributes that an answer leaves out, and the fields that a change may change.

use serde::Serialize;
use serde_json::Value;

use crate::model::field::FieldErrors;

/// Attributes that answers leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View(pub(super) &'static [&'static str]);

/// Fields that a change may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    All,
    Only(&'static [&'static str]),
    Except(&'static [&'static str]),
}

impl View {
    /// Whether answers have all attributes.
    pub fn hides_nothing(self) -> bool {
        self.0.is_empty()
    }

    /// Whether answers leave out this attribute.
    pub fn hides(self, attribute: &str) -> bool {
        self.0.contains(&attribute)
    }

    /// A view of a test's own.
    #[cfg(test)]
    pub(crate) fn for_test(hidden: &'static [&'static str]) -> Self {
        Self(hidden)
    }

    /// Writes a record as JSON, without the attributes that are left out.
    pub fn write(self, record: &impl Serialize) -> serde_json::Result<String> {
        if self.0.is_empty() {
            return serde_json::to_string(record);
        }
        let mut value = serde_json::to_value(record)?;
        self.hide(&mut value);
        serde_json::to_string(&value)
    }

    /// Removes the attributes from a record, and from the records inside it: the results of a page, and possible
    /// duplicates.
    fn hide(self, value: &mut Value) {
        let Some(object) = value.as_object_mut() else { return };
        object.retain(|name, _| !self.0.contains(&name.as_str()));
        for list in ["results", "possible_duplicates"] {
            let records = object.get_mut(list).and_then(Value::as_array_mut);
            for record in records.into_iter().flatten() {
                self.hide(record);
            }
        }
    }
}

impl Fields {
    /// Reports every field that a change from `current` to `next` may not change.
    pub fn check(self, current: &impl Serialize, next: &impl Serialize) -> Result<(), FieldErrors> {
        let is_allowed = |field: &str| match self {
            Self::All => true,
            Self::Only(allowed) => allowed.contains(&field),
            Self::Except(refused) => !refused.contains(&field),
        };
        let mut errors = FieldErrors::default();
        for field in changed_fields(current, next).iter().filter(|field| !is_allowed(field)) {
            errors.add(field, "cannot be changed by your account");
        }
        errors.or(())
    }
}

/// Returns the names of the fields that differ.
pub fn changed_fields(current: &impl Serialize, next: &impl Serialize) -> Vec<String> {
    let object = |record| match record {
        Ok(Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    };
    let current = object(serde_json::to_value(current));
    let next = object(serde_json::to_value(next));
    let names = current.keys().chain(next.keys().filter(|name| !current.contains_key(*name)));
    names.filter(|name| current.get(*name) != next.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hidden_attributes_leave_records_and_pages() {
        let view = View(&["license_number"]);
        let doctor = json!({"id": 1, "license_number": "L"});
        assert_eq!(view.write(&doctor).unwrap(), r#"{"id":1}"#);
        let page = json!({"results": [doctor], "next": null});
        assert_eq!(view.write(&page).unwrap(), r#"{"next":null,"results":[{"id":1}]}"#);
        let created = json!({"id": 2, "possible_duplicates": [doctor]});
        let expected = r#"{"id":2,"possible_duplicates":[{"id":1}]}"#;
        assert_eq!(view.write(&created).unwrap(), expected);
    }

    #[test]
    fn only_permitted_fields_may_change() {
        let (current, next) = (json!({"a": 1, "b": 1}), json!({"a": 2, "b": 2, "c": 3}));
        assert_eq!(Fields::All.check(&current, &next), Ok(()));
        assert_eq!(Fields::Only(&["a", "b", "c"]).check(&current, &next), Ok(()));
        assert_eq!(Fields::Except(&["d"]).check(&current, &next), Ok(()));
        assert!(Fields::Except(&["c"]).check(&current, &next).is_err());
        let refused = Fields::Only(&["a"]).check(&current, &next).unwrap_err();
        assert_eq!(refused.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["b", "c"]);
    }
}
