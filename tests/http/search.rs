//! Searches of doctors and patients: what a name, a date of birth, a number and an identifier find.

use serde_json::{Value, json};

use crate::client::{Actor, User, encode};
use crate::clinic::{doctor, patient, unique_digits, unique_phone, unique_word};
use crate::json::with;

const DOCTORS: &str = "/api/doctors/";
const PATIENTS: &str = "/api/patients/";

const NONE: [u64; 0] = [];

/// First name, last name, and searches that find them.
const NAMES: [(&str, &str, &[&str]); 16] = [
    ("José", "García", &["garcia", "GARCÍA JOSE", "jos gar", "Garci\u{301}a"]),
    ("Jürgen", "Großmann", &["GROSSMANN", "grossmann jurgen"]),
    ("Siobhán", "O’Connor", &["O'Connor", "oconnor", "O`CONNOR siobhan"]),
    ("Søren", "Ångström-Łuk", &["soren angstrom", "luk", "angstrom luk"]),
    ("İbrahim", "Işık", &["ibrahim isik", "IŞIK"]),
    ("Thị", "Nguyễn", &["nguyen thi", "NGUYỄN"]),
    ("Νίκος", "Παπασπύρου", &["ΝΙΚΟΣ", "παπασ", "παπασπυρου νικος"]),
    ("Фёдор", "Щербаков", &["ФЁДОР", "федор", "щерб"]),
    ("أحمد", "علي", &["احمد", "على احمد"]),
    ("שָׁלוֹם", "כהן", &["שלום", "כהן"]),
    ("रवि", "कुमार", &["कुमार", "रवि कुमार"]),
    ("小龍", "李", &["李", "小龍 李"]),
    ("민준", "김", &["김", "\u{1100}\u{1175}\u{11b7}"]),
    ("さくら", "ガルシア", &["ガルシア", "ｶﾞﾙｼｱ さくら"]),
    ("สมชาย", "ใจดี", &["สมชาย", "ใจดี สมชาย"]),
    ("გიორგი", "ბერიძე", &["ბერიძე", "გიორგი ბერ"]),
];

/// Returns the ids that a search finds, by query and by body: both must find the same.
#[track_caller]
fn found(staff: &User, list: &str, criteria: &Value) -> Vec<u64> {
    let query: Vec<String> = criteria
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value.as_str().unwrap())))
        .collect();
    let by_query = ids(&staff.walk(&format!("{list}?{}", query.join("&"))));
    let mut by_body = Vec::new();
    let mut body = criteria.clone();
    loop {
        let page = staff.post(&format!("{list}search/"), &body).expect_status(200).json;
        by_body.extend(ids(page["results"].as_array().unwrap()));
        if page["next"].is_null() {
            break;
        }
        body["cursor"] = page["next"].clone();
    }
    assert_eq!(by_query, by_body, "{criteria}");
    by_query
}

fn ids(records: &[Value]) -> Vec<u64> {
    records.iter().map(|record| record["id"].as_u64().unwrap()).collect()
}

#[track_caller]
fn created(staff: &User, list: &str, body: &Value) -> u64 {
    staff.post(list, body).expect_status(201).json["id"].as_u64().unwrap()
}

/// Returns a patient whose last name also has the marker as a word.
fn named(first: &str, last: &str, marker: &str) -> Value {
    with(&with(&patient(), "first_name", first), "last_name", format!("{last} {marker}"))
}

#[test]
fn names_of_every_script_are_found_in_other_spellings() {
    let staff = User::staff();
    let marker = unique_word();
    for (first, last, searches) in NAMES {
        let id = created(&staff, PATIENTS, &named(first, last, &marker));
        for search in searches {
            let search = format!("{search} {marker}");
            let found = found(&staff, PATIENTS, &json!({"search": search}));
            assert!(found.contains(&id), "{search} does not find {first} {last}");
        }
    }
}

#[test]
fn vowel_signs_and_voicing_marks_are_not_ignored() {
    let staff = User::staff();
    let marker = unique_word();
    for (last, other) in [("कुमार", "कमर"), ("ガルシア", "カルシア"), ("Kaya", "Koya")]
    {
        created(&staff, PATIENTS, &named("Ada", last, &marker));
        let search = format!("{other} {marker}");
        assert_eq!(found(&staff, PATIENTS, &json!({"search": search})), NONE, "{search}");
    }
}

