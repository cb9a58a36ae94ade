//! A world for one test: new tables, a clock that the test sets, actors who are signed in, and handlers that are called
//! as the runtime calls them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod accounts;
mod care;
mod disclosures;
mod handlers;
mod trail;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use repo::template::{AUDIT_TABLE_NAME, KEYS_TABLE_NAME, TABLE_NAME, TABLE_NAMES};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::access_page::{permitted, refusal};
use super::actor::Actor;
use super::calls::Calls;
use super::emulator::{self, Emulator};
use super::event::{self, Event};
use super::faults::{self, Fault, When};
use super::sample::Sample;
use super::settings::RECORD_SETTINGS;
use super::steps;
use super::template;
use crate::access::{Act, Granted};
use crate::app::{App, Rules};
use crate::auth::minter::Minter;
use crate::config::{self, Audit, Config, DynamoDb, Tokens};
use crate::context::Context;
use crate::cursor::Cursors;
use crate::dynamo::{self, Item, Key, client};
use crate::endpoint::Endpoint;
use crate::model::doctor::Doctor;
use crate::model::id::UserId;
use crate::model::patient::Patient;
use crate::model::record::Record;
use crate::model::timestamp::Timestamp;
use crate::model::user::Role;
use crate::response::{self, ApiResult};
use crate::store::{CursorKey, ReadOwnAccount, RecordActs, Store};
use crate::system::System;

pub use handlers::{
    Handler, protected, protected_after, protected_with, public, public_recorded, public_with,
    without_app,
};

/// The moment at which every test begins: 31 January 2026, noon.
const BEGINNING: &str = "2026-01-31T12:00:00.000Z";

/// How long the rows of the audit trail stay.
const AUDIT_RETENTION: Duration = Duration::from_secs(395 * 24 * 60 * 60);

/// The app and the tables of one test.
pub struct World {
    pub app: App,
    /// The DynamoDB calls of the app and of the other apps of this world.
    pub calls: Calls,
    /// A client of the same DynamoDB, for inspecting the tables. Its calls are not recorded.
    pub dynamodb: Client,
    pub minter: Minter,
    /// The secret from which the minter's key is derived.
    pub secret: SecretString,
    clock: Arc<AtomicI64>,
    pub emulator: Emulator,
}

/// Runs a test in its own world.
pub fn run(test: impl AsyncFnOnce(World)) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(async { test(World::new().await).await });
}

/// Runs several calls concurrently, and returns their answers in the order of the calls.
pub async fn together<T>(calls: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    join_all(calls).await
}

impl World {
    /// Returns a new world, within the running tokio runtime.
    pub async fn new() -> Self {
        let emulator = Emulator::in_memory().await.expect("an emulator");
        let dynamodb = emulator::settings(emulator.endpoint());
        let raw = client(&dynamodb);
        emulator::create_tables(&raw, template()).await.expect("the tables");

        let beginning: Timestamp = serde_json::from_value(json!(BEGINNING)).expect("a time");
        let clock = Arc::new(AtomicI64::new(beginning.as_millisecond()));
        let calls = Calls::default();
        let secret = SecretString::from("a secret of a test, long enough to be one");
        let app = app(&dynamodb, &calls, &clock);
        // By a client whose calls are not recorded.
        let store = Store::new(raw.clone(), TABLE_NAMES.map(str::to_owned));
        let cursor_key = CursorKey::random(app.system()).expect("a key");
        store.cursor_keys().make(&cursor_key, "1", app.now()).await.expect("a key");
        Self {
            app,
            calls,
            dynamodb: raw,
            minter: Minter::new(&secret, tokens()).expect("a key"),
            secret,
            clock,
            emulator,
        }
    }

    /// Returns the app of another process, with the same tables and the same clock.
    pub fn another_app(&self) -> App {
        app(&emulator::settings(self.endpoint()), &self.calls, &self.clock)
    }

