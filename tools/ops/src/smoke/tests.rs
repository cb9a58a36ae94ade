//! Smoke tests of a fake API that fails in one call. `tests/http/smoke.rs` does the same with the real API.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use repo::template::{TABLE_NAMES, Template};
use serde_json::{Value, json};
use shared::model::email::Email;
use shared::model::timestamp::Timestamp;
use shared::model::user::{Role, User};
use shared::model::username::Username;
use shared::store::ImportedUser;
use shared::store::client;
use shared::testing::emulator::{self, Emulator, create_tables};
use tokio::net::TcpListener;

use super::*;

/// An API that answers every call correctly except one.
struct Fake {
    url: String,
    store: Store,
    calls: Arc<Mutex<Vec<String>>>,
    /// The account that signed in, as it was then.
    signed_in: Arc<Mutex<Option<User>>>,
    _emulator: Emulator,
}

#[derive(Clone)]
struct Double {
    store: Store,
    calls: Arc<Mutex<Vec<String>>>,
    signed_in: Arc<Mutex<Option<User>>>,
    /// The call that gets a wrong answer: its status and body.
    wrong: (&'static str, u16, &'static str),
}

impl Fake {
    async fn start(wrong: (&'static str, u16, &'static str)) -> Self {
        let emulator = Emulator::in_memory().await.unwrap();
        let client = client(&emulator::settings(emulator.endpoint()));
        create_tables(&client, &Template::load().unwrap()).await.unwrap();
        let store = Store::new(client, TABLE_NAMES.map(str::to_owned));
        let (calls, signed_in) = (Arc::default(), Arc::default());
        let state = Double {
            store: store.clone(),
            calls: Arc::clone(&calls),
            signed_in: Arc::clone(&signed_in),
            wrong,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/stage/", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(state);
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, store, calls, signed_in, _emulator: emulator }
    }

    async fn role_and_activity(&self) -> Option<(Role, bool)> {
        let username = self.signed_in().username.unique_form();
        let user = self.store.accounts().named(&username).await.unwrap();
        user.map(|user| (user.role, user.active))
    }

