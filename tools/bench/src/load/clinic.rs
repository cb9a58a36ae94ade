//! The clinic: doctors, patients, their assignments, and the staff who send requests.

use ops::{Result, ui};
use serde_json::{Value, json};
use shared::model::timestamp::Timestamp;
use xtask::stack::{PASSWORD, Stack};

const DOCTORS: usize = 40;
const PATIENTS: usize = 200;
const DOCTORS_PER_PATIENT: usize = 3;

pub struct Clinic {
    /// Ends with a slash.
    pub url: String,
    pub doctors: Vec<u64>,
    pub patients: Vec<u64>,
    pub staff: Vec<Member>,
}

/// A member of staff, who sends requests.
#[derive(Clone)]
pub struct Member {
    pub username: String,
    /// A doctor whom only this member assigns.
    pub doctor: u64,
    pub access: String,
    pub refresh: String,
}

impl Clinic {
    /// Creates the clinic in a stack, with this number of staff.
    pub fn open(stack: &Stack, staff: usize) -> Result<Self> {
        ui::status("Preparing", "accounts, doctors, patients and mappings");
        // Part of unique fields, because a stage may have records of earlier runs.
        let run = Timestamp::system().as_millisecond();
        let head = format!("head-{run}");
        stack.register(&head)?;
        let token = stack.log_in(&head)?;
        let create = |path: &str, body: &Value| -> Result<u64> {
            let created = stack.create(Some(&token), path, body)?;
            let id = created.get("id").and_then(Value::as_u64);
            id.ok_or_else(|| format!("{path} answered 201 without an id").into())
        };
        let doctor = |number: usize| create("api/doctors/", &doctor(run, number));
        let doctors = (0..DOCTORS).map(doctor).collect::<Result<Vec<_>>>()?;
        let patient = |number: usize| create("api/patients/", &patient(number));
        let patients = (0..PATIENTS).map(patient).collect::<Result<Vec<_>>>()?;
        for (number, patient) in patients.iter().enumerate() {
            let theirs = doctors.iter().cycle().skip(number).step_by(7).take(DOCTORS_PER_PATIENT);
            for doctor in theirs {
                let mapping = json!({ "doctor_id": doctor, "patient_id": patient });
                stack.create(Some(&token), "api/doctor/mappings/", &mapping)?;
            }
        }
        let member = |number: usize| -> Result<Member> {
            let username = format!("member-{run}-{number}");
            stack.register(&username)?;
            let (access, refresh) = stack.tokens(&username)?;
            Ok(Member { username, doctor: doctor(DOCTORS + number)?, access, refresh })
        };
        let staff = (0..staff).map(member).collect::<Result<_>>()?;
        Ok(Self { url: stack.url().to_owned(), doctors, patients, staff })
    }
}

impl Member {
    pub fn credentials(&self) -> Value {
        json!({ "username": self.username, "password": PASSWORD })
    }
}

fn doctor(run: i64, number: usize) -> Value {
    json!({
        "first_name": "Grace",
        "last_name": format!("Okafor {number:03}"),
        "email": format!("grace.{run}.{number}@clinic.example"),
        "phone_number": "+442079460123",
        "specialization": "Internal Medicine",
        "license_number": format!("LOAD-{run}-{number}"),
        "years_of_experience": 12,
    })
}

pub fn patient(number: usize) -> Value {
    json!({
        "first_name": "Jane",
        "last_name": format!("Roe {number:03}"),
        "date_of_birth": "1985-04-12",
        "gender": "Female",
        "contact_number": "+12025550147",
        "address": format!("{} Elm Street, Springfield", number + 1),
        "medical_history": "Asthma since childhood. Allergic to penicillin.",
    })
}
