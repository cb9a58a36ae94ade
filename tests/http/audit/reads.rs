//! Requests that show patients, and those that show none.

use serde_json::{Value, json};

use super::clinic::{Clinic, doctor_of, proxies_path};
use super::walk::{Walk, corrected, one, perhaps_corrected};
use crate::client::{Actor, Anonymous, encode};
use crate::clinic::{NOBODY, doctor, doctor_path, doctors_of, patient_path, patients_of};

const PATIENTS: &str = "/api/patients/";
const MAPPINGS: &str = "/api/doctor/mappings/";
const NONE: [&Value; 0] = [];

/// Whether the rows of a function name exactly the patients in the path and in the answer. Other functions name
/// patients whom they do not show, or show rows of the trail.
pub fn shows_patients(function: &str) -> bool {
    !["audit-list", "accesses-list", "emergency-list"].contains(&function)
}

/// Returns the patient whose id the path has.
pub fn patients_in_path(path: &str) -> Vec<Value> {
    let of_patient = [PATIENTS, MAPPINGS].iter().find_map(|prefix| path.strip_prefix(prefix));
    let first = of_patient.and_then(|rest| rest.split('/').next());
    first.and_then(|id| id.parse::<u64>().ok()).map(Value::from).into_iter().collect()
}

/// Returns the patients in the answer of a function.
pub fn patients_in<'a>(function: &str, body: &'a Value) -> Vec<&'a Value> {
    let results = body["results"].as_array().into_iter().flatten();
    match function {
        "patients-list" | "mappings-patients" => results.collect(),
        "mappings-list" => results.map(|assignment| &assignment["patient_id"]).collect(),
        "patients-duplicates" => {
            body["possible_duplicates"].as_array().into_iter().flatten().collect()
        }
        "patients-get" | "patients-me" => vec![body],
        _ => Vec::new(),
    }
}

/// One patient, for accounts of every relation.
pub fn of_the_patient(clinic: &Clinic, walk: &mut Walk) {
    let Clinic { patient, restricted, .. } = clinic;
    let (path, function) = (patient_path(patient), "patients-get");
    let Clinic { admin, staff, doctor, covering, own, guardian, .. } = clinic;
    for (user, basis, says) in [
        (staff, "role", one(function)),
        (admin, "role", one(function)),
        (doctor, "assignment", one(function)),
        // The first row is put before the cover is read: the token does not say whom a doctor covers.
        (covering, "covering", corrected(function)),
        (own, "self", one(function)),
        (guardian, "proxy", one(function)),
    ] {
        let answer = user.get(&path).expect_status(200);
        walk.note(user, &answer, says.clone().basis(basis).patients([patient]));
        let etag = answer.etag();
        let answer = user.request("GET", &path).header("if-none-match", &etag).send();
        assert_eq!(answer.status, 304, "{answer}");
        walk.note(user, &answer, says.basis(basis).patients([patient]));
    }

    let other = patient_path(restricted);
    for (user, code) in [
        (staff, "restricted"),
        (admin, "restricted"),
        (doctor, "not_assigned"),
        (covering, "not_assigned"),
        (own, "not_assigned"),
        (guardian, "not_assigned"),
    ] {
        let answer = user.get(&other);
        answer.assert_problem(403, code);
        walk.note(user, &answer, corrected(function).no_basis().patients([restricted]));
    }
    let answer = clinic.pending.get(&path);
    answer.assert_problem(403, "permission_denied");
    walk.note(&clinic.pending, &answer, one(function).no_basis().patients([patient]));

    let nobody = json!(NOBODY);
    let answer = staff.get(&format!("{PATIENTS}{NOBODY}/"));
    answer.assert_problem(404, "not_found");
    walk.note(staff, &answer, corrected(function).basis("role").patients([&nobody]));
    let answer = staff.get(&format!("{PATIENTS}abc/"));
    answer.assert_problem(404, "not_found");
    walk.note(staff, &answer, one(function).basis("role").patients(NONE));
    let answer = staff.get(&format!("{path}?unknown=1"));
    answer.assert_problem(400, "invalid_query");
    walk.note(staff, &answer, corrected(function).basis("role").patients([patient]));
}

