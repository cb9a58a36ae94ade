//! Nothing that is secret, or about a person, ever reaches the log.

use serde_json::{Value, json};

use crate::client::{Actor, Anonymous, Bearer, User};
use crate::clinic::{doctor, newcomer, patient, patient_path, unique};
use crate::json::with;
use crate::stack;

#[test]
fn what_clients_send_is_in_no_log_line() {
    if !stack::is_own() {
        eprintln!("skipped: the log of another stack cannot be read");
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
    let history = with(&patient(), "medical_history", unique("Canary"));
    let patient = with(&history, "first_name", unique("Canary"));
    let patient = user.post("/api/patients/", &patient).expect_status(201).json;
    user.assign(&doctor, &patient).expect_status(201);

    let mut tokens = vec![user.access.clone(), user.refresh.clone()];
    let refreshed = Anonymous.post("/api/auth/refresh/", &json!({"refresh": user.refresh}));
    tokens.extend(["access", "refresh"].map(|it| text(&refreshed.json[it])));
    let statuses = go_wrong(&user, &account, &patient);
    assert!(statuses.contains(&401) && statuses.contains(&400));
    Anonymous.post("/api/auth/password/reset/", &json!({"email": account["email"]}));
    tokens.extend(
        stack::mails()
            .iter()
            .filter(|mail| mail.contains("canary"))
            .map(|mail| mail.lines().find(|line| line.len() == 43).expect("a token").to_owned()),
    );
    let last = user.get("/api/auth/me/").expect_status(200);
    assert!(last.text.contains("canary"));

    // A token's parts as well: the payload names nobody, but a signature lets one in.
    let parts = tokens.iter().flat_map(|token| token.split('.')).filter(|part| part.len() > 20);
    let canaries: Vec<&str> =
        ["canary", "Canary", "not the password"].into_iter().chain(parts).collect();
    let log = stack::log();
    assert!(log.contains("\"operation\":\"auth-me\""), "the log is not that of the functions");
    for line in log.lines() {
        for canary in &canaries {
            assert!(!line.contains(canary), "{canary} in\n{line}");
        }
    }
}

/// Everything that may be answered with an error, which is when logs are tempted to say more.
fn go_wrong(user: &User, account: &Value, patient: &Value) -> Vec<u16> {
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
    let strange = with(&newcomer(), &canary, "x");
    statuses.push(Anonymous.post("/api/auth/register/", &strange).status);
    statuses
        .push(Anonymous.request("POST", "/api/auth/login/").body(canary.as_str()).send().status);
    statuses.push(Bearer(&canary).get("/api/auth/me/").status);
    statuses.push(Anonymous.get(&format!("/api/{canary}/")).status);
    statuses.push(user.get(&format!("/api/patients/?search={canary}")).status);
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
