//! Bodies of new accounts, doctors and patients. All names are unique, also across test runs.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{Actor, User};
use crate::json::without;
use crate::response::Response;
use crate::stack;

/// A valid id that no record has: the largest id.
pub const NOBODY: u64 = (1 << 53) - 1;

/// Returns a name that is unique in this run and all others.
pub fn unique(prefix: &str) -> String {
    static RUN: LazyLock<u128> = LazyLock::new(|| UNIX_EPOCH.elapsed().unwrap().as_nanos());
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{:x}-{next}", *RUN)
}

/// Returns a word of these ten letters that is as unique as its digits. The last digit comes first, so that even the
/// beginning of the word is unique.
pub fn unique_word_of(letters: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    unique_digits().bytes().rev().map(|digit| letters[usize::from(digit - b'0')]).collect()
}

pub fn unique_word() -> String {
    unique_word_of("abcdefghij")
}

/// Returns 16 digits that are unique in this run and, very probably, in all others.
pub fn unique_digits() -> String {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
        let now = UNIX_EPOCH.elapsed().unwrap().as_micros() % 10_u128.pow(16);
        AtomicU64::new(u64::try_from(now).unwrap())
    });
    format!("{:016}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Returns a telephone number that no country has, which therefore stays as it is.
pub fn unique_phone() -> String {
    format!("+999{}", unique_digits())
}

pub fn unique_email() -> String {
    format!("{}@example.com", unique("mail"))
}

/// Returns the token that the tests' own stack has mailed to an address under a subject.
#[track_caller]
pub fn mailed_token(email: &str, subject: &str) -> String {
    let head = format!("To: {email}\nSubject: {subject}\n");
    let mails = stack::mails();
    let mail = mails.iter().find(|mail| mail.starts_with(&head)).expect("no mail");
    let token = mail.lines().find(|line| line.len() >= 43 && !line.contains(' '));
    token.expect("no token in the mail").to_owned()
}

/// Returns the body of a new registration.
pub fn newcomer() -> Value {
    json!({
        "username": unique("user"),
        "email": unique_email(),
        "password": "tidal-Lantern 42 brass",
    })
}

pub fn doctor() -> Value {
    json!({
        "first_name": "Elizabeth",
        "last_name": unique("Blackwell"),
        "email": unique_email(),
        "phone_number": "+15550100123",
        "specialization": "Cardiology",
        "license_number": unique("LIC"),
        "years_of_experience": 12,
    })
}

pub fn patient() -> Value {
    json!({
        "first_name": "Henrietta",
        "last_name": unique("Lacks"),
        "date_of_birth": "1990-08-01",
        "gender": "Female",
        "contact_number": "+15550100456",
        "address": "713 North Wolfe Street, Baltimore",
        "medical_history": "Penicillin allergy",
        "emergency_number": "+15550100789",
    })
}

impl User {
    #[track_caller]
    pub fn new_doctor(&self) -> Value {
        self.post("/api/doctors/", &doctor()).expect_status(201).json
    }

    #[track_caller]
    pub fn new_patient(&self) -> Value {
        let created = self.post("/api/patients/", &patient()).expect_status(201).json;
        without(&created, "possible_duplicates")
    }

    #[track_caller]
    pub fn assign(&self, doctor: &Value, patient: &Value) -> Response {
        let assignment = json!({"doctor_id": doctor["id"], "patient_id": patient["id"]});
        self.post("/api/doctor/mappings/", &assignment)
    }
}

pub fn doctor_path(doctor: &Value) -> String {
    format!("/api/doctors/{}/", doctor["id"])
}

pub fn patient_path(patient: &Value) -> String {
    format!("/api/patients/{}/", patient["id"])
}

pub fn doctors_of(patient: &Value) -> String {
    format!("/api/doctor/mappings/{}/", patient["id"])
}

pub fn patients_of(doctor: &Value) -> String {
    format!("/api/doctors/{}/patients/", doctor["id"])
}

/// Calls `ask` until the answer is right, at most a hundred times. Some lists are read from an index, and in the cloud
/// an index is updated a moment after its table.
#[track_caller]
pub fn eventually<T: Debug>(ask: impl Fn() -> T, right: impl Fn(&T) -> bool) -> T {
    let mut answer = ask();
    for _ in 1..100 {
        if right(&answer) {
            break;
        }
        thread::sleep(Duration::from_millis(100));
        answer = ask();
    }
    assert!(right(&answer), "still wrong: {answer:?}");
    answer
}