    /// Returns the app of another process with these settings for its responses.
    pub fn app_with_responses(&self, responses: config::Responses) -> App {
        let dynamodb = emulator::settings(self.endpoint());
        app_with(&dynamodb, &self.calls, &self.clock, responses, Rules::default())
    }

    /// Returns the app of another process with these rules.
    pub fn app_with_rules(&self, rules: Rules) -> App {
        let dynamodb = emulator::settings(self.endpoint());
        app_with(&dynamodb, &self.calls, &self.clock, config::Responses::default(), rules)
    }

    /// Returns the app of another process whose DynamoDB is at this endpoint.
    pub fn app_at(&self, endpoint: String) -> App {
        app(&emulator::settings(endpoint), &self.calls, &self.clock)
    }

    /// Returns the app of another process and the record of its calls, for functions that answer no requests.
    pub fn app_of_function(&self) -> (App, Calls) {
        let calls = Calls::default();
        (app(&emulator::settings(self.endpoint()), &calls, &self.clock), calls)
    }

    /// Returns the app of another process whose DynamoDB fails.
    pub async fn app_with_fault(&self, when: When, fault: Fault) -> App {
        self.app_at(faults::before(&self.endpoint(), when, fault).await)
    }

    /// Returns all rows of the main table whose partition key has this prefix.
    pub async fn rows(&self, pk_prefix: &str) -> Vec<HashMap<String, AttributeValue>> {
        let rows = self.dynamodb.scan().table_name(TABLE_NAME).into_paginator().items();
        let rows = rows.send().try_collect().await.expect("a table");
        let has_prefix = |row: &HashMap<String, AttributeValue>| {
            row["pk"].as_s().is_ok_and(|pk| pk.starts_with(pk_prefix))
        };
        rows.into_iter().filter(has_prefix).collect()
    }

    /// Returns the endpoint of the world's DynamoDB.
    pub fn endpoint(&self) -> String {
        self.emulator.endpoint()
    }

    /// Returns what seals the cursors of this account.
    pub async fn cursors(&self, account: UserId) -> Cursors {
        let published = self.app.store().signing_keys().read(self.app.now()).await;
        let keys = published.expect("the keys").cursor_keys.map(Arc::new);
        Cursors::new(keys, account, self.app.system().clone())
    }

    /// Removes the keys of cursors, as in a stack that never had one.
    pub async fn delete_cursor_keys(&self) {
        let delete = self.dynamodb.delete_item().table_name(KEYS_TABLE_NAME);
        let key = Some(Item::from(Key::cursor_keys()));
        delete.set_key(key).send().await.expect("a deletion");
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let millisecond =
            i64::try_from(duration.as_millis()).expect("a duration that fits into an i64");
        self.clock.fetch_add(millisecond, Ordering::Relaxed);
    }

    /// Returns a system whose clock goes on by a second whenever it is read.
    pub fn ticking_system(&self) -> System {
        let clock = self.clock.clone();
        let now = move || Timestamp::from_millisecond(clock.fetch_add(1000, Ordering::Relaxed));
        System::new(Arc::new(now))
    }

    /// Sets the clock to the time of the system's clock, which functions in separate processes use.
    pub fn catch_up(&self) {
        self.clock.store(Timestamp::system().as_millisecond(), Ordering::Relaxed);
    }

    /// Creates a doctor. `n` makes the unique fields unique and is part of the name, so that names sort by `n`.
    pub async fn doctor(&self, n: u32) -> Doctor {
        self.record(n).await
    }

    /// Creates a patient with a medical history. `n` is part of the name.
    pub async fn patient(&self, n: u32) -> Patient {
        self.record(n).await
    }

    /// Creates the sample with this number.
    pub async fn record<D: Sample + RecordActs>(&self, n: u32) -> Record<D> {
        let object = D::sample(n).as_object().expect("an object").clone();
        let intake = RECORD_SETTINGS.intake(self.app.now());
        let details = D::parse(object, &intake).expect("valid details");
        steps::create(self.app.store(), details, None, self.app.now()).await.expect("a record")
    }

