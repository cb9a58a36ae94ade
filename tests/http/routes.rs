//! Which paths there are, with and without their final slash, and what the others answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::client::{Actor, Anonymous, User};
use crate::clinic::{
    doctor, doctor_path, doctors_of, newcomer, patient, patient_path, patients_of,
};
use crate::json::members;
use crate::operations::operations;
use crate::stack;

#[test]
fn health_is_ok() {
    let health = Anonymous.get("/api/health/").expect_status(200).json;
    assert_eq!(members(&health), ["status", "version"]);
    assert_eq!(health["status"], "ok");
    assert!(health["version"].is_string());
}

#[test]
fn every_get_answers_the_same_without_its_final_slash() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    staff.assign(&doctor, &patient).expect_status(201);
    for path in [
        "/api/health/".to_owned(),
        "/api/auth/me/".to_owned(),
        doctor_path(&doctor),
        patient_path(&patient),
        patients_of(&doctor),
        doctors_of(&patient),
    ] {
        let with_slash = staff.get(&path).expect_status(200);
        let without = staff.get(bare(&path)).expect_status(200);
        assert_eq!(with_slash.json, without.json);
    }
    // Lists that other tests add to all the time.
    for path in ["/api/doctors/", "/api/patients/", "/api/doctor/mappings/"] {
        for path in [path, bare(path)] {
            let page = staff.get(&format!("{path}?limit=1")).expect_status(200);
            assert_eq!(members(&page.json), ["next", "results"]);
        }
    }
}

#[test]
fn every_change_works_without_its_final_slash() {
    let account = newcomer();
    Anonymous.post("/api/auth/register", &account).expect_status(201);
    let credentials = json!({
        "username": account["username"],
        "password": account["password"],
    });
    Anonymous.post("/api/auth/login", &credentials).expect_status(200);

    let staff = User::staff();
    let first = staff.post("/api/doctors", &doctor()).expect_status(201);
    let second = staff.post("/api/patients", &patient()).expect_status(201);
    let (first, second) = (first.json, second.json);
    let (first_path, second_path) = (doctor_path(&first), patient_path(&second));
    let mapping = format!("/api/doctor/mappings/{}/{}", second["id"], first["id"]);
    let remove = format!("/api/doctor/mappings/{}/remove", second["id"]);
    let pair = json!({"doctor_id": first["id"], "patient_id": second["id"]});
    let change = json!({"first_name": "Ada"});

    staff.put(bare(&first_path), &doctor()).expect_status(200);
    staff.patch(bare(&first_path), &change).expect_status(200);
    staff.put(bare(&second_path), &patient()).expect_status(200);
    staff.patch(bare(&second_path), &change).expect_status(200);
    staff.post("/api/doctor/mappings", &pair).expect_status(201);
    staff.post(&remove, &json!({"doctor_id": first["id"]})).expect_status(200);
    staff.post("/api/doctor/mappings", &pair).expect_status(201);
    staff.delete(&mapping).expect_status(204);
    staff.delete(bare(&first_path)).expect_status(204);
    staff.delete(bare(&second_path)).expect_status(204);
}

#[test]
fn any_other_path_is_not_found() {
    let staff = User::staff();
    for path in [
        "/",
        "/api/",
        "/api/nowhere/",
        "/api/auth/",
        "/api/doctor/",
        "/api/doctors/1/nowhere/",
        "/api/doctor/mappings/1/2/3/",
        "/favicon.ico",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            for answer in
                [Anonymous.request(method, path).send(), staff.request(method, path).send()]
            {
                answer.assert_problem(404, "not_found");
            }
        }
    }
}

#[test]
fn any_other_method_is_not_allowed_and_the_answer_says_which_are() {
    let mut allowed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for operation in operations() {
        allowed.entry(operation.path).or_default().insert(operation.method);
    }
    for (path, methods) in allowed {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if methods.contains(method) {
                continue;
            }
            for path in [bare(&path).to_owned(), format!("{}/", bare(&path))] {
                let refused = Anonymous.request(method, &path).send();
                refused.assert_problem(405, "method_not_allowed");
                let named: BTreeSet<&str> = refused
                    .header("allow")
                    .unwrap_or_else(|| panic!("no Allow: {refused}"))
                    .split(',')
                    .map(str::trim)
                    .filter(|method| !matches!(*method, "HEAD" | "OPTIONS"))
                    .collect();
                assert_eq!(named, methods, "{refused}");
            }
        }
    }
}

#[test]
fn pages_of_a_permitted_origin_may_call_and_others_may_not() {
    if !stack::is_own() {
        eprintln!("skipped: a stage may permit other origins");
        return;
    }
    let of_page = |method, path, origin| Anonymous.request(method, path).header("origin", origin);
    for (origin, permitted) in [(stack::PAGES, Some(stack::PAGES)), ("https://a.example", None)] {
        for answer in [
            of_page("GET", "/api/health/", origin).send(),
            of_page("GET", "/api/auth/me/", origin).send(),
            of_page("GET", "/nowhere/", origin).send(),
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), permitted, "{answer}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{answer}");
        }
    }
    let asked = of_page("OPTIONS", "/api/doctors/", stack::PAGES)
        .header("access-control-request-method", "POST")
        .send()
        .expect_status(204);
    assert_eq!(asked.header("access-control-allow-methods"), Some("GET, POST"));
    of_page("OPTIONS", "/api/doctors/", stack::PAGES)
        .send()
        .assert_problem(405, "method_not_allowed");
}

fn bare(path: &str) -> &str {
    path.trim_end_matches('/')
}
