//! Invalid bodies and ids: every operation refuses them with the documented 4xx.

use serde_json::{Value, json};

use crate::client::{Actor, Anonymous, Request, User};
use crate::clinic::{NOBODY, doctor, doctor_path, newcomer, patient, patient_path};
use crate::json::{members, with, without};

/// The maximum size of a body in bytes.
const LIMIT: usize = 64 * 1024;

/// One of them is required.
const NAMES: [&str; 2] = ["first_name", "last_name"];

/// An operation with a body, and a valid body for it.
struct Operation {
    method: &'static str,
    path: String,
    body: Value,
    /// Members of the body that may be null or absent.
    optional: &'static [&'static str],
    /// Members of the body that may be null, but not absent.
    nullable: &'static [&'static str],
}

impl Operation {
    fn new(method: &'static str, path: &str, body: Value) -> Self {
        let (optional, nullable): (&[&str], &[&str]) = if path.starts_with("/api/patients/") {
            (
                &["first_name", "last_name", "medical_history", "emergency_number"],
                &["date_of_birth", "contact_number", "address"],
            )
        } else if path.starts_with("/api/doctors/") {
            (&NAMES, &[])
        } else {
            (&[], &[])
        };
        Self { method, path: path.to_owned(), body, optional, nullable }
    }

    fn request_by(&self, staff: &User) -> Request {
        staff.request(self.method, &self.path)
    }
}

fn operations(staff: &User) -> Vec<Operation> {
    let (known_doctor, known_patient) = (staff.new_doctor(), staff.new_patient());
    let account = newcomer();
    let assignment = json!({"doctor_id": known_doctor["id"], "patient_id": known_patient["id"]});
    let remove = format!("/api/doctor/mappings/{}/remove/", known_patient["id"]);
    vec![
        Operation::new("POST", "/api/auth/register/", account.clone()),
        Operation::new("POST", "/api/auth/login/", without(&account, "email")),
        Operation::new("POST", "/api/doctors/", doctor()),
        Operation::new("PUT", &doctor_path(&known_doctor), doctor()),
        Operation::new("PATCH", &doctor_path(&known_doctor), doctor()),
        Operation::new("POST", "/api/patients/", patient()),
        Operation::new("PUT", &patient_path(&known_patient), patient()),
        Operation::new("PATCH", &patient_path(&known_patient), patient()),
        Operation::new("POST", "/api/doctor/mappings/", assignment.clone()),
        Operation::new("POST", &remove, without(&assignment, "patient_id")),
    ]
}

#[test]
fn body_must_be_a_json_object() {
    let staff = User::staff();
    for operation in operations(&staff) {
        for body in [
            "", " ", "[]", "null", "true", "5", "\"x\"", "{", "{\"a\":}", "{}{}", "{'a': 1}",
            "<a/>",
        ] {
            let request = operation.request_by(&staff);
            let request = request.header("content-type", "application/json");
            let refused = request.body(body).send();
            refused.assert_problem(400, "invalid_body");
        }
    }
}

#[test]
fn field_of_the_wrong_type_is_refused() {
    let staff = User::staff();
    for operation in operations(&staff) {
        for field in members(&operation.body) {
            let mut wrong = vec![json!(true), json!([]), json!({}), json!(1.5)];
            wrong.push(match &operation.body[field] {
                Value::Number(_) => json!("abc"),
                _ => json!(5),
            });
            if !operation.optional.contains(&field) && !operation.nullable.contains(&field) {
                wrong.push(Value::Null);
            }
            for value in wrong {
                let body = with(&operation.body, field, value);
                operation.request_by(&staff).json(&body).send().assert_invalid(&[field]);
            }
        }
    }
}

