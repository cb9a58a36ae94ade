//! A fresh table, a clock that a test sets, people who are signed in, and events to call handlers with.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "that is how a test fails"
)]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use futures_util::future::join_all;
use lambda_http::{Body, Context, RequestExt, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::emulator::{self, Emulator};
use super::template::{Template, repository};
use crate::app::App;
use crate::auth::minter::Minter;
use crate::config::{Config, DynamoDb, Tokens};
use crate::model::doctor::{Doctor, DoctorDetails};
use crate::model::id::{Id, UserId};
use crate::model::patient::{Patient, PatientDetails};
use crate::model::record::{Details, Record};
use crate::model::session::Session;
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User};
use crate::request::Request;
use crate::runtime::{self, Reply};
use crate::table::{Assign, Created, NewUser, Registered, client};

/// When every test begins: 31 January 2026, noon.
const BEGINNING: &str = "2026-01-31T12:00:00.000Z";

/// Everything a function holds, over a table of its own.
pub struct World {
    pub app: App,
    /// The same DynamoDB, for looking at what is in the tables.
    pub dynamodb: Client,
    pub minter: Arc<Minter>,
    clock: Arc<AtomicI64>,
    _emulator: Emulator,
}

/// Somebody with an account and a session.
pub struct Actor {
    pub user: User,
    /// A valid access token.
    pub token: SecretString,
}

/// Runs a test in a world of its own.
pub fn run(test: impl AsyncFnOnce(World)) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(async { test(World::new().await).await });
}

/// Lets several calls run at the same time; their answers, in the order of the calls.
pub async fn together<T>(calls: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    join_all(calls).await
}

impl World {
    async fn new() -> Self {
        let emulator = Emulator::in_memory().await.expect("an emulator");
        let dynamodb = DynamoDb {
            endpoint: Some(emulator.endpoint()),
            region: "us-east-1".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".into(),
            session_token: None,
        };
        let template = Template::load().expect("template.yaml");
        let raw = client(&dynamodb);
        emulator::create_tables(&raw, &template).await.expect("the tables");

        let beginning: Timestamp = serde_json::from_value(json!(BEGINNING)).expect("a time");
        let clock = Arc::new(AtomicI64::new(beginning.as_millisecond()));
        let hands = clock.clone();
        let config = Config {
            dynamodb,
            table_name: emulator::TABLE_NAME.to_owned(),
            keys_table_name: emulator::KEYS_TABLE_NAME.to_owned(),
            tokens: Tokens {
                issuer: "healthcare".to_owned(),
                audience: "healthcare-api".to_owned(),
            },
        };
        let read = move || Timestamp::from_millisecond(hands.load(Ordering::Relaxed));
        let secret = SecretString::from("a secret of a test, long enough to be one");
        Self {
            app: App::with_clock(config, Box::new(read)),
            dynamodb: raw,
            minter: Arc::new(Minter::new(&secret).expect("a key")),
            clock,
            _emulator: emulator,
        }
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        let millisecond = i64::try_from(duration.as_millis()).expect("a short while");
        self.clock.fetch_add(millisecond, Ordering::Relaxed);
    }

    /// An account of this role, signed in. Its name is the role's, its password hash nobody's.
    pub async fn actor(&self, role: Role) -> Actor {
        let name = format!("{role:?}").to_lowercase();
        self.actor_named(&name, role).await
    }

    pub async fn actor_named(&self, name: &str, role: Role) -> Actor {
        let new = NewUser {
            username: name.parse().expect("a username"),
            email: format!("{name}@example.com").parse().expect("an email"),
            password_hash: "nobody's".into(),
            role,
            first_is_admin: false,
        };
        let registered = self.app.table().register(new, self.app.now()).await.expect("a table");
        let Registered::Done(user) = registered else { panic!("{name} is taken") };
        let token = self.sign_in(&user).await;
        Actor { user, token }
    }

    /// A new session's access token.
    pub async fn sign_in(&self, user: &User) -> SecretString {
        let id = self.app.random_text::<16>().expect("randomness");
        let session = Session::open(user, id, self.app.now());
        self.app.table().open_session(&session).await.expect("a table");
        self.minter.mint(&self.app, user.id, session.id).await.expect("a token").token
    }

    /// A doctor; `n` makes the unique fields unique, and sorts the names as it sorts.
    pub async fn doctor(&self, n: u32) -> Doctor {
        self.record::<DoctorDetails>(json!({
            "first_name": "Grace", "last_name": format!("Okafor {n:03}"), "email": format!("grace.{n}@example.com"),
            "phone_number": "+442079460123", "specialization": "Internal Medicine",
            "license_number": format!("LIC-{n}"), "years_of_experience": 12,
        }))
        .await
    }

    /// A patient with a history; `n` is in the name.
    pub async fn patient(&self, n: u32) -> Patient {
        self.record::<PatientDetails>(json!({
            "first_name": "Jane", "last_name": format!("Roe {n:03}"), "date_of_birth": "1985-04-12",
            "gender": "Female", "contact_number": "+12025550147", "address": "12 Elm Street",
            "medical_history": "Asthma since childhood.",
        }))
        .await
    }

    async fn record<D: Details>(&self, details: Value) -> Record<D> {
        let object = details.as_object().expect("an object").clone();
        let details = D::parse(object, self.app.now().latest_date()).expect("valid details");
        match self.app.table().create(details, self.app.now()).await.expect("a table") {
            Created::Done(record) => record,
            Created::Taken(errors) => panic!("{errors:?}"),
        }
    }

