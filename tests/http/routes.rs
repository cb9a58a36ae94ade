//! Paths with and without their final slash, unknown paths and methods, CORS.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::client::{Actor, Anonymous, User};
use crate::clinic::{
    NOBODY, doctor, doctor_path, doctors_of, newcomer, patient, patient_path, patients_of,
};
use crate::json::members;
use crate::operations::operations;
use crate::stack;

#[test]
fn health_returns_ok() {
    let health = Anonymous.get("/api/health/").expect_status(200).json;
    assert_eq!(members(&health), ["status", "version"]);
    assert_eq!(health["status"], "ok");
    assert!(health["version"].is_string());
}

#[test]
fn get_works_without_the_final_slash() {
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
        let without = staff.get(without_slash(&path)).expect_status(200);
        assert_eq!(with_slash.json, without.json);
    }
    // Other tests add to these lists at the same time, so their results are not compared.
    for path in ["/api/doctors/", "/api/patients/", "/api/doctor/mappings/"] {
        for path in [path, without_slash(path)] {
            let page = staff.get(&format!("{path}?limit=1")).expect_status(200);
            assert_eq!(members(&page.json), ["next", "results"]);
        }
    }
}

#[test]
fn changes_work_without_the_final_slash() {
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
    let assignment = format!("/api/doctor/mappings/{}/{}", second["id"], first["id"]);
    let remove = format!("/api/doctor/mappings/{}/remove", second["id"]);
    let body = json!({"doctor_id": first["id"], "patient_id": second["id"]});
    let change = json!({"first_name": "Ada"});

    staff.put(without_slash(&first_path), &doctor()).expect_status(200);
    staff.patch(without_slash(&first_path), &change).expect_status(200);
    staff.put(without_slash(&second_path), &patient()).expect_status(200);
    staff.patch(without_slash(&second_path), &change).expect_status(200);
    staff.post("/api/doctor/mappings", &body).expect_status(201);
    staff.post(&remove, &json!({"doctor_id": first["id"]})).expect_status(200);
    staff.post("/api/doctor/mappings", &body).expect_status(201);
    staff.delete(&assignment).expect_status(204);
    staff.delete(without_slash(&first_path)).expect_status(204);
    staff.delete(without_slash(&second_path)).expect_status(204);
}

#[test]
fn unknown_path_is_not_found() {
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
fn unsupported_method_is_refused_with_the_allowed_methods() {
    let mut allowed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for operation in operations() {
        allowed.entry(operation.path).or_default().insert(operation.method);
    }
    for (path, methods) in allowed {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if methods.contains(method) {
                continue;
            }
            for path in [without_slash(&path).to_owned(), format!("{}/", without_slash(&path))] {
                let refused = Anonymous.request(method, &path).send();
                refused.assert_problem(405, "method_not_allowed");
                let allow: BTreeSet<&str> = refused
                    .header("allow")
                    .unwrap_or_else(|| panic!("no Allow: {refused}"))
                    .split(',')
                    .map(str::trim)
                    .filter(|method| !matches!(*method, "HEAD" | "OPTIONS"))
                    .collect();
                assert_eq!(allow, methods, "{refused}");
            }
        }
    }
}

#[test]
fn cors_permits_only_the_configured_origin() {
    if !stack::is_own() {
        eprintln!("skipped: another stack may permit other origins");
        return;
    }
    let from_origin =
        |method, path, origin| Anonymous.request(method, path).header("origin", origin);
    for (origin, permitted) in [(stack::PAGES, Some(stack::PAGES)), ("https://a.example", None)] {
        for answer in [
            from_origin("GET", "/api/health/", origin).send(),
            from_origin("GET", "/api/auth/me/", origin).send(),
            from_origin("GET", "/nowhere/", origin).send(),
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), permitted, "{answer}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{answer}");
        }
    }
    let preflight = from_origin("OPTIONS", "/api/doctors/", stack::PAGES)
        .header("access-control-request-method", "POST")
        .send()
        .expect_status(204);
    let methods = Some("GET, HEAD, OPTIONS, POST");
    assert_eq!(preflight.header("access-control-allow-methods"), methods);
    let options = from_origin("OPTIONS", "/api/doctors/", stack::PAGES).send().expect_status(204);
    assert_eq!(options.header("allow"), methods);
    assert_eq!(options.header("access-control-allow-methods"), None);
}

#[test]
fn head_returns_the_headers_of_get() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    for path in [
        "/api/health/".to_owned(),
        "/api/auth/me/".to_owned(),
        "/api/openapi.json".to_owned(),
        doctor_path(&doctor),
        patient_path(&patient),
        doctors_of(&patient),
        doctor_path(&json!({"id": NOBODY})),
    ] {
        let get = staff.get(&path);
        let head = staff.request("HEAD", &path).send();
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{head}");
        let length = get.text.len().to_string();
        assert_eq!(head.header("content-length"), Some(length.as_str()), "{head}");
        for name in ["accept-patch", "cache-control", "content-type", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{name}: {head}");
        }
    }
}

fn without_slash(path: &str) -> &str {
    path.trim_end_matches('/')
}
