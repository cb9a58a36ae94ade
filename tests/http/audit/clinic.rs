//! One account for each way to be related to a patient.

use std::time::Duration;

use serde_json::{Value, json};
use shared::model::timestamp::Timestamp;

use crate::client::{Actor, User};
use crate::clinic::{patient, patient_path, unique_phone, unique_word};
use crate::json::with;

pub const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The accounts and the patients. No other test uses these accounts.
pub struct Clinic {
    pub admin: User,
    pub staff: User,
    pub pending: User,
    /// Has the patient.
    pub doctor: User,
    /// Covers the doctor.
    pub covering: User,
    /// A doctor who has no patient.
    pub stranger: User,
    /// The patient's own account.
    pub own: User,
    pub guardian: User,
    pub patient: Value,
    /// Restricted, and without a doctor.
    pub restricted: Value,
}

impl Clinic {
    pub fn new(admin: &User) -> Self {
        let (doctor, covering) = (User::doctor(admin), User::doctor(admin));
        let guardian = User::patient(admin);
        let [patient, restricted] = [0, 1].map(|_| lone_patient(admin));
        admin.assign(&doctor_of(&doctor), &patient).expect_status(201);
        let cover = json!({
            "covering_doctor_id": covering.user["doctor_id"],
            "ends_at": Timestamp::system().plus(WEEK),
        });
        admin.put(&cover_path(&doctor), &cover).expect_status(200);
        let proxy = json!({"user_id": guardian.user["id"], "basis": "guardian"});
        admin.post(&proxies_path(&patient), &proxy).expect_status(201);
        let restriction = json!({"restricted": true});
        admin.patch(&patient_path(&restricted), &restriction).expect_status(200);
        let own = json!({"role": "patient", "patient_id": patient["id"]});
        Self {
            admin: User::changed(admin, &json!({"role": "admin"})),
            staff: User::staff(),
            pending: User::pending(admin),
            doctor,
            covering,
            stranger: User::doctor(admin),
            own: User::changed(admin, &own),
            guardian,
            patient,
            restricted,
        }
    }
}

/// Returns the body of a patient who resembles no other one.
pub fn lone() -> Value {
    let body = with(&patient(), "last_name", unique_word());
    let body = with(&body, "contact_number", unique_phone());
    with(&body, "emergency_number", unique_phone())
}

/// Creates a patient who resembles no other one.
pub fn lone_patient(user: &User) -> Value {
    user.post("/api/patients/", &lone()).expect_status(201).json
}

/// Returns the doctor whom an account is linked to.
pub fn doctor_of(user: &User) -> Value {
    json!({"id": user.user["doctor_id"]})
}

pub fn cover_path(doctor: &User) -> String {
    format!("/api/doctors/{}/cover/", doctor.user["doctor_id"])
}

pub fn proxies_path(patient: &Value) -> String {
    format!("{}proxies/", patient_path(patient))
}
