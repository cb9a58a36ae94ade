//! Valid input, from which random input is made.

use serde_json::{Value, json};
use shared::model::doctor::DoctorDetails;
use shared::model::patient::PatientDetails;
use shared::testing::Sample;

pub const NAMES: &[&str] = &[
    "Jane Roe",
    "O\u{2019}Connor-Smith",
    "María de la Cruz",
    "Großmann",
    "Nguyễn Thị Hương",
    "أَحْمَد آمنة",
    "علی\u{200c}رضا",
    "שְׁלֹמֹה",
    "क्षत्रिय ज़ैनब",
    "น้ำ",
    "ශ්\u{200d}රී",
    "ジョン・スミス",
    "ｶﾞｵ",
    "한글",
    "Ταΐς Σίσυφος",
    "Федор Ёлкин",
    "İstanbul",
    ". -",
];

pub const PHONES: &[&str] = &[
    "+1 202 555 0147",
    "(202) 555-0147",
    "+12025550147;ext=12",
    "+1 202 555 0147 Extension: 12",
    "0049 30 1234567",
    "+49 (0)30 1234567",
    "tel:+1-202-555-0147",
    "＋１　２０２　５５５　０１４７",
    "+١ ٢٠٢ ٥٥٥ ٠١٤٧",
    "112",
    "4711 x12",
    "1234567890123456789",
];

pub const EMAILS: &[&str] = &[
    "jane@example.com",
    "Jane.Doe+x@Example.co.uk",
    "jane@münchen.example",
    "jane@xn--mnchen-3ya.example",
    "José@bücher.example",
    "\"a b\"@example.com",
    "jane@\u{5d0}\u{5d1}.example",
    "jane@faß.example",
];

pub const USERNAMES: &[&str] =
    &["amara", "head-of-it", "jane@example.com", "пётр", "νίκος_7", "ＡMARA", "王小明"];

pub const PASSWORDS: &[&str] = &[
    "correct-horse-battery-staple",
    "P@$$w0rd!",
    "4@8({[<69!1|0$5+7%2",
    "1111111111111111",
    "abcdefghijklmnop",
    "qwertyuiop[]",
    "2026-01-31 31/01/2026",
    "Klinikum2026 Hospital2026!",
    "пароль123",
    "pass\u{ad}word",
];

pub const DATES: &[&str] = &["1985-04-12", "1985-04", "1985", " 2024-02-29 ", "9999-12-31", "0001"];

pub const IDS: &[&str] = &["1", "7", "9007199254740991", "0", "+1", "01"];

pub const HEADERS: &[&str] = &[
    "\"1\"",
    "W/\"1\", \"2\"",
    "*",
    "application/json",
    "application/json; charset=utf-8",
    "application/merge-patch+json",
    "Bearer a.b.c",
    "Basic YTpi",
    "8e03978e-40d5-43dd-bc93-6894a57f9324",
    "curl/8.7.1",
    "https://clinic.example.com",
    "gzip, br",
    "203.0.113.10",
    "2001:db8::1",
];

/// Returns details of doctors.
pub fn doctors() -> Vec<Value> {
    let mut full = DoctorDetails::sample(1);
    full["identifiers"] = json!([{ "system": "GMC", "value": "7654321" }]);
    vec![DoctorDetails::sample(2), full]
}

/// Returns details of patients.
pub fn patients() -> Vec<Value> {
    let mut full = PatientDetails::sample(1);
    full["former_names"] = json!(["Jane Doe", "María de la Cruz"]);
    full["date_of_birth"] = json!("1985-04");
    full["date_of_birth_estimated"] = json!(true);
    full["deceased_at"] = json!("2025-12-24");
    full["contact_number"] = json!("(202) 555-0147 ext. 12");
    full["emergency_number"] = json!("112");
    full["identifiers"] = json!([
        { "system": "MRN", "value": "A-7" },
        { "system": "National id", "value": "１２３" },
    ]);
    let unknown = json!({
        "last_name": "Roe",
        "date_of_birth": null,
        "gender": "Unknown",
        "contact_number": null,
        "address": "",
    });
    vec![PatientDetails::sample(2), full, unknown]
}

/// Returns what is known of a person before a record is made.
pub fn people() -> Vec<Value> {
    vec![json!({
        "first_name": "Jane",
        "last_name": "Roe",
        "former_names": ["Jane Doe"],
        "date_of_birth": "1985",
        "contact_number": "(202) 555-0147",
        "emergency_number": "+1 202 555 0147",
        "identifiers": [{ "system": "MRN", "value": "A-7" }],
    })]
}

/// Returns what a search asks for.
pub fn searches() -> Vec<Value> {
    vec![
        json!({ "search": "maria cruz", "birth_date": "1990", "phone": "0147" }),
        json!({ "identifier": "MRN|A-7", "specialization": "cardio", "search": "roe" }),
        json!({ "phone": "(202) 555-0147", "birth_date": "1985-04-12", "identifier": "A-7" }),
    ]
}
