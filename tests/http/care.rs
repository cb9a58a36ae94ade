//! Who sees a patient: the doctors who treat the patient, their covers, the patient's proxies.

use std::time::Duration;

use serde_json::{Value, json};
use shared::model::timestamp::Timestamp;

use crate::client::{Actor, User};
use crate::clinic::{eventually, patient_path};

const PATIENTS: &str = "/api/patients/";

/// A doctor with an account.
struct Doctor {
    user: User,
    record: Value,
}

fn doctor(admin: &User) -> Doctor {
    let user = User::doctor(admin);
    let record = json!({"id": user.user["doctor_id"]});
    Doctor { user, record }
}

fn ids(patients: &[Value]) -> Vec<u64> {
    patients.iter().map(|patient| patient["id"].as_u64().unwrap()).collect()
}

fn id(patient: &Value) -> u64 {
    patient["id"].as_u64().unwrap()
}

#[test]
fn doctor_sees_assigned_patients_until_the_assignment_ends() {
    let Some(admin) = User::admin() else { return };
    let Doctor { user, record } = doctor(admin);
    let [own, other] = [0, 1].map(|_| admin.new_patient());
    admin.assign(&record, &own).expect_status(201);
    user.get(&patient_path(&own)).expect_status(200);
    user.get(&patient_path(&other)).assert_problem(403, "not_assigned");
    assert_eq!(ids(&user.walk(PATIENTS)), [id(&own)]);
    let change = json!({"medical_history": "Asthma"});
    user.patch(&patient_path(&own), &change).expect_status(200);
    user.patch(&patient_path(&other), &change).assert_problem(403, "not_assigned");

    let path = format!("/api/doctor/mappings/{}/{}/", own["id"], record["id"]);
    admin.delete(&path).expect_status(204);
    user.get(&patient_path(&own)).assert_problem(403, "not_assigned");
    user.patch(&patient_path(&own), &change).assert_problem(403, "not_assigned");
    assert!(user.walk(PATIENTS).is_empty());
}

#[test]
fn covering_doctor_sees_the_patients_until_the_cover_ends() {
    let Some(admin) = User::admin() else { return };
    let (covered, covering) = (doctor(admin), doctor(admin));
    let patient = admin.new_patient();
    admin.assign(&covered.record, &patient).expect_status(201);
    let seen = || covering.user.get(&patient_path(&patient));
    seen().assert_problem(403, "not_assigned");

    let path = format!("/api/doctors/{}/cover/", covered.record["id"]);
    let end = Timestamp::system().plus(Duration::from_secs(7 * 24 * 60 * 60));
    let cover = json!({"covering_doctor_id": covering.record["id"], "ends_at": end});
    admin.put(&path, &cover).expect_status(200);
    seen().expect_status(200);
    assert_eq!(ids(&covering.user.walk(PATIENTS)), [id(&patient)]);

    admin.delete(&path).expect_status(204);
    seen().assert_problem(403, "not_assigned");
    assert!(covering.user.walk(PATIENTS).is_empty());
}

#[test]
fn restricted_patient_is_seen_by_their_doctors_only() {
    let Some(admin) = User::admin() else { return };
    let (staff, Doctor { user, record }) = (User::staff(), doctor(admin));
    let patient = admin.new_patient();
    let (path, name) = (patient_path(&patient), patient["last_name"].as_str().unwrap());
    admin.assign(&record, &patient).expect_status(201);
    let restricted = |is_restricted| json!({"restricted": is_restricted});
    staff.patch(&path, &restricted(true)).assert_problem(403, "permission_denied");
    admin.patch(&path, &restricted(true)).expect_status(200);

    for refused in [&staff, admin] {
        refused.get(&path).assert_problem(403, "restricted");
    }
    user.get(&path).expect_status(200);
    let search = format!("{PATIENTS}?search={name}");
    eventually(|| staff.walk(&search), Vec::is_empty);

    let released = admin.patch(&path, &restricted(false)).expect_status(200).json;
    assert_eq!(released["restricted"], false);
    staff.get(&path).expect_status(200);
    eventually(|| staff.walk(&search), |found| ids(found) == [id(&patient)]);
}

#[test]
fn guardian_sees_a_patient_and_changes_contact_data() {
    let Some(admin) = User::admin() else { return };
    let (guardian, patient) = (User::patient(admin), admin.new_patient());
    let path = patient_path(&patient);
    guardian.get(&path).assert_problem(403, "not_assigned");

    let proxies = format!("{path}proxies/");
    let proxy = json!({"user_id": guardian.user["id"], "basis": "guardian"});
    admin.post(&proxies, &proxy).expect_status(201);
    guardian.get(&path).expect_status(200);
    assert_eq!(ids(&guardian.walk(PATIENTS)), [id(&patient)]);
    guardian.patch(&path, &json!({"address": "1 Elm Street"})).expect_status(200);
    let refused = guardian.patch(&path, &json!({"last_name": "Doe"}));
    refused.assert_problem(403, "permission_denied");

    admin.delete(&format!("{proxies}{}/", guardian.user["id"])).expect_status(204);
    guardian.get(&path).assert_problem(403, "not_assigned");
    assert!(guardian.walk(PATIENTS).is_empty());
}
