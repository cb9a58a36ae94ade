//! The people of the demo: doctors and patients with names in many scripts, and with facts that are unknown.
//!
//! They are fictitious: common first and last names, combined. Their email addresses end in `.example` and their
//! telephone numbers in 555-01xx, which belong to nobody.

use serde_json::{Value, json};
use shared::model::search_key::search_key;

use super::names::{NAMES, Name};

pub const DOCTORS: usize = 20;
pub const PATIENTS: usize = 100;

/// The system of the identifier by which a restart finds a patient.
const SYSTEM: &str = "demo";

/// The patients' telephone numbers begin with this, in E.164, and end with the number of the patient in two digits.
const CONTACT: &str = "+120255501";

/// A patient whom only the patient's doctors see. Nobody else of the demo has the same name.
pub const RESTRICTED: usize = 20;

/// A patient whose parent has an account.
pub const CHILD: usize = 54;

/// The twins share birth date, address and telephone.
const TWINS: [usize; 2] = [16, 36];

/// Returns the licence, which identifies a doctor of the demo.
pub fn key_of_doctor(doctor: &Value) -> Option<String> {
    doctor.get("license_number")?.as_str().map(str::to_owned)
}

/// Returns the value of the identifier of a patient of the demo. A patient of an earlier demo has no identifier, but a
/// telephone number that ends with the number of the patient.
pub fn key_of_patient(patient: &Value) -> Option<String> {
    let identifiers = patient.get("identifiers").and_then(Value::as_array);
    let text =
        |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let of_demo = |identifier: &&Value| text(identifier, "system").as_deref() == Some(SYSTEM);
    let identifier = identifiers.into_iter().flatten().find(of_demo);
    identifier.and_then(|it| text(it, "value")).or_else(|| {
        let contact = text(patient, "contact_number")?;
        contact.strip_prefix(CONTACT)?.parse().ok().map(key)
    })
}

/// Returns the search key of a person's whole name.
pub fn name_of(person: &Value) -> String {
    let names = ["first_name", "last_name"].map(|name| person.get(name).and_then(Value::as_str));
    search_key(&names.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

fn key(number: usize) -> String {
    format!("patient-{number:03}")
}

pub fn doctor(number: usize) -> Value {
    let [.., (first_name, last_name)] = group(number);
    json!({
        "first_name": or_null(first_name),
        "last_name": or_null(last_name),
        "email": format!("doctor-{number:02}@clinic.example"),
        "phone_number": phone("303", number),
        "specialization": pick(&SPECIALIZATIONS, number),
        "license_number": format!("DEMO-{number:04}"),
        "years_of_experience": 3 + number * 7 % 35,
    })
}

pub fn patient(number: usize) -> Value {
    let round = number / NAMES.len();
    let (first_name, last_name) = group(number).get(round).copied().unwrap_or_default();
    // One twin has the facts of the other.
    let [first, second] = TWINS;
    let household = if number == second { first } else { number };
    let mut patient = json!({
        "first_name": or_null(first_name),
        "last_name": or_null(last_name),
        "date_of_birth": format!(
            "{}-{:02}-{:02}",
            1938 + household * 37 % 80,
            1 + household % 12,
            1 + household * 11 % 28,
        ),
        "gender": pick(&["Female", "Male"], round),
        "contact_number": phone("202", household),
        "address": format!("{} {} Street, Springfield", household + 1, pick(&STREETS, household)),
        "medical_history": pick(&HISTORIES, number),
        "emergency_number": phone("415", number),
        "identifiers": [
            { "system": SYSTEM, "value": key(number) },
            { "system": "mrn", "value": format!("DEMO-{number:06}") },
        ],
    });
    if let (Some(patient), Value::Object(facts)) = (patient.as_object_mut(), special(number)) {
        patient.extend(facts);
    }
    patient
}

/// Returns the facts in which this patient differs from all others; null for most.
fn special(number: usize) -> Value {
    match number {
        // Married names: searches also find the former one.
        1 => json!({ "former_names": ["Käthe Lindström"] }),
        45 => json!({ "former_names": ["Мария Петрова", "Мария Лебедева"] }),
        5 => json!({ "date_of_birth": "1931-11-02", "deceased_at": "2024-02-29" }),
        8 => json!({ "date_of_birth": "1964-03" }),
        18 => json!({ "date_of_birth": "1957", "date_of_birth_estimated": true }),
        38 => json!({ "date_of_birth": null }),
        48 => json!({ "date_of_birth": "1990-07-01", "date_of_birth_estimated": true }),
        // Somebody about whom nearly nothing is known.
        24 => json!({
            "date_of_birth": null, "gender": "Unknown", "contact_number": null, "address": null,
            "medical_history": null, "emergency_number": null,
        }),
        67 => json!({ "gender": "Other" }),
        74 => json!({ "emergency_number": "112" }),
        _ => Value::Null,
    }
}

/// Returns a number of this area as one of several people would write it.
fn phone(area: &str, number: usize) -> String {
    let line = format!("01{number:02}");
    match number % 6 {
        0 => format!("+1{area}555{line}"),
        1 => format!("+1 {area} 555 {line}"),
        2 => format!("+1 ({area}) 555-{line}"),
        3 => format!("+1-{area}-555-{line}"),
        4 => format!("+1.{area}.555.{line}"),
        _ => format!("+1 {area} 555 {line} ext. {}", 10 + number),
    }
}

fn group(number: usize) -> &'static [Name; 6] {
    NAMES.get(number % NAMES.len()).unwrap_or(&[("", ""); 6])
}

/// A person with one name has no last name.
fn or_null(name: &str) -> Value {
    if name.is_empty() { Value::Null } else { json!(name) }
}

/// Returns the element of this number; after the last element the list begins again.
fn pick<'a>(list: &[&'a str], number: usize) -> &'a str {
    list.iter().cycle().nth(number).copied().unwrap_or_default()
}

