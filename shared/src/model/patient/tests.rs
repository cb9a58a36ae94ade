//! Tests of the details of patients.

use serde_json::{Value, json};

use super::*;
use crate::model::field::JsonObject;
use crate::model::record::Edit;

fn intake() -> Intake {
    Intake { today: "2026-01-31".parse().unwrap(), phone_country: "US".parse().ok() }
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

fn with(change: Value) -> JsonObject {
    let mut body = jane();
    body.extend(object(change));
    body
}

fn parse(change: Value) -> Result<PatientDetails, Value> {
    PatientDetails::parse(with(change), &intake()).map_err(|errors| json!(errors))
}

/// A record that is older than today's rules.
fn old() -> PatientDetails {
    serde_json::from_value(json!({
        "first_name": "\u{200b}", "last_name": "Roe", "date_of_birth": "1800-01-01", "gender": "Female",
        "contact_number": "0301234567890123456", "address": "1 Main St",
    }))
    .unwrap()
}

fn old_body() -> JsonObject {
    let mut body = object(json!(old()));
    body.retain(|_, value| !value.is_null());
    body
}

#[test]
fn all_errors_are_reported_at_once() {
    let mut body = with(json!({
        "first_name": 7, "last_name": "a\u{0}b", "date_of_birth": "2026-02-01", "gender": "female",
        "contact_number": "call me", "nickname": "J", "former_names": ["", "Ann", 7],
        "contact_number_display": "+1", "date_of_birth_estimated": "yes", "restricted": 1,
        "identifiers": [{"system": "MRN", "value": "1"}, {"value": "2"}],
    }));
    body.remove("address");
    let errors = PatientDetails::parse(body, &intake()).unwrap_err();
    assert_eq!(
        json!(errors),
        json!({
            "address": ["is required"],
            "contact_number":
                ["must be a telephone number, such as +1 202 555 0147 or (202) 555-0147"],
            "contact_number_display": ["is not a field of this request"],
            "date_of_birth": ["must not be in the future"],
            "date_of_birth_estimated": ["must be true or false"],
            "first_name": ["must be a string"],
            "former_names": ["item 1: must not be empty", "item 3: must be a string"],
            "gender": ["must be one of Male, Female, Other, Unknown"],
            "identifiers": ["item 2: system is required"],
            "last_name": ["must not contain control characters"],
            "nickname": ["is not a field of this request"],
            "restricted": ["must be true or false"],
        })
    );
}

#[test]
fn patient_is_restricted_only_if_the_request_says_so() {
    for (change, expected) in [
        (json!({}), false),
        (json!({"restricted": null}), false),
        (json!({"restricted": false}), false),
        (json!({"restricted": true}), true),
    ] {
        let patient = parse(change).unwrap();
        assert_eq!(patient.is_restricted(), expected);
        assert_eq!(json!(patient)["restricted"], expected);
    }
    let current = parse(json!({"restricted": true})).unwrap();
    let edit = |edit: Edit<PatientDetails>| edit.apply(&current, &intake()).unwrap().restricted;
    assert!(edit(Edit::Merge(object(json!({"address": "2 Main St"})))));
    assert!(!edit(Edit::Merge(object(json!({"restricted": false})))));
    assert!(!edit(Edit::replace(jane())));
}

#[test]
fn unknown_facts_are_null() {
    for unknown in [json!(null), json!(""), json!(" ")] {
        let patient = parse(json!({
            "first_name": unknown, "date_of_birth": unknown, "gender": "Unknown",
            "contact_number": unknown, "address": unknown, "medical_history": unknown,
            "emergency_number": unknown, "deceased_at": unknown,
        }));
        assert_eq!(
            json!(patient.unwrap()),
            json!({
                "first_name": null, "last_name": "Roe", "former_names": [], "date_of_birth": null,
                "date_of_birth_estimated": false, "gender": "Unknown", "contact_number": null,
                "address": null, "identifiers": [], "restricted": false,
            })
        );
    }
    let mut body = jane();
    body.retain(|field, _| field == "gender");
    let errors = PatientDetails::parse(body, &intake()).unwrap_err();
    assert_eq!(
        json!(errors),
        json!({
            "address": ["is required"], "contact_number": ["is required"], "date_of_birth": ["is required"],
            "first_name": ["is required unless last_name is given"],
            "last_name": ["is required unless first_name is given"],
        })
    );
    assert_eq!(parse(json!({"gender": null})), Err(json!({"gender": ["must not be null"]})));
}

#[test]
fn one_name_is_enough() {
    for (first, last) in [("Sukarno", ""), ("", "Sukarno")] {
        let patient = parse(json!({"first_name": first, "last_name": last})).unwrap();
        assert_eq!(patient.sort_name(), ["sukarno", ""]);
        assert_eq!(patient.search_terms().name, "sukarno");
    }
    let jane = parse(json!({})).unwrap();
    assert_eq!(jane.sort_name(), ["roe", "jane"]);
    assert_eq!(jane.search_terms().name, "jane roe");
}

#[test]
fn lists_are_bounded() {
    let names = |count| vec!["Ann"; count];
    assert_eq!(parse(json!({"former_names": names(5)})).unwrap().former_names.len(), 5);
    let errors = json!({"former_names": ["must have at most 5 items"]});
    assert_eq!(parse(json!({"former_names": names(6)})), Err(errors));

    let identifiers = |count: usize| {
        let identifier = |n| json!({"system": format!("system {n}"), "value": "7"});
        json!({"identifiers": (0..count).map(identifier).collect::<Vec<_>>()})
    };
    assert_eq!(parse(identifiers(10)).unwrap().identifiers.len(), 10);
    let errors = json!({"identifiers": ["must have at most 10 items"]});
    assert_eq!(parse(identifiers(11)), Err(errors));
    assert_eq!(parse(json!({"former_names": null, "identifiers": null})), parse(json!({})));
}

#[test]
fn system_gives_one_identifier() {
    let twice = json!({"identifiers": [
        {"system": "MRN", "value": "1"}, {"system": "SSN", "value": "1"}, {"system": "mrn", "value": "2"},
    ]});
    let errors = json!({"identifiers": ["item 3: system must differ from that of item 1"]});
    assert_eq!(parse(twice), Err(errors));
}

#[test]
fn life_has_at_most_150_years_and_no_future() {
    let too_old = "must be at most 150 years before today, or before deceased_at";
    let future = "must not be in the future";
    for (born, died, field, problem) in [
        ("1876-01-31", "", "", ""),
        ("1876-01-30", "", "date_of_birth", too_old),
        ("1876-01", "", "", ""),
        ("1876", "", "", ""),
        ("1875-12", "", "date_of_birth", too_old),
        ("1875", "", "date_of_birth", too_old),
        ("1875", "1930", "", ""),
        ("1801-06", "1951", "", ""),
        ("1801-06", "1951-06", "", ""),
        ("1801-06", "1951-07-01", "date_of_birth", too_old),
        ("2026", "", "", ""),
        ("2026-01-31", "", "", ""),
        ("2026-02", "", "date_of_birth", future),
        ("2027", "", "date_of_birth", future),
        ("1990", "2026", "", ""),
        ("1990", "2026-01-31T09:30:00Z", "", ""), // in Kiribati, too
        ("1990", "2026-01-31T10:30:00Z", "deceased_at", future),
        ("1990", "2026-02", "deceased_at", future),
        ("1990-06", "1990", "", ""),
        ("1990-06", "1990-05-31", "deceased_at", "must not be before date_of_birth"),
        ("", "1800", "", ""),
    ] {
        let parsed = parse(json!({"date_of_birth": born, "deceased_at": died}));
        let expected = if field.is_empty() { None } else { Some(json!({field: [problem]})) };
        assert_eq!(parsed.err(), expected, "{born} {died}");
    }
}

#[test]
fn phones_are_kept_in_one_form_with_a_display() {
    let patient = parse(json!({
        "contact_number": "(202) 555-0147", "emergency_number": "+1 202 555 0183 ext. 12",
    }));
    let patient = json!(patient.unwrap());
    assert_eq!(patient["contact_number"], "+12025550147");
    assert_eq!(patient["contact_number_display"], "+1 202-555-0147");
    assert_eq!(patient["emergency_number"], "+12025550183;ext=12");
    let short = parse(json!({"contact_number": "112"})).unwrap();
    assert_eq!(json!(short)["contact_number_display"], "112");
    assert!(json!(short).get("emergency_number_display").is_none());
    assert_eq!(short.search_terms().phones, ["112"]);
}

#[test]
fn display_follows_its_number() {
    let current = parse(json!({"contact_number": "(202) 555-0147"})).unwrap();
    let edit = |change| {
        let edit = Edit::Merge(object(change));
        json!(edit.apply(&current, &intake()).unwrap())["contact_number_display"].clone()
    };
    assert_eq!(edit(json!({"address": "2 Main St"})), "+1 202-555-0147");
    assert_eq!(edit(json!({"contact_number": "202.555.0147"})), "+1 202-555-0147");
    assert_eq!(edit(json!({"contact_number": "112"})), "112");
    assert_eq!(edit(json!({"contact_number": null})), Value::Null);
    let edit: Edit<PatientDetails> = Edit::Merge(object(json!({"contact_number_display": "7"})));
    assert!(edit.apply(&current, &intake()).is_err());
}

#[test]
fn merge_patch_changes_named_fields_and_null_removes_a_field() {
    let current = parse(json!({})).unwrap();
    let patch = Edit::Merge(object(json!({"last_name": "Doe", "medical_history": null})));
    let next = patch.apply(&current, &intake()).unwrap();
    assert_eq!(next.last_name.as_ref().unwrap().as_str(), "Doe");
    assert_eq!(next.medical_history, None);
    assert_eq!(next.first_name, current.first_name);

    let required: Edit<PatientDetails> = Edit::Merge(object(json!({"gender": null})));
    let errors = required.apply(&current, &intake()).unwrap_err();
    assert_eq!(json!(errors), json!({"gender": ["must not be null"]}));
    let nameless: Edit<PatientDetails> =
        Edit::Merge(object(json!({"first_name": null, "last_name": ""})));
    let errors = json!(nameless.apply(&current, &intake()).unwrap_err());
    assert_eq!(errors["first_name"], json!(["is required unless last_name is given"]));
    assert_eq!(errors["last_name"], json!(["is required unless first_name is given"]));
}

#[test]
fn put_removes_what_it_does_not_name() {
    let current = parse(json!({"former_names": ["Doe"], "deceased_at": "2025"})).unwrap();
    let mut body = jane();
    body.remove("medical_history");
    let next = Edit::replace(body).apply(&current, &intake()).unwrap();
    assert!(next.former_names.is_empty());
    assert_eq!((next.deceased_at, next.medical_history), (None, None));

    let mut body = jane();
    body.remove("address");
    let errors = Edit::replace(body).apply(&current, &intake()).unwrap_err();
    assert_eq!(json!(errors), json!({"address": ["is required"]}));
}

#[test]
fn old_record_is_readable_and_editable() {
    let old = old();
    assert_eq!(json!(old)["first_name"], "\u{200b}");
    assert!(old.former_names.is_empty() && old.identifiers.is_empty() && !old.restricted);

    let patch = Edit::Merge(object(json!({"address": "2 Main St"})));
    let next = patch.apply(&old, &intake()).unwrap();
    assert_eq!(next.first_name, old.first_name);
    assert_eq!(json!(next.address), "2 Main St");

    assert_eq!(Edit::replace(old_body()).apply(&old, &intake()).unwrap(), old);
    let mut body = old_body();
    body.insert("gender".to_owned(), json!("Unknown"));
    assert!(Edit::replace(body).apply(&old, &intake()).is_ok());

    for change in [
        json!({"first_name": "\u{200b}\u{200b}"}),
        json!({"date_of_birth": "1800-01-02"}),
        json!({"contact_number": "03012345678901234567"}),
    ] {
        let edit: Edit<PatientDetails> = Edit::Merge(object(change.clone()));
        assert!(edit.apply(&old, &intake()).is_err(), "{change}");
    }
}
