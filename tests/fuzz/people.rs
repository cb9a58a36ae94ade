//! Bodies about doctors and patients: details, edits, searches.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;
use shared::model::doctor::DoctorDetails;
use shared::model::duplicate::known_person;
use shared::model::field::JsonObject;
use shared::model::intake::Intake;
use shared::model::patient::PatientDetails;
use shared::model::record::{Details, Edit};
use shared::model::search::Criteria;

use crate::engine::fuzz;
use crate::inputs::object;
use crate::seeds;

/// Returns what details are read with: numbers without a country code are American, or of no country.
fn intakes() -> impl Strategy<Value = Intake> {
    any::<bool>().prop_map(|has_country| Intake {
        today: "2026-01-31".parse().unwrap(),
        phone_country: has_country.then(|| "US".parse().unwrap()),
    })
}

/// Returns the details as a client would send them again: without the displays of telephone numbers, which only answers
/// have.
fn sent<D: Details>(details: &D) -> JsonObject {
    let Ok(Value::Object(mut object)) = serde_json::to_value(details) else {
        panic!("details are no object")
    };
    object.retain(|name, _| !name.ends_with("_display"));
    object
}

fn details_are_stable<D: Details + PartialEq + Debug>(
    (object, intake): &(JsonObject, Intake),
) -> TestCaseResult {
    let Ok(details) = D::parse(object.clone(), intake) else { return Ok(()) };
    let stored = serde_json::to_value(&details).unwrap();
    prop_assert_eq!(&serde_json::from_value::<D>(stored).unwrap(), &details);

    let sent_again = sent(&details);
    let unchanged = Edit::<D>::Merge(sent_again.clone()).apply(&details, intake);
    prop_assert_eq!(unchanged.as_ref(), Ok(&details));
    let created = D::parse(sent_again.clone(), intake).map(|details| sent(&details));
    prop_assert_eq!(created, Ok(sent_again));
    details.search_terms();
    details.sort_name();
    details.unique();
    Ok(())
}

/// Checks an edit of valid details by any object.
fn edits_are_stable<D: Details + PartialEq + Debug>(
    valid: &Value,
    (object, intake): &(JsonObject, Intake),
) -> TestCaseResult {
    let valid = D::parse(valid.as_object().unwrap().clone(), intake).expect("valid details");
    for edit in [Edit::Merge(object.clone()), Edit::replace(object.clone())] {
        if let Ok(edited) = edit.apply(&valid, intake) {
            prop_assert_eq!(edit.apply(&edited, intake), Ok(edited.clone()));
        }
    }
    Ok(())
}

#[test]
fn details_of_doctors_are_stable() {
    fuzz(250, &(object(seeds::doctors()), intakes()), details_are_stable::<DoctorDetails>);
}

#[test]
fn details_of_patients_are_stable() {
    fuzz(250, &(object(seeds::patients()), intakes()), details_are_stable::<PatientDetails>);
}

#[test]
fn repeated_edit_changes_nothing() {
    let (doctor, patient) = (&seeds::doctors()[1], &seeds::patients()[1]);
    let objects = object(seeds::doctors().into_iter().chain(seeds::patients()));
    fuzz(250, &(objects, intakes()), |input| {
        edits_are_stable::<DoctorDetails>(doctor, input)?;
        edits_are_stable::<PatientDetails>(patient, input)
    });
}

#[test]
fn any_search_and_any_person_can_be_read() {
    let objects = object(seeds::searches().into_iter().chain(seeds::people()));
    let known = |object: &JsonObject, intake: &Intake| known_person(object.clone(), intake);
    fuzz(400, &(objects, intakes()), |(object, intake)| {
        let terms = known(object, intake).unwrap_or_default();
        for fields in [DoctorDetails::SEARCH_FIELDS, PatientDetails::SEARCH_FIELDS] {
            if let Ok(criteria) = Criteria::parse(object, fields) {
                // A field that says something is never ignored.
                let says_nothing = object.values().all(is_null_or_blank);
                prop_assert_eq!(criteria.is_empty(), says_nothing);
                criteria.matches(&terms);
            }
        }
        Ok(())
    });
}

fn is_null_or_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