#[test]
fn name_is_found_by_the_beginnings_of_its_words_in_any_order() {
    let staff = User::staff();
    let (marker, beside) = (unique_word(), unique_word());
    let body = with(&named("Juana Inés", "de la Cruz", &marker), "former_names", json!([beside]));
    for (list, id) in [
        (PATIENTS, created(&staff, PATIENTS, &body)),
        (
            DOCTORS,
            created(
                &staff,
                DOCTORS,
                &with(
                    &with(&doctor(), "first_name", "Juana Inés"),
                    "last_name",
                    format!("de la Cruz {marker}"),
                ),
            ),
        ),
    ] {
        let (half, _) = marker.split_at(marker.len() - 1);
        for search in [
            marker.clone(),
            half.to_owned(),
            format!("la cruz {marker}"),
            format!("{marker} juana"),
            format!("CRU, {half}; JUA"),
            format!("ines-{marker}"),
        ] {
            assert_eq!(found(&staff, list, &json!({"search": search})), [id], "{search}");
        }
        for search in
            [format!("cruz cruz {marker}"), format!("ruz {marker}"), format!("maria {marker}")]
        {
            assert_eq!(found(&staff, list, &json!({"search": search})), NONE, "{search}");
        }
    }
}

#[test]
fn former_name_is_found_but_not_mixed_with_the_name() {
    let staff = User::staff();
    let (now, before) = (unique_word(), unique_word());
    let body = with(&named("Jane", "Roe", &now), "former_names", json!([format!("Jane {before}")]));
    let id = created(&staff, PATIENTS, &body);
    assert_eq!(found(&staff, PATIENTS, &json!({"search": format!("{before} jane")})), [id]);
    assert_eq!(found(&staff, PATIENTS, &json!({"search": format!("roe {before}")})), NONE);

    let path = format!("{PATIENTS}{id}/");
    staff.patch(&path, &json!({"former_names": []})).expect_status(200);
    assert_eq!(found(&staff, PATIENTS, &json!({"search": before})), NONE);
    staff.delete(&path).expect_status(204);
    assert_eq!(found(&staff, PATIENTS, &json!({"search": now})), NONE);
}

#[test]
fn changed_name_is_found_and_the_old_one_is_not() {
    let staff = User::staff();
    let (old, new) = (unique_word(), unique_word());
    let id = created(&staff, PATIENTS, &with(&patient(), "last_name", old.as_str()));
    staff.patch(&format!("{PATIENTS}{id}/"), &json!({"last_name": new})).expect_status(200);
    assert_eq!(found(&staff, PATIENTS, &json!({"search": new})), [id]);
    assert_eq!(found(&staff, PATIENTS, &json!({"search": old})), NONE);
}

#[test]
fn date_of_birth_is_found_if_it_may_be_equal() {
    let staff = User::staff();
    let marker = unique_word();
    let born = |date: Value| {
        created(&staff, PATIENTS, &with(&named("Ada", "Roe", &marker), "date_of_birth", date))
    };
    let [day, month, year] = ["1931-07-09", "1931-07", "1931"].map(|date| born(json!(date)));
    let (other, unknown) = (born(json!("1931-08-01")), born(Value::Null));
    for (date, mut expected) in [
        ("1931-07-09", vec![day, month, year]),
        ("1931-07-10", vec![month, year]),
        ("1931-07", vec![day, month, year]),
        ("1931", vec![day, month, year, other]),
        ("1930", vec![]),
    ] {
        let mut found = found(&staff, PATIENTS, &json!({"search": marker, "birth_date": date}));
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{date}");
    }
    let all = found(&staff, PATIENTS, &json!({"search": marker}));
    assert!(all.len() == 5 && all.contains(&unknown), "{all:?}");

    // Without a name, other records may have the same date.
    let found = found(&staff, PATIENTS, &json!({"birth_date": "1931-07-09"}));
    assert!([day, month, year].iter().all(|id| found.contains(id)), "{found:?}");
    assert!(!found.contains(&other) && !found.contains(&unknown), "{found:?}");
}

#[test]
fn number_is_found_by_its_last_digits() {
    let staff = User::staff();
    for (list, body, field) in [
        (PATIENTS, patient(), "contact_number"),
        (PATIENTS, patient(), "emergency_number"),
        (DOCTORS, doctor(), "phone_number"),
    ] {
        let number = unique_phone();
        let id = created(&staff, list, &with(&body, field, number.as_str()));
        let (_, last) = number.split_at(number.len() - 10);
        let (start, end) = last.split_at(6);
        for phone in [number.clone(), last.to_owned(), format!("({start}) {end}")] {
            assert_eq!(found(&staff, list, &json!({"phone": phone})), [id], "{phone}");
        }
        let four = found(&staff, list, &json!({"phone": end, "search": "nobody"}));
        assert_eq!(four, NONE);
    }
}

