//! The log contains no secrets and no personal data: a test sends marked texts and searches the log for them.

use serde_json::{Value, json};

use crate::client::{Actor, Anonymous, Bearer, User};
use crate::clinic::{doctor, newcomer, patient, patient_path, unique};
use crate::json::with;
use crate::stack;

#[test]
fn log_contains_no_personal_data_and_no_secrets() {
    if !stack::is_own() {
        eprintln!("skipped: cannot read the log of another stack");
        return;
    }
    let password = format!("{} brass lantern", unique("canary"));
    let account = json!({
        "username": unique("canary"),
        "email": format!("{}@example.com", unique("canary")),
        "password": password,
    });
    Anonymous.post("/api/auth/register/", &account).expect_status(201);
    let user = User::log_in(&account);
    let doctor = user.post("/api/doctors/", &with(&doctor(), "first_name", unique("Canary")));
    let doctor = doctor.expect_status(201).json;
    let mut patient = patient();
    for field in ["first_name", "last_name", "address", "medical_history"] {
        patient[field] = json!(unique("Canary"));
    }
    patient["former_names"] = json!([unique("Canary")]);
    patient["identifiers"] = json!([{"system": "MRN", "value": unique("Canary")}]);
    let patient = user.post("/api/patients/", &patient).expect_status(201).json;
    user.assign(&doctor, &patient).expect_status(201);

    let mut tokens = vec![user.access.clone(), user.refresh.clone()];
    let refreshed = Anonymous.post("/api/auth/refresh/", &json!({"refresh": user.refresh}));
    tokens.extend(["access", "refresh"].map(|it| text(&refreshed.json[it])));
    let statuses = provoke_errors(&user, &account, &patient);
    assert!(statuses.contains(&401) && statuses.contains(&400));
    Anonymous.post("/api/auth/password/reset/", &json!({"email": account["email"]}));
    tokens.extend(stack::mails().iter().filter(|mail| mail.contains("canary")).map(|mail| {
        mail.lines().find(|line| line.len() == 43).expect("no token in the mail").to_owned()
    }));
    let last = user.get("/api/auth/me/").expect_status(200);
    assert!(last.text.contains("canary"));

    // Also the parts of a token: with the signature in the log, a reader could rebuild the token.
    let parts = tokens.iter().flat_map(|token| token.split('.')).filter(|part| part.len() > 20);
    let canaries: Vec<&str> =
        ["canary", "Canary", "not the password"].into_iter().chain(parts).collect();
    let log = stack::log();
    assert!(log.contains("\"operation\":\"auth-me\""), "the log has no lines of the functions");
    for line in log.lines() {
        for canary in &canaries {
            assert!(!line.contains(canary), "{canary} in\n{line}");
        }
    }
}

/// Sends many requests that are refused, because errors are often logged with details. Returns the statuses.
fn provoke_errors(user: &User, account: &Value, patient: &Value) -> Vec<u16> {
    let canary = unique("canary");
    let login = |name: &str| {
        Anonymous
            .post("/api/auth/login/", &json!({"username": name, "password": "not the password"}))
    };
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(login(&text(&account["username"])).status);
    }
    statuses.push(login(&canary).status);
    statuses.push(Anonymous.post("/api/auth/register/", account).status);
    let unknown_field = with(&newcomer(), &canary, "x");
    statuses.push(Anonymous.post("/api/auth/register/", &unknown_field).status);
    statuses
        .push(Anonymous.request("POST", "/api/auth/login/").body(canary.as_str()).send().status);
    statuses.push(Bearer(&canary).get("/api/auth/me/").status);
    statuses.push(Anonymous.get(&format!("/api/{canary}/")).status);
    for criterion in ["search", "birth_date", "phone", "identifier"] {
        statuses.push(user.get(&format!("/api/patients/?{criterion}={canary}")).status);
        let body = json!({criterion: canary});
        statuses.push(user.post("/api/patients/search/", &body).status);
    }
    statuses.push(user.get(&format!("/api/doctors/?specialization={canary}")).status);
    let named = json!({"last_name": canary, "contact_number": canary});
    statuses.push(user.post("/api/patients/duplicates/", &named).status);
    statuses.push(user.get(&format!("/api/doctors/?cursor={canary}")).status);
    statuses.push(user.get(&format!("/api/patients/{canary}/")).status);
    statuses.push(user.patch(&patient_path(patient), &json!({"gender": canary})).status);
    statuses.push(Anonymous.post("/api/auth/refresh/", &json!({"refresh": canary})).status);
    statuses.push(Anonymous.post("/api/auth/verify/", &json!({"token": canary})).status);
    statuses
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