#[test]
fn every_missing_field_is_reported() {
    let staff = User::staff();
    for operation in operations(&staff) {
        if operation.method == "PATCH" {
            continue;
        }
        let mut required = members(&operation.body);
        required.retain(|field| !operation.optional.contains(field));

        let names = NAMES.into_iter().filter(|name| operation.optional.contains(name));
        let missing: Vec<&str> = required.iter().copied().chain(names).collect();
        let empty = operation.request_by(&staff).json(&json!({})).send();
        empty.assert_invalid(&missing);
        for field in required {
            let body = without(&operation.body, field);
            operation.request_by(&staff).json(&body).send().assert_invalid(&[field]);
        }
    }
}

#[test]
fn unknown_field_is_refused() {
    let staff = User::staff();
    for operation in operations(&staff) {
        let body = with(&operation.body, "nonsense", 1);
        operation.request_by(&staff).json(&body).send().assert_invalid(&["nonsense"]);
    }
}

#[test]
fn field_twice_is_refused() {
    let staff = User::staff();
    for operation in operations(&staff) {
        let field = members(&operation.body)[0];
        let body = operation.body.to_string();
        let twice = format!("{{\"{field}\": null, {}", body.trim_start_matches('{'));
        let request = operation.request_by(&staff).header("content-type", "application/json");
        request.body(twice).send().assert_problem(400, "invalid_body");
    }
}

#[test]
fn unknown_parameter_is_refused() {
    let staff = User::staff();
    for operation in operations(&staff) {
        let path = format!("{}?colour=red&size=", operation.path);
        let refused = staff.request(operation.method, &path).json(&operation.body).send();
        refused.assert_problem(400, "invalid_query").assert_errors(&["colour"]);
    }
    let doctor = doctor_path(&staff.new_doctor());
    for path in ["/api/auth/me/", "/api/doctors/", "/api/doctor/mappings/", doctor.as_str()] {
        let refused = staff.get(&format!("{path}?colour=red&size="));
        refused.assert_problem(400, "invalid_query").assert_errors(&["colour"]);
        staff.get(&format!("{path}?colour=&size")).expect_status(200);
    }
    staff.delete(&format!("{doctor}?colour=red")).assert_problem(400, "invalid_query");
    let both = staff.get("/api/patients/?colour=red&limit=0");
    both.assert_problem(400, "invalid_query").assert_errors(&["colour", "limit"]);
    Anonymous.get("/api/auth/me/?colour=red").assert_problem(401, "not_authenticated");
    Anonymous.get("/api/health/?colour=red").expect_status(200);
}

#[test]
fn every_problem_of_a_body_is_reported_at_once() {
    let staff = User::staff();
    let body = json!({
        "first_name": 5,
        "last_name": "x".repeat(101),
        "email": "nobody",
        "years_of_experience": "many",
        "nonsense": true,
    });
    staff.post("/api/doctors/", &body).assert_invalid(&[
        "email",
        "first_name",
        "last_name",
        "license_number",
        "nonsense",
        "phone_number",
        "specialization",
        "years_of_experience",
    ]);
}