#[test]
fn identifier_is_found_by_its_whole_value() {
    let staff = User::staff();
    for (list, body) in [(PATIENTS, patient()), (DOCTORS, doctor())] {
        let value = format!("Aa-{}", unique_digits());
        let identifiers =
            json!([{"system": "MRN", "value": value}, {"system": "SSN", "value": "1"}]);
        let id = created(&staff, list, &with(&body, "identifiers", identifiers));
        for identifier in [
            value.clone(),
            value.to_uppercase(),
            value.replace('-', "\u{2010}"),
            format!("mrn|{value}"),
        ] {
            let found = found(&staff, list, &json!({"identifier": identifier}));
            assert_eq!(found, [id], "{identifier}");
        }
        let (half, _) = value.split_at(value.len() - 1);
        for identifier in [half.to_owned(), format!("SSN|{value}")] {
            let found = found(&staff, list, &json!({"identifier": identifier}));
            assert_eq!(found, NONE, "{identifier}");
        }
    }
}

#[test]
fn specialization_of_a_doctor_is_found_by_the_beginning_of_a_word() {
    let staff = User::staff();
    let word = unique_word();
    let body = with(&doctor(), "specialization", format!("Internal {word}"));
    let id = created(&staff, DOCTORS, &body);
    for specialization in [word.to_uppercase(), format!("intérnal {word}")] {
        let found = found(&staff, DOCTORS, &json!({"specialization": specialization}));
        assert_eq!(found, [id], "{specialization}");
    }
    let reversed = json!({"specialization": format!("{word} internal")});
    assert_eq!(found(&staff, DOCTORS, &reversed), NONE);
}

#[test]
fn all_criteria_must_match() {
    let staff = User::staff();
    let (marker, number) = (unique_word(), unique_phone());
    let value = unique_digits();
    let mut body = named("Ada", "Roe", &marker);
    body["contact_number"] = json!(number);
    body["date_of_birth"] = json!("1931-07");
    body["identifiers"] = json!([{"system": "MRN", "value": value}]);
    let id = created(&staff, PATIENTS, &body);
    let all = json!({
        "search": marker, "birth_date": "1931-07-09", "phone": number, "identifier": value,
    });
    assert_eq!(found(&staff, PATIENTS, &all), [id]);
    for (field, wrong) in [
        ("search", unique_word()),
        ("birth_date", "1932".to_owned()),
        ("phone", unique_phone()),
        ("identifier", unique_digits()),
    ] {
        assert_eq!(found(&staff, PATIENTS, &with(&all, field, wrong)), NONE, "{field}");
    }
}

#[test]
fn pages_of_a_search_have_every_record_once() {
    let staff = User::staff();
    let marker = unique_word();
    let mut expected: Vec<u64> = ["Ada", "Eve", "Ida", "Ida", "Zoë"]
        .iter()
        .map(|first| created(&staff, PATIENTS, &named(first, "Roe", &marker)))
        .collect();
    expected.sort_unstable();
    for search in [marker.clone(), format!("{marker} roe"), format!("roe {marker}")] {
        for limit in [1, 2, 100] {
            let path = format!("{PATIENTS}?search={}&limit={limit}", encode(&search));
            let mut found = ids(&staff.walk(&path));
            found.sort_unstable();
            assert_eq!(found, expected, "{path}");
        }
    }
}

#[test]
fn invalid_criteria_are_refused_by_field() {
    let staff = User::staff();
    let long = "x".repeat(201);
    for (list, field, value) in [
        (PATIENTS, "search", "\u{200b}"),
        (PATIENTS, "search", long.as_str()),
        (PATIENTS, "birth_date", "yesterday"),
        (PATIENTS, "birth_date", "1931-13"),
        (PATIENTS, "phone", "147"),
        (PATIENTS, "identifier", "MRN|"),
        (DOCTORS, "phone", "call me"),
        (DOCTORS, "specialization", "\u{200b}"),
    ] {
        let refused = staff.get(&format!("{list}?{field}={}", encode(value)));
        refused.assert_problem(400, "invalid_query").assert_errors(&[field]);
        staff.post(&format!("{list}search/"), &json!({field: value})).assert_invalid(&[field]);
    }
    for (list, field) in [(PATIENTS, "specialization"), (DOCTORS, "birth_date")] {
        staff.post(&format!("{list}search/"), &json!({field: "1931"})).assert_invalid(&[field]);
    }
}