    /// Assigns a doctor to a patient.
    pub async fn assign(&self, doctor: &Doctor, patient: &Patient) {
        let by = UserId::new(1).expect("an id");
        let table = self.app.table();
        let outcome = table.assign(doctor.id, patient.id, by, self.app.now()).await;
        assert!(matches!(outcome.expect("a table"), Assign::New(_)));
    }

    /// Fails the test unless the handler refuses whoever is not signed in, and whoever is pending.
    pub async fn expect_staff_only<H>(&self, handler: H, event: Event)
    where
        H: Fn(App, Request) -> Reply + Clone,
    {
        let pending = self.actor(Role::Pending).await;
        self.expect_signed_in_only(handler.clone(), event.clone()).await;
        self.call(handler, event.by(&pending)).await.expect_problem(403, "permission_denied");
    }

    /// Fails the test unless the handler refuses whoever is not signed in.
    pub async fn expect_signed_in_only<H>(&self, handler: H, event: Event)
    where
        H: Fn(App, Request) -> Reply + Clone,
    {
        let answer = self.call(handler.clone(), event.clone()).await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"api\""));
        answer.expect_problem(401, "not_authenticated");
        let answer = self.call(handler, event.bearer("a.b.c")).await;
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some("Bearer realm=\"api\", error=\"invalid_token\""));
        answer.expect_problem(401, "token_not_valid");
    }

    /// Calls a handler, made ready by `runtime::signed_in` or `runtime::public`, as the runtime does.
    pub async fn call<H>(&self, handler: H, event: Event) -> Answer
    where
        H: Fn(App, Request) -> Reply,
    {
        Answer::of(runtime::answer(self.app.clone(), handler, event.into_request()).await)
    }
}

impl Actor {
    pub fn id(&self) -> UserId {
        self.user.id
    }
}

/// A file of `events/`, to be altered before it is sent.
#[derive(Clone)]
pub struct Event(Map<String, Value>);

impl Event {
    /// `events/<name>.json`
    pub fn of(name: &str) -> Self {
        let path = repository().join("events").join(name).with_extension("json");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        Self(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}")))
            .without_header("authorization")
    }

    /// Sent by this person.
    pub fn by(self, actor: &Actor) -> Self {
        self.bearer(actor.token.expose_secret())
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        let mut event = self.without_header(name);
        event.object("headers").insert(name.to_owned(), json!(value));
        event.object("multiValueHeaders").insert(name.to_owned(), json!([value]));
        event
    }

    pub fn without_header(mut self, name: &str) -> Self {
        for headers in ["headers", "multiValueHeaders"] {
            self.object(headers).retain(|key, _| !key.eq_ignore_ascii_case(name));
        }
        self
    }

    pub fn method(mut self, method: &str) -> Self {
        self.0.insert("httpMethod".to_owned(), json!(method));
        self.object("requestContext").insert("httpMethod".to_owned(), json!(method));
        self
    }

    pub fn path(mut self, path: &str) -> Self {
        self.0.insert("path".to_owned(), json!(path));
        self
    }

    pub fn path_parameter(mut self, name: &str, value: impl ToString) -> Self {
        self.object("pathParameters").insert(name.to_owned(), json!(value.to_string()));
        self
    }

    /// In place of the query that the file has.
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        let single = parameters.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
        let multiple = parameters.iter().map(|(k, v)| (k.to_string(), json!([v]))).collect();
        self.0.insert("queryStringParameters".to_owned(), Value::Object(single));
        self.0.insert("multiValueQueryStringParameters".to_owned(), Value::Object(multiple));
        self
    }

    pub fn json(self, body: Value) -> Self {
        self.text(&body.to_string())
    }

    pub fn text(mut self, body: &str) -> Self {
        self.0.insert("body".to_owned(), json!(body));
        self
    }

    /// The file's own body with these fields in place of its own.
    pub fn with(self, fields: Value) -> Self {
        let mut body: Map<String, Value> =
            serde_json::from_str(self.0["body"].as_str().expect("a body")).expect("an object");
        body.extend(fields.as_object().expect("an object").clone());
        self.json(Value::Object(body))
    }

    fn object(&mut self, name: &str) -> &mut Map<String, Value> {
        let value = self.0.entry(name.to_owned()).or_insert(Value::Null);
        if value.is_null() {
            *value = json!({});
        }
        value.as_object_mut().expect("an object")
    }

    fn into_request(self) -> lambda_http::Request {
        let text = Value::Object(self.0).to_string();
        let request = lambda_http::request::from_str(&text).expect("an event");
        let mut context = Context::default();
        context.request_id = "a-request".to_owned();
        request.with_lambda_context(context)
    }
}

/// What a handler answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// `null` if there is none.
    pub body: Value,
    response: Response<Body>,
}

impl Answer {
    fn of(response: Response<Body>) -> Self {
        let body = match response.body() {
            Body::Text(text) => serde_json::from_str(text).expect("JSON"),
            _ => Value::Null,
        };
        Self { status: response.status().as_u16(), body, response }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().expect("ASCII"))
    }

    /// Fails the test unless the answer has this status; gives its body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Fails the test unless the answer is this problem; gives its body.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{}", self.body);
        assert_eq!(self.body["request_id"], "a-request");
        self.body
    }
}