#[test]
fn id_in_a_body_must_be_a_positive_integer_below_2_to_the_53() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let (doctor, patient) = (&doctor["id"], &patient["id"]);
    let remove = format!("/api/doctor/mappings/{patient}/remove/");
    for bad in [
        r#""abc""#,
        r#""1""#,
        "-1",
        "0",
        "1.5",
        "9007199254740992",
        "9223372036854775808",
        "18446744073709551616",
        "1e400",
        "true",
        "null",
        "[1]",
    ] {
        for (path, field, body) in [
            (
                "/api/doctor/mappings/",
                "doctor_id",
                format!(r#"{{"doctor_id": {bad}, "patient_id": {patient}}}"#),
            ),
            (
                "/api/doctor/mappings/",
                "patient_id",
                format!(r#"{{"doctor_id": {doctor}, "patient_id": {bad}}}"#),
            ),
            (remove.as_str(), "doctor_id", format!(r#"{{"doctor_id": {bad}}}"#)),
        ] {
            let request = staff.request("POST", path).body(body);
            let refused = request.header("content-type", "application/json").send();
            refused.assert_problem(400, "invalid_body");
            // A parser may refuse a number as large as 1e400, before the field is known.
            if bad != "1e400" {
                refused.assert_errors(&[field]);
            }
        }
    }
}

#[test]
fn unknown_id_in_a_body_is_not_found() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let remove = format!("/api/doctor/mappings/{}/remove/", patient["id"]);
    for (path, body) in [
        ("/api/doctor/mappings/", json!({"doctor_id": NOBODY, "patient_id": patient["id"]})),
        ("/api/doctor/mappings/", json!({"doctor_id": doctor["id"], "patient_id": NOBODY})),
        (remove.as_str(), json!({"doctor_id": NOBODY})),
    ] {
        staff.post(path, &body).assert_problem(404, "not_found");
    }
}

#[test]
fn invalid_id_in_a_path_is_not_found() {
    let staff = User::staff();
    let known = staff.new_doctor();
    let removal = json!({"doctor_id": known["id"]});
    for id in [
        "abc",
        "-1",
        "0",
        "1.5",
        "1e3",
        "%00",
        "%20",
        "%F0%9F%A6%80",
        "9007199254740992",
        "9223372036854775808",
    ] {
        let doctor_path = format!("/api/doctors/{id}/");
        let patient_path = format!("/api/patients/{id}/");
        for answer in [
            staff.get(&doctor_path),
            staff.put(&doctor_path, &doctor()),
            staff.patch(&doctor_path, &json!({"first_name": "Ada"})),
            staff.delete(&doctor_path),
            staff.get(&format!("/api/doctors/{id}/patients/")),
            staff.get(&patient_path),
            staff.put(&patient_path, &patient()),
            staff.patch(&patient_path, &json!({"first_name": "Ada"})),
            staff.delete(&patient_path),
            staff.get(&format!("/api/doctor/mappings/{id}/")),
            staff.post(&format!("/api/doctor/mappings/{id}/remove/"), &removal),
            staff.delete(&format!("/api/doctor/mappings/{id}/{}/", known["id"])),
            staff.delete(&format!("/api/doctor/mappings/{NOBODY}/{id}/")),
        ] {
            answer.assert_problem(404, "not_found");
        }
    }
}

#[test]
fn body_over_64_kib_is_refused() {
    let staff = User::staff();
    for operation in operations(&staff) {
        let frame = json!({"nonsense": ""}).to_string().len();
        for (size, fits) in [(LIMIT, true), (LIMIT + 1, false), (65 * 1024 + 1, false)] {
            let body = json!({"nonsense": "x".repeat(size - frame)});
            let refused = operation.request_by(&staff).json(&body).send();
            if fits {
                refused.assert_problem(400, "invalid_body");
            } else {
                refused.assert_problem(413, "payload_too_large");
            }
        }
    }
}

#[test]
fn other_content_types_are_refused() {
    let staff = User::staff();
    for operation in operations(&staff) {
        for kind in [
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "application/xml",
            "application/jsonp",
            "json",
        ] {
            let request = operation.request_by(&staff).header("content-type", kind);
            let refused = request.body(operation.body.to_string()).send();
            refused.assert_problem(415, "unsupported_media_type");
        }
    }
}

#[test]
fn content_type_is_optional_and_may_have_a_charset() {
    let staff = User::staff();
    let request = || staff.request("POST", "/api/patients/");
    let body = || patient().to_string();
    request().body(body()).send().expect_status(201);
    for kind in
        ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
    {
        let typed = request().header("content-type", kind).body(body());
        typed.send().expect_status(201);
    }
}

#[test]
fn malformed_forwarded_scheme_is_ignored() {
    let request = Anonymous.request("GET", "/api/health/");
    request.header("x-forwarded-proto", "a b").send().expect_status(200);
}

#[test]
fn register_refuses_privileged_fields() {
    for (field, value) in [("role", "admin"), ("id", "1"), ("is_staff", "true")] {
        let account = with(&newcomer(), field, value);
        Anonymous.post("/api/auth/register/", &account).assert_invalid(&[field]);
    }
}
