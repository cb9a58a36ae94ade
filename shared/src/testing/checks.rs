//! Checks of what holds for doctors and patients alike, for all lists, and for all endpoints under faults.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::TABLE_NAME;
use serde_json::{Value, json};

pub use super::access::policy_grants_nothing_else;
use super::actor::Actor;
use super::costs;
use super::event::Event;
use super::faults::{Fault, When};
use super::sample::Sample;
use super::settings::RECORD_SETTINGS;
use super::steps;
use super::world::{Handler, World, protected_with, run, together};
use crate::config::Responses;
use crate::model::patient::PatientDetails;
use crate::model::precondition::Preconditions;
use crate::model::record::Record;
use crate::model::user::{Role, UserChange};
use crate::records;
use crate::store::{RecordActs, StoreError};

/// Refuses callers without a token, callers whose role is pending, and doctors and patients if no relation permits it.
pub fn only_staff_may(handler: impl Handler, event: Event) {
    run(async |world| world.expect_staff_only(handler, event).await);
}

/// Returns all results of a list, read two at a time.
pub async fn walk(world: &World, handler: impl Handler, event: Event, actor: &Actor) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let mut query = vec![("limit", "2")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = event.clone().query(&query).by(actor);
        let mut page = world.call(handler.clone(), page).await.expect(200);
        let results = page["results"].as_array_mut().expect("results");
        assert!(results.len() <= 2);
        seen.append(results);
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return seen;
        }
    }
}

/// The token's hint only chooses what is read early. A list's first call, `finding`, runs beside the read of the caller
/// if the hint permits it; nobody sees the list unless the account that is read permits it, too.
pub fn hint_only_chooses_what_starts_early(handler: impl Handler, event: Event, finding: &str) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let pending = world.actor_named("pending", Role::Pending).await;
        world.assign(&world.doctor(1).await, &world.patient(1).await).await;
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.expect("keys");
        let change = async |actor: &Actor, role| {
            let change = UserChange { role: Some(role), ..UserChange::default() };
            let (store, now) = (world.app.store(), world.app.now());
            let changed =
                steps::update_account(store, actor.id(), change, &Preconditions::NONE, now);
            changed.await.expect("a change");
        };
        let answer = async |actor: &Actor, query: &[(&str, &str)]| {
            world.calls.take();
            let event = event.clone().query(query).by(actor);
            let status = world.call(handler.clone(), event).await.status;
            let cost = world.calls.take_cost();
            let found = cost.calls.iter().filter(|call| *call == finding).count();
            (status, found, cost.rounds)
        };
        let (first, wrong) = (&[][..], &[("limit", "0")][..]);

        let (status, found, rounds) = answer(&staff, first).await;
        assert_eq!((status, found), (200, 1));
        // A hint that permits nothing: nothing starts early, and nothing more is read.
        assert_eq!(answer(&pending, first).await, (403, 0, 1));
        assert_eq!(answer(&pending, wrong).await, (403, 0, 1));
        assert_eq!(answer(&staff, wrong).await, (400, 0, 1));
        // An account that contradicts the hint: what was read early is discarded.
        change(&pending, Role::Staff).await;
        assert_eq!(answer(&pending, first).await, (200, 1, rounds + 1));
        change(&pending, Role::Admin).await;
        change(&staff, Role::Pending).await;
        assert_eq!(answer(&staff, first).await, (403, 1, 1));
        change(&staff, Role::Admin).await;
        assert_eq!(answer(&staff, first).await, (200, 2, rounds + 1));
        // Any one call may fail once.
        for number in 0..4 {
            let app = world.app_with_fault(When::Once(number), Fault::Refused).await;
            let event = event.clone().query(first).by(&pending);
            world.call_in(&app, handler.clone(), event).await.expect(200);
        }
        steps::end_all_sessions(world.app.store(), staff.id(), world.app.now())
            .await
            .expect("ends");
        assert_eq!(answer(&staff, first).await.0, 401);
    });
}

/// When any one of an endpoint's calls to DynamoDB fails in any way, the endpoint succeeds all the same; when all of
/// them fail, it answers 503 with `Retry-After`. Neither leaves half a change. Also compares the calls of an undisturbed
/// request with the reference page. `prepare` makes the handler and its event ready in a fresh world.
pub fn survives_faults<H: Handler>(prepare: impl AsyncFn(&World) -> (H, Event)) {
    run(async |_| {
        survives_every_fault(&prepare).await;
        let world = World::new().await;
        let (handler, event) = prepare(&world).await;
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.expect("keys");
        let function = event.function().expect("an event of a function").to_owned();
        world.calls.take();
        world.call(handler, event).await;
        costs::compare(&function, &world.calls.take_cost());
    });
}

/// As [`survives_faults`], for a request that costs something else than the usual one of its endpoint.
pub fn variant_survives_faults<H: Handler>(prepare: impl AsyncFn(&World) -> (H, Event)) {
    run(async |_| survives_every_fault(&prepare).await);
}