/// Lists, searches, and the lists of one patient.
pub fn of_lists(clinic: &Clinic, walk: &mut Walk) {
    let Clinic { admin, staff, doctor, covering, own, guardian, patient, .. } = clinic;
    let list = || one("patients-list").patients([patient]);
    for (user, says) in [
        (doctor, list().basis("assignment")),
        (covering, list().basis("assignment").other_basis("covering", [patient])),
        (own, list().basis("self")),
        (guardian, list().basis("self").other_basis("proxy", [patient])),
    ] {
        let answer = user.get(PATIENTS).expect_status(200);
        walk.note(user, &answer, says);
    }
    let name = patient["last_name"].as_str().unwrap();
    let search = format!("{PATIENTS}?search={}", encode(name));
    // Nobody else has the name, so nobody else is expected to be shown.
    let answer = staff.get(&search).expect_status(200);
    walk.note(staff, &answer, list().basis("role"));
    let body = json!({"search": name});
    let answer = staff.post(&format!("{PATIENTS}search/"), &body).expect_status(200);
    walk.note(staff, &answer, list().basis("role"));
    let answer = doctor.get(&search).expect_status(200);
    walk.note(doctor, &answer, list().basis("assignment"));

    let known = json!({"first_name": patient["first_name"], "last_name": name});
    let answer = staff.post(&format!("{PATIENTS}duplicates/"), &known).expect_status(200);
    walk.note(staff, &answer, one("patients-duplicates").basis("role").patients([patient]));
    let answer = own.get(&format!("{PATIENTS}me/")).expect_status(200);
    walk.note(own, &answer, one("patients-me").basis("self").patients([patient]));

    let answer = doctor.get(MAPPINGS).expect_status(200);
    walk.note(doctor, &answer, one("mappings-list").basis("assignment").patients([patient]));
    let list = doctors_of(patient);
    for (user, basis, says) in [
        (staff, "role", one("mappings-doctors")),
        (doctor, "assignment", one("mappings-doctors")),
        (covering, "covering", corrected("mappings-doctors")),
        (own, "self", one("mappings-doctors")),
    ] {
        let answer = user.get(&list).expect_status(200);
        walk.note(user, &answer, says.basis(basis).patients([patient]));
    }
    // A patient's own doctors tell who treats the patient, also by a refusal.
    let answer = own.get("/api/doctors/").expect_status(200);
    walk.note(own, &answer, one("doctors-list").basis("assignment").patients([patient]));
    let says = || one("doctors-get").basis("assignment").patients([patient]);
    let answer = own.get(&doctor_path(&doctor_of(doctor))).expect_status(200);
    walk.note(own, &answer, says());
    let current = own.request("GET", &doctor_path(&doctor_of(doctor)));
    let answer = current.header("if-none-match", &answer.etag()).send();
    assert_eq!(answer.status, 304, "{answer}");
    walk.note(own, &answer, says());
    let answer = own.get(&doctor_path(&doctor_of(covering)));
    answer.assert_problem(403, "not_assigned");
    walk.note(own, &answer, corrected("doctors-get").no_basis().patients([patient]));

    let list = patients_of(&doctor_of(doctor));
    for (user, basis) in [(staff, "role"), (doctor, "assignment"), (covering, "covering")] {
        let answer = user.get(&list).expect_status(200);
        walk.note(user, &answer, one("mappings-patients").basis(basis).patients([patient]));
    }
    for (user, basis) in [(staff, "role"), (own, "self")] {
        let answer = user.get(&proxies_path(patient)).expect_status(200);
        walk.note(user, &answer, one("proxies-list").basis(basis).patients([patient]));
    }

    let accesses = format!("{}accesses/", patient_path(patient));
    for (user, basis) in [(admin, "role"), (own, "self")] {
        let answer = user.get(&accesses).expect_status(200);
        walk.note(user, &answer, perhaps_corrected("accesses-list").basis(basis));
    }
    let answer = admin.get(&format!("/api/audit/?patient={}", patient["id"])).expect_status(200);
    walk.note(admin, &answer, perhaps_corrected("audit-list").basis("role"));
    let username = staff.account["username"].as_str().unwrap();
    let answer = admin.get(&format!("/api/users/?search={username}")).expect_status(200);
    let found = perhaps_corrected("users-list").basis("role").patients(NONE).account(staff);
    walk.note(admin, &answer, found);
}

/// Makes requests without rows. A row of one of them would fail the check.
pub fn of_nothing_recorded(clinic: &Clinic) {
    let Clinic { staff, doctor: account, guardian, .. } = clinic;
    let created = staff.post("/api/doctors/", &doctor()).expect_status(201).json;
    let path = doctor_path(&created);
    staff.get(&path).expect_status(200);
    staff.get("/api/doctors/?limit=1").expect_status(200);
    staff.patch(&path, &json!({"specialization": "Neurology"})).expect_status(200);
    staff.get(&format!("/api/doctors/{NOBODY}/")).assert_problem(404, "not_found");
    account.get("/api/doctors/me/").expect_status(200);
    account.get(&path).expect_status(200);
    // The account has no patient record, so it has no doctors.
    guardian.get("/api/doctors/").expect_status(200);
    guardian.get(&path).assert_problem(403, "not_assigned");
    staff.get("/api/health/").expect_status(200);
    let token = json!({"token": staff.access});
    Anonymous.post("/api/auth/verify/", &token).expect_status(200);
    let refresh = json!({"refresh": account.refresh});
    Anonymous.post("/api/auth/refresh/", &refresh).expect_status(200);
    let address = json!({"email": staff.account["email"]});
    Anonymous.post("/api/auth/password/reset/", &address).expect_status(202);
}
