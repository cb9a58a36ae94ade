//! The care of the demo's patients: assignments, a vacation cover, a transfer, and a restricted patient.

use std::time::Duration;

use ops::Result;
use serde_json::{Value, json};
use shared::model::timestamp::Timestamp;

use super::api::{Api, id, results};
use super::people::{CHILD, RESTRICTED};

/// The roles of the doctors of each patient.
const ROLES: [&str; 3] = ["primary", "treating", "consulting"];

/// The doctor who is on vacation, and the one who covers the first one's patients.
pub const ON_VACATION: usize = 0;
pub const COVERING: usize = 1;

const VACATION: Duration = Duration::from_hours(3 * 7 * 24);

/// A patient of the doctor who is on vacation, and the doctor who has the patient since the transfer.
const TRANSFERRED: usize = 40;
const NEW_DOCTOR: usize = 2;

/// The patients whose consulting doctor is done.
const CONSULTED: [usize; 3] = [60, 61, 62];

/// The ids of the demo's doctors and patients, by number.
pub struct People {
    pub doctors: Vec<u64>,
    pub patients: Vec<u64>,
}

impl People {
    pub fn doctor(&self, number: usize) -> Result<u64> {
        Ok(*self.doctors.get(number).ok_or_else(|| format!("the demo has no doctor {number}"))?)
    }

    pub fn patient(&self, number: usize) -> Result<u64> {
        Ok(*self.patients.get(number).ok_or_else(|| format!("the demo has no patient {number}"))?)
    }

    /// Returns the doctors of a patient, in the order of [`ROLES`]. Steps of seven, so that consecutive patients do not
    /// share all of their doctors.
    fn doctors_of(&self, number: usize) -> impl Iterator<Item = u64> {
        self.doctors.iter().cycle().skip(number).step_by(7).take(ROLES.len()).copied()
    }
}

/// Makes what is missing. The cover begins anew with each start, so that it is always active.
pub fn load(api: &Api<'_>, people: &People) -> Result {
    assign(api, people)?;
    make_history(api, people)?;
    cover(api, people)
}

/// Assigns doctors to each patient. Does nothing if the last assignment exists, because all others are created earlier.
fn assign(api: &Api<'_>, people: &People) -> Result {
    let mut assignments = Vec::new();
    for (number, patient) in people.patients.iter().enumerate() {
        let doctors = people.doctors_of(number).zip(ROLES);
        assignments.extend(doctors.map(|(doctor, role)| (doctor, *patient, role)));
    }
    if let Some((doctor, patient, _)) = assignments.last() {
        let theirs = api.get(&format!("api/doctor/mappings/{patient}/"), &[])?;
        // The patient may have become restricted.
        if theirs.if_ok().is_none_or(|page| results(&page).any(|it| id(it) == Some(*doctor))) {
            return Ok(());
        }
    }
    for (doctor, patient, role) in assignments {
        let mapping = json!({ "doctor_id": doctor, "patient_id": patient, "role": role });
        // 409: the doctor has the patient in another role.
        api.post("api/doctor/mappings/", &mapping)?.expect(&[200, 201, 409])?;
    }
    Ok(())
}

/// Ends some assignments, and transfers a patient. Does nothing if the transfer is done, because it is last.
fn make_history(api: &Api<'_>, people: &People) -> Result {
    let transferred = people.patient(TRANSFERRED)?;
    let path = format!("api/doctor/mappings/{transferred}/");
    let history = api.get(&path, &[("history", "true")])?.if_ok();
    let has_ended = |it: &Value| it.pointer("/assignment/ends_at").is_some_and(Value::is_string);
    if history.is_none_or(|page| results(&page).any(has_ended)) {
        return Ok(());
    }
    for number in CONSULTED {
        let patient = people.patient(number)?;
        let Some(consulting) = people.doctors_of(number).last() else { continue };
        let end = json!({ "doctor_id": consulting, "reason": "recovered" });
        api.post(&format!("api/doctor/mappings/{patient}/remove/"), &end)?.expect(&[200, 404])?;
    }
    let transfer = json!({
        "patient_ids": [transferred],
        "from_doctor_id": people.doctor(ON_VACATION)?,
        "to_doctor_id": people.doctor(NEW_DOCTOR)?,
        "reason": "relocation",
    });
    api.post("api/doctor/mappings/transfer/", &transfer)?.expect(&[200, 404, 409])?;
    Ok(())
}

/// Has one doctor cover another from now on.
fn cover(api: &Api<'_>, people: &People) -> Result {
    let doctor = people.doctor(ON_VACATION)?;
    let cover = json!({
        "covering_doctor_id": people.doctor(COVERING)?,
        "ends_at": Timestamp::system().plus(VACATION),
        "reason": "vacation",
    });
    // 409: the doctor covers as many others as a doctor can.
    api.put(&format!("api/doctors/{doctor}/cover/"), &cover)?.expect(&[200, 201, 409])?;
    Ok(())
}

/// Lets an account act for the child.
pub fn add_parent(api: &Api<'_>, people: &People, user_id: u64) -> Result {
    let path = format!("api/patients/{}/proxies/", people.patient(CHILD)?);
    let is_theirs = |proxy: &Value| proxy.get("user_id").and_then(Value::as_u64) == Some(user_id);
    let proxies = api.get(&path, &[])?.expect(&[200])?;
    if !results(&proxies).any(is_theirs) {
        let proxy = json!({ "user_id": user_id, "basis": "parent", "scope": "all" });
        api.post(&path, &proxy)?.expect(&[200, 201])?;
    }
    Ok(())
}

/// Restricts access to one patient. Only an administrator can.
pub fn restrict(api: &Api<'_>, people: &People) -> Result {
    let path = format!("api/patients/{}/", people.patient(RESTRICTED)?);
    api.patch(&path, &json!({ "restricted": true }))?.expect(&[200])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::people::{DOCTORS, PATIENTS};
    use super::*;

    fn people() -> People {
        let ids = |count| (1..).take(count).collect();
        People { doctors: ids(DOCTORS), patients: ids(PATIENTS) }
    }

    #[test]
    fn every_patient_has_three_doctors() {
        for number in 0..PATIENTS {
            let mut doctors: Vec<u64> = people().doctors_of(number).collect();
            doctors.sort_unstable();
            doctors.dedup();
            assert_eq!(doctors.len(), ROLES.len(), "patient {number}");
        }
    }

    #[test]
    fn doctor_on_vacation_has_the_patients_about_whom_the_demo_tells() {
        let people = people();
        let has = |doctor: usize, patient: usize| {
            let doctor = people.doctor(doctor).unwrap();
            people.doctors_of(patient).any(|it| it == doctor)
        };
        assert!(has(ON_VACATION, TRANSFERRED) && has(ON_VACATION, RESTRICTED));
        assert!(!has(NEW_DOCTOR, TRANSFERRED));
        assert!(!has(COVERING, RESTRICTED), "only the cover gives access");
    }
}
