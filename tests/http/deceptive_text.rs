//! Texts that look like nothing, or like something else.

use serde_json::json;

use crate::client::{Actor, Anonymous, User};
use crate::clinic::{
    doctor, doctor_path, newcomer, patient, patient_path, unique_word, unique_word_of,
};
use crate::json::with;

const REGISTER: &str = "/api/auth/register/";

/// Texts without a visible character, or with one that deceives readers.
const DECEPTIVE: [&str; 8] = [
    "\u{200b}",
    "\u{2060}\u{200d}",
    "\u{3164}",
    "Jane\u{202e}eoR",
    "Jane\u{202d}Roe",
    "Jane\u{fffd}Roe",
    "Jane\u{fdd0}Roe",
    "Jane\u{1ffff}Roe",
];

#[test]
fn deceptive_text_is_refused_with_its_field() {
    let staff = User::staff();
    let path = patient_path(&staff.new_patient());
    for text in DECEPTIVE {
        for field in ["first_name", "last_name", "address", "medical_history"] {
            let body = with(&patient(), field, text);
            staff.post("/api/patients/", &body).assert_invalid(&[field]);
            staff.patch(&path, &json!({field: text})).assert_invalid(&[field]);
        }
        let names = with(&patient(), "former_names", json!(["Jane Doe", text]));
        staff.post("/api/patients/", &names).assert_invalid(&["former_names"]);
        let identifiers = json!([{"system": "MRN", "value": text}]);
        let body = with(&patient(), "identifiers", identifiers);
        staff.post("/api/patients/", &body).assert_invalid(&["identifiers"]);
        for field in ["first_name", "last_name", "specialization", "license_number"] {
            let body = with(&doctor(), field, text);
            staff.post("/api/doctors/", &body).assert_invalid(&[field]);
        }
    }
}

#[test]
fn joiners_stay_in_names_that_need_them() {
    let staff = User::staff();
    for name in ["می\u{200c}نا", "ක්\u{200d}රිෂ්"] {
        let body = with(&patient(), "first_name", name);
        let created = staff.post("/api/patients/", &body).expect_status(201).json;
        assert_eq!(created["first_name"], name);
    }
}

#[test]
fn licence_number_that_looks_the_same_is_taken() {
    let staff = User::staff();
    let taken = staff.new_doctor();
    let licence = taken["license_number"].as_str().unwrap();
    for same in [
        format!("{licence}\u{200b}"),
        licence.replace('-', "\u{2010}"),
        licence.replace('-', "\u{2212}"),
        licence.to_lowercase(),
    ] {
        let clash = with(&doctor(), "license_number", same.as_str());
        let refused = staff.post("/api/doctors/", &clash);
        refused.assert_problem(409, "conflict").assert_errors(&["license_number"]);
    }
    // Its own doctor may have another spelling of it.
    let respelled = json!({"license_number": licence.replace('-', "\u{2010}")});
    staff.patch(&doctor_path(&taken), &respelled).expect_status(200);
}

#[test]
fn username_of_mixed_scripts_is_refused() {
    for letter in ["\u{430}", "\u{3b1}", "\u{561}"] {
        let username = format!("{}{letter}", unique_word());
        Anonymous
            .post(REGISTER, &with(&newcomer(), "username", username))
            .assert_invalid(&["username"]);
    }
    for text in ["\u{200b}", "a\u{202e}b"] {
        Anonymous
            .post(REGISTER, &with(&newcomer(), "username", text))
            .assert_invalid(&["username"]);
    }
}

#[test]
fn username_that_looks_like_another_is_taken() {
    // Each is of one script, and every letter has a twin in the other.
    let cyrillic = unique_word_of("асеорхуіјѕ");
    let latin = |c| "асеорхуіјѕ".chars().zip("aceopxyijs".chars()).find(|(twin, _)| *twin == c);
    let latin: String = cyrillic.chars().filter_map(|c| Some(latin(c)?.1)).collect();
    Anonymous.post(REGISTER, &with(&newcomer(), "username", latin)).expect_status(201);
    let refused = Anonymous.post(REGISTER, &with(&newcomer(), "username", cyrillic));
    refused.assert_problem(409, "conflict").assert_errors(&["username"]);
}

#[test]
fn usernames_in_ascii_do_not_clash_with_each_other() {
    let word = unique_word();
    for username in [format!("{word}.rn0"), format!("{word}.mO")] {
        Anonymous.post(REGISTER, &with(&newcomer(), "username", username)).expect_status(201);
    }
}