    fn signed_in(&self) -> User {
        self.signed_in.lock().unwrap().clone().unwrap()
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

async fn answer(State(double): State<Double>, request: Request) -> Response {
    let call = format!("{} {}", request.method(), request.uri().path());
    double.calls.lock().unwrap().push(call.clone());
    if call.starts_with("DELETE ") {
        assert_eq!(request.headers()["if-match"], "*");
    }
    let (wrong, status, body) = double.wrong;
    if call == wrong {
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    let (status, body) = match call.as_str() {
        "POST /stage/api/auth/register/" => match body_of(request).await["username"].as_str() {
            Some(username) => {
                register(&double, username).await;
                (201, json!({ "message": "", "user": { "role": "pending" } }))
            }
            None => (400, json!({ "errors": { "username": ["is required"] } })),
        },
        "POST /stage/api/auth/login/" => {
            let credentials = body_of(request).await;
            let username = credentials["username"].as_str().unwrap();
            let user = double.store.accounts().named(username).await.unwrap();
            *double.signed_in.lock().unwrap() = user;
            (200, json!({ "access": "a token" }))
        }
        "POST /stage/api/doctors/" => (201, json!({ "id": 7 })),
        "POST /stage/api/patients/" => (201, json!({ "id": 9 })),
        "POST /stage/api/doctor/mappings/" => (201, json!({ "doctor_id": 7, "patient_id": 9 })),
        "GET /stage/api/doctor/mappings/" => (200, json!({ "results": [] })),
        "GET /stage/api/doctor/mappings/9/" => (200, json!({ "results": [{ "id": 7 }] })),
        "POST /stage/api/doctor/mappings/9/remove/" => (200, json!({ "message": "" })),
        "DELETE /stage/api/doctors/7/" | "DELETE /stage/api/patients/9/" => (204, Value::Null),
        other => panic!("unexpected call: {other}"),
    };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

async fn body_of(request: Request) -> Value {
    let bytes = axum::body::to_bytes(request.into_body(), 10_000).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

async fn register(double: &Double, username: &str) {
    let user = ImportedUser {
        username: username.parse::<Username>().unwrap(),
        email: format!("{username}@clinic.example").parse::<Email>().unwrap(),
        password_hash: None,
        role: Role::Pending,
        active: true,
        email_verified: false,
        created_at: Timestamp::system(),
    };
    double.store.operator().import_user(user, Timestamp::system()).await.unwrap();
}

#[tokio::test]
async fn working_api_is_left_unchanged() {
    let fake = Fake::start(("", 0, "")).await;
    smoke(&fake.url, &fake.store, Account::Imported).await.unwrap();
    assert_eq!(fake.role_and_activity().await, Some((Role::Pending, false)));
    let calls = fake.calls();
    let last: Vec<_> = calls.iter().rev().take(2).collect();
    assert_eq!(last, ["DELETE /stage/api/doctors/7/", "DELETE /stage/api/patients/9/"]);
    assert_eq!(calls.len(), 10);
}

#[tokio::test]
async fn imported_account_can_sign_in_under_every_rule() {
    let fake = Fake::start(("", 0, "")).await;
    smoke(&fake.url, &fake.store, Account::Imported).await.unwrap();
    let user = fake.signed_in();
    assert!(user.active && user.email_verified && user.imported, "{user:?}");
    assert_eq!(user.role, Role::Staff);
}

#[tokio::test]
async fn registered_account_is_promoted_and_deactivated() {
    let fake = Fake::start(("", 0, "")).await;
    smoke(&fake.url, &fake.store, Account::Registered).await.unwrap();
    assert_eq!(fake.signed_in().role, Role::Staff);
    assert_eq!(fake.role_and_activity().await, Some((Role::Pending, false)));
    assert_eq!(fake.calls().len(), 10);
}

#[tokio::test]
async fn failed_call_is_named_and_everything_is_still_removed() {
    let problem = r#"{"code": "permission_denied", "detail": "You may not do this."}"#;
    let fake = Fake::start(("GET /stage/api/doctor/mappings/", 403, problem)).await;
    let error = smoke(&fake.url, &fake.store, Account::Imported).await.unwrap_err().to_string();
    let call = format!("GET {}api/doctor/mappings/", fake.url);
    assert_eq!(error, format!("{call} answered 403, permission_denied: You may not do this."));
    assert_eq!(fake.role_and_activity().await, Some((Role::Pending, false)));
    assert!(fake.calls().contains(&"DELETE /stage/api/doctors/7/".to_owned()));
    assert!(fake.calls().contains(&"DELETE /stage/api/patients/9/".to_owned()));
}

#[tokio::test]
async fn answer_that_is_not_a_problem_is_quoted() {
    let fake = Fake::start(("POST /stage/api/auth/register/", 403, "Forbidden")).await;
    let error = smoke(&fake.url, &fake.store, Account::Imported).await.unwrap_err().to_string();
    assert!(error.ends_with("api/auth/register/ answered 403, Forbidden"), "{error}");
    // Nothing was created, so nothing is deleted.
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn success_status_with_the_wrong_body_is_a_failure() {
    let call = "POST /stage/api/doctor/mappings/";
    let fake = Fake::start((call, 201, r#"{"doctor_id": 8, "patient_id": 9}"#)).await;
    let error = smoke(&fake.url, &fake.store, Account::Imported).await.unwrap_err().to_string();
    assert!(error.ends_with("api/doctor/mappings/ answered 201 without the mapping"), "{error}");
}

#[tokio::test]
async fn records_left_behind_are_named() {
    let fake = Fake::start(("DELETE /stage/api/patients/9/", 503, "")).await;
    let error = smoke(&fake.url, &fake.store, Account::Imported).await.unwrap_err().to_string();
    assert!(error.starts_with("api/patients/9/ is left behind (DELETE http"), "{error}");
    // The rest is still removed.
    assert!(fake.calls().contains(&"DELETE /stage/api/doctors/7/".to_owned()));
    assert_eq!(fake.role_and_activity().await, Some((Role::Pending, false)));
}