const SPECIALIZATIONS: [&str; 8] = [
    "Cardiology",
    "Dermatology",
    "Endocrinology",
    "General practice",
    "Neurology",
    "Oncology",
    "Orthopaedics",
    "Paediatrics",
];

const STREETS: [&str; 7] = ["Ash", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple"];

const HISTORIES: [&str; 6] = [
    "Nothing of note.",
    "Asthma since childhood; uses an inhaler.",
    "Type 2 diabetes, controlled by diet.",
    "High blood pressure; takes ramipril.",
    "Allergic to penicillin.",
    "Broken left wrist, healed.",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::model::doctor::DoctorDetails;
    use shared::model::intake::Intake;
    use shared::model::patient::PatientDetails;
    use shared::model::record::Details;
    use shared::model::timestamp::Timestamp;

    use super::*;

    /// The first characters of blocks of Unicode; a block here ends where the next begins.
    const SCRIPTS: [(char, &str); 22] = [
        ('A', "Latin"),
        ('\u{370}', "Greek"),
        ('\u{400}', "Cyrillic"),
        ('\u{530}', "Armenian"),
        ('\u{590}', "Hebrew"),
        ('\u{600}', "Arabic"),
        ('\u{700}', "others"),
        ('\u{900}', "Devanagari"),
        ('\u{980}', "Bengali"),
        ('\u{a00}', "others"),
        ('\u{b80}', "Tamil"),
        ('\u{c00}', "others"),
        ('\u{e00}', "Thai"),
        ('\u{e80}', "others"),
        ('\u{10a0}', "Georgian"),
        ('\u{1100}', "others"),
        ('\u{1200}', "Ethiopic"),
        ('\u{1380}', "Latin"),
        ('\u{3040}', "Kana"),
        ('\u{3400}', "Han"),
        ('\u{ac00}', "Hangul"),
        ('\u{d7a4}', "others"),
    ];

    fn everybody() -> impl Iterator<Item = Value> {
        (0..DOCTORS).map(doctor).chain((0..PATIENTS).map(patient))
    }

    fn script(name: &str) -> Option<&'static str> {
        let first = name.chars().next()?;
        let begun = SCRIPTS.into_iter().take_while(|(begins, _)| *begins <= first);
        Some(begun.last()?.1)
    }

    #[test]
    fn fictitious_people_have_unique_names() {
        let name =
            |person: Value| (person["first_name"].to_string(), person["last_name"].to_string());
        assert_eq!(everybody().map(name).collect::<BTreeSet<_>>().len(), DOCTORS + PATIENTS);
        let names: BTreeSet<_> = (0..PATIENTS).map(|number| name_of(&patient(number))).collect();
        assert_eq!(names.len(), PATIENTS, "a restart finds restricted patients by name");
    }

    #[test]
    fn child_is_a_minor_for_years() {
        assert_eq!(patient(CHILD)["date_of_birth"], "2016-07-07");
    }

    #[test]
    fn names_are_written_in_more_than_ten_scripts() {
        let scripts: BTreeSet<_> = everybody()
            .filter_map(|person| script(person["first_name"].as_str()?))
            .filter(|script| *script != "others")
            .collect();
        assert!(scripts.len() >= 14, "{scripts:?}");
    }

    #[test]
    fn everybody_has_a_name_and_some_have_only_one() {
        let mononyms = everybody().filter(|person| person["last_name"].is_null()).count();
        assert!(everybody().all(|person| person["first_name"].is_string()));
        assert!(mononyms >= 3);
    }

    fn expect_valid<D: Details>(person: Value) {
        let intake = Intake { today: Timestamp::system().latest_date(), phone_country: None };
        if let Err(errors) = D::parse(person.as_object().unwrap().clone(), &intake) {
            panic!("{person}: {}", json!(errors));
        }
    }

    #[test]
    fn api_accepts_everybody() {
        (0..DOCTORS).map(doctor).for_each(expect_valid::<DoctorDetails>);
        (0..PATIENTS).map(patient).for_each(expect_valid::<PatientDetails>);
    }

    #[test]
    fn twins_share_everything_except_the_first_name() {
        let [one, other] = TWINS.map(patient);
        for field in ["last_name", "date_of_birth", "address", "contact_number"] {
            assert_eq!(one[field], other[field], "{field}");
        }
        assert_ne!(one["first_name"], other["first_name"]);
    }

    #[test]
    fn restart_finds_everybody() {
        let keys: BTreeSet<_> =
            (0..PATIENTS).map(patient).filter_map(|it| key_of_patient(&it)).collect();
        assert_eq!(keys.len(), PATIENTS);
        let keys: BTreeSet<_> =
            (0..DOCTORS).map(doctor).filter_map(|it| key_of_doctor(&it)).collect();
        assert_eq!(keys.len(), DOCTORS);
    }

    #[test]
    fn restart_finds_patients_of_an_earlier_demo() {
        let earlier = json!({ "contact_number": "+12025550107", "identifiers": [] });
        assert_eq!(key_of_patient(&earlier), key_of_patient(&patient(7)));
        assert_eq!(key_of_patient(&json!({ "contact_number": "+442079460123" })), None);
        assert_eq!(key_of_patient(&json!({ "contact_number": null })), None);
    }
}
