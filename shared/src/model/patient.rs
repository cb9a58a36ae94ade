//! Patients.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::field::{FieldErrors, JsonObject, peek};
use super::id::PatientId;
use super::phone::PhoneNumber;
use super::record::{Details, Record};
use super::text::{Line, Text};

/// A patient. Lists omit `medical_history`.
pub type Patient = Record<PatientDetails>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct PatientDetails {
    pub first_name: Line<100>,
    pub last_name: Line<50>,
    pub date_of_birth: Date,
    pub gender: Gender,
    pub contact_number: PhoneNumber,
    pub address: Text<500>,
    #[deserr(default)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medical_history: Option<Text<10_000>>,
    #[deserr(default)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_number: Option<PhoneNumber>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
pub enum Gender {
    Male,
    Female,
    Other,
}

impl Details for PatientDetails {
    type Id = PatientId;
    const KIND: &'static str = "patient";
    const PARTNER: &'static str = "doctor";

    fn patient(id: PatientId) -> Option<PatientId> {
        Some(id)
    }

    fn sort_name(&self) -> [String; 2] {
        [self.last_name.folded(), self.first_name.folded()]
    }

    fn check(body: &JsonObject, today: Date, errors: &mut FieldErrors) {
        if peek(body, "date_of_birth").is_some_and(|born: Date| born > today) {
            errors.add("date_of_birth", "must not be in the future");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::record::Edit;

    fn today() -> Date {
        "2026-01-31".parse().unwrap()
    }

    fn object(value: Value) -> JsonObject {
        value.as_object().unwrap().clone()
    }

    fn jane() -> JsonObject {
        object(json!({
            "first_name": "Jane", "last_name": "Roe", "date_of_birth": "1990-05-17", "gender": "Female",
            "contact_number": "+14155550123", "address": "1 Main St", "medical_history": "Asthma"
        }))
    }

    #[test]
    fn all_errors_are_reported_at_once() {
        let mut body = jane();
        body.remove("address");
        body.extend(object(json!({
            "first_name": 7, "last_name": " ", "date_of_birth": "2026-02-01", "gender": "female",
            "contact_number": null, "nickname": "J"
        })));
        let errors = PatientDetails::parse(body, today()).unwrap_err();
        assert_eq!(
            serde_json::to_value(errors).unwrap(),
            json!({
                "address": ["is required"],
                "contact_number": ["must not be null"],
                "date_of_birth": ["must not be in the future"],
                "first_name": ["must be a string"],
                "gender": ["must be one of Male, Female, Other"],
                "last_name": ["must not be empty"],
                "nickname": ["is not a field of this request"],
            })
        );
    }

    #[test]
    fn merge_patch_changes_named_fields_and_null_removes_a_field() {
        let current = PatientDetails::parse(jane(), today()).unwrap();
        let patch = Edit::Merge(object(json!({"last_name": "Doe", "medical_history": null})));
        let next = patch.apply(&current, today()).unwrap();
        assert_eq!(next.last_name.as_str(), "Doe");
        assert_eq!(next.medical_history, None);
        assert_eq!(next.first_name, current.first_name);

        let required: Edit<PatientDetails> = Edit::Merge(object(json!({"gender": null})));
        let errors = required.apply(&current, today()).unwrap_err();
        assert_eq!(serde_json::to_value(errors).unwrap(), json!({"gender": ["must not be null"]}));
    }
}