    /// Fails the test unless the handler refuses callers who are not signed in and callers who are pending, and also
    /// doctors and patients if no relation permits them the event's function.
    pub async fn expect_staff_only(&self, handler: impl Handler, event: Event) {
        self.expect_signed_in_only(handler.clone(), event.clone()).await;
        let act = Act::ALL.into_iter().find(|act| Some(act.function()) == event.function());
        let permitted = act.map(permitted).unwrap_or_default();
        for role in [Role::Pending, Role::Doctor, Role::Patient] {
            if permitted.iter().all(|(other, _)| *other != role) {
                let event = event.clone().by(&self.actor(role).await);
                let answer = self.call(handler.clone(), event).await;
                let code = act.and_then(|act| refusal(act, role)).unwrap_or("permission_denied");
                answer.expect_problem(403, code);
            }
        }
    }

    /// Fails the test unless the handler refuses callers who are not signed in.
    pub async fn expect_signed_in_only(&self, handler: impl Handler, event: Event) {
        let answer = self.call(handler.clone(), event.clone()).await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"api\""));
        answer.expect_problem(401, "not_authenticated");
        let answer = self.call(handler, event.bearer("a.b.c")).await;
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some("Bearer realm=\"api\", error=\"invalid_token\""));
        answer.expect_problem(401, "token_not_valid");
    }

    /// Returns 204 if the actor's token and session are valid, and 401 otherwise.
    pub async fn status_of(&self, actor: &Actor) -> u16 {
        self.status_in(&self.app, actor.token.expose_secret()).await
    }

    /// Returns 204 if the access token and its session are valid in the process of `app`, and 401 otherwise.
    pub async fn status_in(&self, app: &App, token: &str) -> u16 {
        let event = Event::of("auth-me").bearer(token).into_request();
        let endpoint = Endpoint::new(app.clone(), protected(require_sign_in));
        endpoint.answer(event).await.status().as_u16()
    }

    /// Calls a handler as the runtime does.
    pub async fn call(&self, handler: impl Handler, event: Event) -> event::Answer {
        self.call_in(&self.app, handler, event).await
    }

    /// Calls a handler in the process of `app` as the runtime does.
    pub async fn call_in(&self, app: &App, handler: impl Handler, event: Event) -> event::Answer {
        let endpoint = Endpoint::new(app.clone(), handler);
        let function = event.function().map(str::to_owned);
        let answer = endpoint.answer(event.into_request());
        event::Answer::of(self.calls.of_function(function.as_deref(), answer).await)
    }
}

async fn require_sign_in(_context: Context, _by: Granted<ReadOwnAccount>) -> ApiResult {
    response::no_content()
}

fn app(dynamodb: &DynamoDb, calls: &Calls, clock: &Arc<AtomicI64>) -> App {
    app_with(dynamodb, calls, clock, config::Responses::default(), Rules::default())
}

fn app_with(
    dynamodb: &DynamoDb,
    calls: &Calls,
    clock: &Arc<AtomicI64>,
    responses: config::Responses,
    rules: Rules,
) -> App {
    let client = dynamo::config(dynamodb).interceptor(calls.clone());
    let config = Config {
        dynamodb: dynamodb.clone(),
        table_name: TABLE_NAME.to_owned(),
        keys_table_name: KEYS_TABLE_NAME.to_owned(),
        audit: Audit {
            table_name: AUDIT_TABLE_NAME.to_owned(),
            retention: AUDIT_RETENTION,
            address_key: "a key of a test".into(),
        },
        tokens: tokens(),
        responses,
        primes: false,
        memory_mib: 1024,
    };
    let clock = clock.clone();
    let now = move || Timestamp::from_millisecond(clock.load(Ordering::Relaxed));
    App::with(Client::from_conf(client.build()), config, Arc::new(now), rules)
}

/// Returns the issuer and the audience of a world's tokens.
pub fn tokens() -> Tokens {
    Tokens { issuer: "healthcare".to_owned(), audience: "healthcare-api".to_owned() }
}