/// As [`survives_faults_at_work`], for a request that costs something else than the usual one of its endpoint.
pub fn variant_survives_faults_at_work(handler: impl Handler, event: Event) {
    variant_survives_faults(async |world| {
        at_work(world, handler.clone(), event.clone(), false).await
    });
}

async fn survives_every_fault<H: Handler>(prepare: &impl AsyncFn(&World) -> (H, Event)) {
    let trial = async |when, fault| {
        let world = World::new().await;
        let (handler, event) = prepare(&world).await;
        let before = kinds(&world).await;
        let app = world.app_with_fault(when, fault).await;
        world.calls.take();
        let answer = world.call_in(&app, handler, event).await;
        (answer, world.calls.take(), before, kinds(&world).await)
    };
    let (well, calls, _, after) = trial(When::Once(usize::MAX), Fault::Refused).await;
    assert!(well.status < 300, "{}", well.body);
    for fault in Fault::ALL {
        let trials = (0..calls.len()).map(|number| trial(When::Once(number), fault));
        for (number, (answer, _, _, left)) in together(trials).await.into_iter().enumerate() {
            let what = format!("{fault:?} at call {number} of {calls:?}");
            assert_eq!(answer.status, well.status, "{what}: {}", answer.body);
            assert_eq!(left, after, "{what}");
        }
    }
    let (answer, _, before, left) = trial(When::Always, Fault::Refused).await;
    assert!(answer.header("retry-after").is_some());
    answer.expect_problem(503, "unavailable");
    assert_eq!(left, before);
}

/// As [`survives_faults`], for a member of staff, in a clinic of one doctor and one patient, assigned to each other if
/// `are_assigned`.
pub fn survives_faults_at_work(handler: impl Handler, event: Event, are_assigned: bool) {
    survives_faults(async |world| {
        at_work(world, handler.clone(), event.clone(), are_assigned).await
    });
}

async fn at_work<H: Handler>(
    world: &World,
    handler: H,
    event: Event,
    are_assigned: bool,
) -> (H, Event) {
    let staff = world.actor(Role::Staff).await;
    let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
    if are_assigned {
        world.assign(&doctor, &patient).await;
    }
    (handler, event.by(&staff))
}

/// Gives a record the identifier A-7 of the system MRN.
pub async fn identify<D: Sample + RecordActs>(world: &World, actor: &Actor, record: &Record<D>) {
    let body = json!({"identifiers": [{"system": "MRN", "value": "A-7"}]});
    let event = event::<D>("update").without_policy().path_parameter("id", json!(record.id));
    let handler = protected_with(RECORD_SETTINGS, records::update::<D>);
    world.call(handler, event.json(body).by(actor)).await.expect(200);
}

/// Returns the keys of all rows of the search index.
async fn index_rows(world: &World) -> BTreeSet<(String, String)> {
    let text = |row: &HashMap<String, AttributeValue>, name: &str| {
        row[name].as_s().expect("a string").clone()
    };
    let mut found = BTreeSet::new();
    for kind in ["BORN#", "IDENTIFIER#", "NAME#", "PHONE#", "SPECIALTY#"] {
        let rows = world.rows(kind).await;
        assert!(rows.iter().all(|row| row.len() == 2), "a row has only keys");
        found.extend(rows.iter().map(|row| (text(row, "pk"), text(row, "sk"))));
    }
    found
}

/// Returns the number of rows of the number-th sample with an identifier: its names have three words.
fn index_rows_of<D: Sample>() -> usize {
    let (names, phone, identifier) = (3, 1, 1);
    let sample = D::sample(1);
    let specialty = sample["specialization"].as_str().map_or(0, |it| it.split(' ').count());
    let birth = usize::from(sample["date_of_birth"].is_string());
    names + phone + identifier + specialty + birth
}

/// Returns the number of rows of each kind, except counters, which may skip a number.
async fn kinds(world: &World) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for row in world.rows("").await {
        let kind = |name: &str| {
            let key = row[name].as_s().expect("a string");
            // An index row's sort key ends with an id, and an id may be skipped.
            key.split(['#', '\u{1f}']).next().unwrap_or_default().to_owned()
        };
        let (pk, sk) = (kind("pk"), kind("sk"));
        if pk != "COUNTER" && pk != "ATTEMPTS" {
            let state = [row.get("deleted_at"), row.get("swept"), row.get("version")];
            let state = state.map(|value| value.map(|it| format!("{it:?}")).unwrap_or_default());
            *kinds.entry(format!("{pk} {sk} {}", state.join(" "))).or_default() += 1;
        }
    }
    kinds
}

fn event<D: Sample>(operation: &str) -> Event {
    Event::of(&format!("{}-{operation}", D::ENDPOINTS))
}

fn change<D: Sample>() -> Value {
    let (field, value) = D::CHANGE;
    json!({ field: value })
}
