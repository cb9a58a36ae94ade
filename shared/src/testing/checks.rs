//! Checks of what holds for doctors and patients alike, for all lists, and for all endpoints under faults.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

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

/// Refuses callers without a token, and callers whose role is pending.
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
            let change = UserChange { role: Some(role), active: None };
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

pub mod create {
    use super::*;

    const KEY: &str = "idempotency-key";

    /// All that may differ is the request's own id.
    fn keyed<D: Sample>(n: u32, key: &str, actor: &Actor) -> Event {
        event::<D>("create").json(D::sample(n)).header(KEY, key).by(actor)
    }

    async fn count<D: Sample>(world: &World) -> usize {
        world.rows(&format!("{}#", D::KIND.to_uppercase())).await.len()
    }

    pub fn same_key_and_body_get_the_same_answer<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let first =
                world.call(handler.clone(), keyed::<D>(1, "a key", &staff)).await.expect(201);
            world.advance(Duration::from_secs(60));
            let again = world.call(handler.clone(), keyed::<D>(1, " a key ", &staff)).await;
            assert_eq!(again.header("etag"), Some("\"1\""));
            assert_eq!(again.expect(201), first);
            assert_eq!(count::<D>(&world).await, 1);

            let calls =
                (0..8).map(|_| world.call(handler.clone(), keyed::<D>(2, "another", &staff)));
            let answers: Vec<Value> =
                together(calls).await.into_iter().map(|answer| answer.expect(201)).collect();
            assert!(answers.iter().all(|answer| *answer == answers[0]));
            assert_eq!(count::<D>(&world).await, 2);
        });
    }

    pub fn same_key_with_another_body_is_refused<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.call(handler.clone(), keyed::<D>(1, "a key", &staff)).await.expect(201);
            let other = world.call(handler.clone(), keyed::<D>(2, "a key", &staff)).await;
            other.expect_problem(422, "idempotency_key_reused");
            assert_eq!(count::<D>(&world).await, 1);
            // Somebody else's key is another one.
            let ben = world.actor_named("ben", Role::Staff).await;
            world.call(handler, keyed::<D>(2, "a key", &ben)).await.expect(201);
        });
    }

    pub fn key_is_used_up_by_success_for_a_day<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let bad = keyed::<D>(1, "a key", &staff).with(json!({"first_name": 7}));
            world.call(handler.clone(), bad).await.expect(400);
            world.call(handler.clone(), keyed::<D>(1, "a key", &staff)).await.expect(201);
            world.advance(Duration::from_secs(24 * 60 * 60));
            let staff = world.sign_in(staff.user).await;
            world.call(handler, keyed::<D>(2, "a key", &staff)).await.expect(201);
            assert_eq!(count::<D>(&world).await, 2);
        });
    }

    pub fn every_value_gets_its_index_row<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let identifiers = json!([{"system": "MRN", "value": "A-7"}]);
            let event = event::<D>("create").json(D::sample(1)).by(&staff);
            let event = event.with(json!({ "identifiers": identifiers }));
            world.call(handler, event).await.expect(201);
            let rows = index_rows(&world).await;
            assert_eq!(rows.len(), index_rows_of::<D>(), "{rows:?}");
        });
    }

    pub fn invalid_key_is_named<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            for key in ["", "  ", &"k".repeat(256)] {
                let answer = world.call(handler.clone(), keyed::<D>(1, key, &staff)).await;
                let problem = answer.expect_problem(400, "invalid_header");
                assert!(problem["errors"][KEY].is_array(), "{problem}");
            }
            assert_eq!(count::<D>(&world).await, 0);
        });
    }

    /// A record that is deleted leaves nothing behind, under no key either.
    pub fn key_stores_no_personal_data<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.call(handler, keyed::<D>(1, "a key", &staff)).await.expect(201);
            let rows = world.rows("IDEM#").await;
            let mut names: Vec<&str> = rows[0].keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["created_at", "fingerprint", "id", "pk", "sk", "ttl"]);
        });
    }
}

pub mod get {
    use super::*;

    pub fn returns_the_record_with_its_version<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let record = world.record::<D>(1).await;
            let answer = world.call(handler, event::<D>("get").by(&staff)).await;
            assert_eq!(answer.header("etag"), Some("\"1\""));
            assert_eq!(answer.expect(200), json!(record));
        });
    }

    pub fn current_version_is_not_sent_again<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let get = async |name: &str, lines: &[&str]| {
                let event = event::<D>("get").header_lines(name, lines).by(&staff);
                world.call(handler.clone(), event).await
            };
            for lines in
                [&["\"1\""][..], &["W/\"1\""], &["*"], &["\"7\", \"1\""], &["\"7\"", "W/\"1\""]]
            {
                let answer = get("if-none-match", lines).await;
                assert_eq!((answer.status, answer.text()), (304, ""), "{lines:?}");
                assert_eq!(answer.header("etag"), Some("\"1\""));
                assert_eq!(answer.header("cache-control"), Some("no-store"));
            }
            for lines in [&["\"2\""][..], &["1"], &[""]] {
                assert_eq!(get("if-none-match", lines).await.status, 200, "{lines:?}");
            }
            get("if-match", &["\"2\""]).await.expect_problem(412, "precondition_failed");
            get("if-match", &["\"2\"", "\"1\""]).await.expect(200);
        });
    }

    pub fn head_is_a_get_without_its_body<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            for (id, status) in [("1", 200), ("2", 404)] {
                let event = event::<D>("get").path_parameter("id", id).by(&staff);
                let get = world.call(handler.clone(), event.clone()).await;
                let head = world.call(handler.clone(), event.method("HEAD")).await;
                assert_eq!((get.status, head.status, head.text()), (status, status, ""));
                let length = get.text().len().to_string();
                assert_eq!(head.header("content-length"), Some(length.as_str()));
                for name in ["accept-patch", "cache-control", "content-type", "etag"] {
                    assert_eq!(head.header(name), get.header(name), "{name}");
                }
                let types = "application/json, application/merge-patch+json";
                let types = Some(types).filter(|_| status == 200);
                assert_eq!(get.header("accept-patch"), types);
            }
        });
    }

    pub fn unknown_parameter_is_refused_after_authorization<D: Sample + RecordActs>(
        handler: impl Handler,
    ) {
        run(async |world| {
            let (staff, pending) =
                (world.actor(Role::Staff).await, world.actor(Role::Pending).await);
            world.record::<D>(1).await;
            let event = event::<D>("get").query(&[("colour", "red"), ("limit", ""), ("size", "1")]);
            let refused = world.call(handler.clone(), event.clone().by(&staff)).await;
            let problem = json!(["is not a parameter of this request"]);
            assert_eq!(
                refused.expect_problem(400, "invalid_query")["errors"],
                json!({"colour": problem, "size": problem})
            );
            let denied = world.call(handler.clone(), event.by(&pending)).await;
            denied.expect_problem(403, "permission_denied");
            let empty = super::event::<D>("get").query(&[("colour", ""), ("size", " ")]);
            world.call(handler, empty.by(&staff)).await.expect(200);
        });
    }

    pub fn missing_record_is_404<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let ids =
                ["1", "0", "-1", "abc", "1.5", "9007199254740992", "9223372036854775808", "%00"];
            for id in ids {
                let event = event::<D>("get").path_parameter("id", id).by(&staff);
                world.call(handler.clone(), event).await.expect_problem(404, "not_found");
            }
        });
    }

    pub fn refusal_says_nothing_about_the_record<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let pending = world.actor(Role::Pending).await;
            world.record::<D>(1).await;
            for id in ["1", "2", "abc"] {
                let event = event::<D>("get").path_parameter("id", id).by(&pending);
                let answer = world.call(handler.clone(), event).await;
                answer.expect_problem(403, "permission_denied");
            }
        });
    }
}

pub mod list {
    use super::*;

    pub fn lists_records_in_the_order_of_names<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            for n in [3, 1, 5, 2, 4] {
                world.record::<D>(n).await;
            }
            let seen = walk(&world, handler, event::<D>("list"), &staff).await;
            let name = |record: &Value| record["last_name"].clone();
            let sample = |n: u32| name(&D::sample(n));
            assert_eq!(
                seen.iter().map(name).collect::<Vec<_>>(),
                (1..=5).map(sample).collect::<Vec<_>>()
            );
            assert!(seen.iter().all(|record| record.get("medical_history").is_none()));
        });
    }

    pub fn search_finds_the_beginning_of_a_last_name<D: Sample + RecordActs>(
        handler: impl Handler,
    ) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let record = world.record::<D>(17).await;
            world.record::<D>(2).await;
            let search = async |search: &str| {
                let event = event::<D>("list").query(&[("search", search)]).by(&staff);
                world.call(handler.clone(), event).await
            };
            let name = json!(record)["last_name"].as_str().expect("a name").to_uppercase();
            let found = search(&name[..name.len() - 1]).await.expect(200);
            let ids: Vec<_> = found["results"].as_array().expect("results").iter().collect();
            assert_eq!((ids.len(), &ids[0]["id"]), (1, &json!(record.id)));
            assert_eq!(search("nobody").await.expect(200)["results"], json!([]));
            let problem = search(&"x".repeat(300)).await.expect_problem(400, "invalid_query");
            assert!(problem["errors"]["search"].is_array());
        });
    }

    /// Each of the `criteria` finds the sample 17 with an identifier.
    pub fn search_finds_by_each_criterion<D: Sample + RecordActs>(
        handler: impl Handler,
        criteria: &[(&str, &str)],
    ) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let record = world.record::<D>(17).await;
            identify(&world, &staff, &record).await;
            for (field, value) in criteria {
                let get = event::<D>("list").query(&[(*field, *value)]);
                let post =
                    event::<D>("list").method("POST").query(&[]).json(json!({ (*field): value }));
                for event in [get, post] {
                    let found = world.call(handler.clone(), event.by(&staff)).await.expect(200);
                    let results = found["results"].as_array().expect("results");
                    let ids: Vec<&Value> = results.iter().map(|record| &record["id"]).collect();
                    assert_eq!(ids, [&json!(record.id)], "{field} {value}");
                    assert!(results[0].get("medical_history").is_none());
                }
                if *field != "search" {
                    let both = event::<D>("list").query(&[(*field, *value), ("search", "nobody")]);
                    let found = world.call(handler.clone(), both.by(&staff)).await.expect(200);
                    assert_eq!(found["results"], json!([]), "{field} {value}");
                }
            }
        });
    }

    /// GET and POST share cursors; another search has others.
    pub fn search_is_read_in_pages<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let name = |n: u32| D::sample(n)["last_name"].clone();
            for n in 1..=5 {
                world.record::<D>(n).await;
            }
            let word = name(1).as_str().and_then(|it| it.split(' ').next()).map(str::to_owned);
            let word = word.expect("a name");
            let (mut seen, mut cursor) = (Vec::new(), None);
            for number in 0.. {
                let page = if number % 2 == 0 {
                    let mut query = vec![("search", word.as_str()), ("limit", "2")];
                    query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
                    event::<D>("list").query(&query)
                } else {
                    let body = json!({ "search": word, "limit": 2, "cursor": cursor });
                    event::<D>("list").method("POST").query(&[]).json(body)
                };
                let page = world.call(handler.clone(), page.by(&staff)).await.expect(200);
                seen.extend(page["results"].as_array().expect("results").iter().cloned());
                cursor = page["next"].as_str().map(str::to_owned);
                let Some(next) = &cursor else { break };
                let other = [("search", "another"), ("cursor", next.as_str())];
                let other = event::<D>("list").query(&other).by(&staff);
                let other = world.call(handler.clone(), other).await;
                other.expect_problem(400, "invalid_query");
            }
            let names: Vec<Value> = seen.iter().map(|record| record["last_name"].clone()).collect();
            assert_eq!(names, (1..=5).map(name).collect::<Vec<_>>());
        });
    }

    pub fn invalid_limit_and_cursor_are_named<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            world.record::<D>(2).await;
            let list = async |query: &[(&str, &str)]| {
                world.call(handler.clone(), event::<D>("list").query(query).by(&staff)).await
            };
            let bad = [("limit", "0"), ("limit", "101"), ("limit", "abc"), ("cursor", "abc")];
            for (name, value) in bad {
                let problem = list(&[(name, value)]).await.expect_problem(400, "invalid_query");
                assert!(problem["errors"][name].is_array(), "{problem}");
            }
            let page = list(&[("limit", "1")]).await.expect(200);
            let next = page["next"].as_str().expect("a second page");
            let of_another_list = list(&[("search", "a"), ("cursor", next)]).await;
            of_another_list.expect_problem(400, "invalid_query");
        });
    }
}

pub mod update {
    use super::*;

    pub fn patch_changes_the_named_fields_only<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let mut expected = json!(world.record::<D>(1).await);
            let answer = world.call(handler, event::<D>("update").json(change::<D>()).by(&staff));
            let answer = answer.await;
            assert_eq!(answer.header("etag"), Some("\"2\""));
            expected[D::CHANGE.0] = json!(D::CHANGE.1);
            expected["version"] = json!(2);
            assert_eq!(answer.expect(200), expected);
        });
    }

    /// `changes` give every value by which the sample 1 is found another one.
    pub fn index_rows_follow_the_record<D: Sample + RecordActs>(
        handler: impl Handler,
        changes: Value,
    ) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let record = world.record::<D>(1).await;
            identify(&world, &staff, &record).await;
            let before = index_rows(&world).await;
            let event = event::<D>("update").json(changes).by(&staff);
            world.call(handler, event).await.expect(200);
            let after = index_rows(&world).await;
            assert!(before.is_disjoint(&after), "{before:?} {after:?}");
            assert_eq!((before.len(), after.len()), (index_rows_of::<D>(), index_rows_of::<D>()));
        });
    }

    pub fn put_needs_every_required_field<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let put = event::<D>("update").method("PUT").by(&staff);
            let partial = world.call(handler.clone(), put.clone().json(change::<D>())).await;
            let problem = partial.expect_problem(400, "invalid_body");
            let missing = json!(["is required unless last_name is given"]);
            assert_eq!(problem["errors"]["first_name"], missing);
            let whole = world.call(handler, put.json(D::sample(2))).await.expect(200);
            assert_eq!(whole["last_name"], D::sample(2)["last_name"]);
            assert_eq!((&whole["id"], &whole["version"]), (&json!(1), &json!(2)));
        });
    }

    pub fn if_match_is_honoured<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let event = event::<D>("update").json(change::<D>()).by(&staff);
            for stale in ["\"2\"", "W/\"1\"", "nonsense"] {
                let answer = world.call(handler.clone(), event.clone().header("if-match", stale));
                answer.await.expect_problem(412, "precondition_failed");
            }
            for current in ["\"1\"", "*"] {
                let answer = world.call(handler.clone(), event.clone().header("if-match", current));
                answer.await.expect(200);
            }
        });
    }

    pub fn change_of_nothing_writes_nothing<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let record = world.record::<D>(1).await;
            let before = world.rows("").await;
            world.advance(Duration::from_secs(60));
            let (field, _) = D::CHANGE;
            let same = json!({ field: D::sample(1)[field] });
            for (method, body) in [("PATCH", json!({})), ("PATCH", same), ("PUT", D::sample(1))] {
                let event = event::<D>("update").method(method).json(body).by(&staff);
                let answer = world.call(handler.clone(), event).await;
                assert_eq!(answer.header("etag"), Some("\"1\""));
                assert_eq!(answer.expect(200), json!(record));
            }
            assert_eq!(world.rows("").await, before);
        });
    }

    pub fn change_whose_answer_was_lost_can_be_sent_again<D: Sample + RecordActs>(
        handler: impl Handler,
    ) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let event = event::<D>("update").header("if-match", "\"1\"").by(&staff);
            let patch = event.clone().json(change::<D>());
            let changed = world.call(handler.clone(), patch.clone()).await.expect(200);
            assert_eq!(changed["version"], 2);
            let whole = event.clone().method("PUT").json(D::sample(1)).with(change::<D>());
            for again in [patch.clone(), whole.clone()] {
                let again = world.call(handler.clone(), again).await;
                assert_eq!(again.header("etag"), Some("\"2\""));
                assert_eq!(again.expect(200), changed);
            }
            for other in [
                event.json(json!({"first_name": "Ada"})),
                whole.with(json!({"first_name": "Ada"})),
                patch.clone().header("if-match", "\"3\""),
                patch.header("if-match", "\"x\""),
            ] {
                let refused = world.call(handler.clone(), other).await;
                refused.expect_problem(412, "precondition_failed");
            }
        });
    }

    pub fn if_match_can_be_required<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let app = world
                .app_with_responses(Responses { requires_if_match: true, ..Responses::default() });
            let event = event::<D>("update").json(change::<D>()).by(&staff);
            let call =
                async |event: &Event| world.call_in(&app, handler.clone(), event.clone()).await;
            call(&event).await.expect_problem(404, "not_found");
            world.record::<D>(1).await;
            for without in [event.clone(), event.clone().method("PUT").json(D::sample(1))] {
                call(&without).await.expect_problem(428, "precondition_required");
            }
            call(&event.clone().header("if-match", "\"1\"")).await.expect(200);
            call(&event.header("if-match", "*")).await.expect(200);
        });
    }

    pub fn only_patch_accepts_a_merge_patch<D: Sample + RecordActs>(handler: impl Handler) {
        const MERGE_PATCH: &str = "Application/Merge-Patch+json; charset=utf-8";
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let patch = event::<D>("update").json(change::<D>()).by(&staff);
            let event = patch.clone().header("content-type", MERGE_PATCH);
            assert_eq!(world.call(handler.clone(), event).await.expect(200)["version"], 2);

            let put = patch.clone().method("PUT").json(D::sample(1));
            let refused = world.call(handler.clone(), put.header("content-type", MERGE_PATCH));
            let refused = refused.await;
            assert_eq!(refused.header("accept"), Some("application/json"));
            refused.expect_problem(415, "unsupported_media_type");

            let refused = world.call(handler, patch.header("content-type", "text/plain")).await;
            let types = "application/json, application/merge-patch+json";
            assert_eq!(refused.header("accept-patch"), Some(types));
            refused.expect_problem(415, "unsupported_media_type");
        });
    }

    pub fn field_twice_is_refused<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            for body in [
                r#"{"first_name": "Ada", "first_name": "Eve"}"#,
                r#"{"identifiers": [{"system": "MRN", "value": "1", "value": "2"}]}"#,
            ] {
                let event = event::<D>("update").text(body).by(&staff);
                let problem = world.call(handler.clone(), event).await;
                let problem = problem.expect_problem(400, "invalid_body");
                assert!(problem["detail"].as_str().is_some_and(|it| it.contains("twice")));
            }
        });
    }

    pub fn missing_record_is_404_and_invalid_field_400<D: Sample + RecordActs>(
        handler: impl Handler,
    ) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let bad = json!({"first_name": 7, "id": 7});
            let event = event::<D>("update").json(bad).by(&staff);
            world.call(handler.clone(), event.clone()).await.expect_problem(404, "not_found");
            world.record::<D>(1).await;
            let problem = world.call(handler, event).await.expect_problem(400, "invalid_body");
            assert_eq!(
                problem["errors"],
                json!({"first_name": ["must be a string"], "id": ["is not a field of this request"]})
            );
        });
    }

    /// A record as an earlier version wrote it, without new fields and with values that are refused now.
    pub fn record_that_is_older_than_a_rule_stays_editable(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.patient(1).await;
            let mut old = world.rows("PATIENT#").await.remove(0);
            for (field, value) in [("first_name", "\u{200b}"), ("date_of_birth", "1800-01-01")] {
                old.insert(field.to_owned(), AttributeValue::S(value.to_owned()));
            }
            for field in
                ["former_names", "date_of_birth_estimated", "contact_number_display", "identifiers"]
            {
                assert!(old.remove(field).is_some(), "{field}");
            }
            let put = world.dynamodb.put_item().table_name(TABLE_NAME).set_item(Some(old));
            put.send().await.expect("an item");

            let event = event::<PatientDetails>("update").by(&staff);
            let patch = event.clone().json(change::<PatientDetails>());
            let mut body = world.call(handler.clone(), patch).await.expect(200);
            assert_eq!(body["first_name"], "\u{200b}");
            assert_eq!(body["date_of_birth"], "1800-01-01");
            assert_eq!(body["former_names"], json!([]));

            for answered in ["id", "version", "created_at", "updated_at"] {
                body.as_object_mut().expect("an object").remove(answered);
            }
            body["gender"] = json!("Unknown");
            let put = event.clone().method("PUT").json(body);
            assert_eq!(world.call(handler.clone(), put).await.expect(200)["gender"], "Unknown");

            let worse = json!({"first_name": "\u{200b}\u{200b}", "date_of_birth": "1800-01-02"});
            let problem = world.call(handler, event.json(worse)).await;
            let problem = problem.expect_problem(400, "invalid_body");
            let fields: Vec<&String> =
                problem["errors"].as_object().expect("errors").keys().collect();
            assert_eq!(fields, ["date_of_birth", "first_name"]);
        });
    }
}

pub mod delete {
    use super::*;

    pub fn deletion_removes_the_index_rows<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let record = world.record::<D>(1).await;
            identify(&world, &staff, &record).await;
            assert_eq!(index_rows(&world).await.len(), index_rows_of::<D>());
            world.call(handler, event::<D>("delete").by(&staff)).await.expect(204);
            assert!(index_rows(&world).await.is_empty());
        });
    }

    pub fn deleted_record_stays_deleted<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let event = event::<D>("delete").by(&staff);
            assert!(world.call(handler.clone(), event.clone()).await.expect(204).is_null());
            world.call(handler, event).await.expect_problem(404, "not_found");
        });
    }

    pub fn deletion_removes_the_assignments<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
            world.assign(&doctor, &patient).await;
            world.call(handler, event::<D>("delete").by(&staff)).await.expect(204);
            let left = steps::end_assignment(world.app.store(), doctor.id, patient.id).await;
            assert!(matches!(left, Err(StoreError::NotFound(_))), "{left:?}");
        });
    }

    pub fn if_match_is_honoured<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let event = event::<D>("delete").by(&staff);
            let stale = event.clone().header("if-match", "\"2\"");
            world.call(handler.clone(), stale).await.expect_problem(412, "precondition_failed");
            world.call(handler, event.header("if-match", "\"1\"")).await.expect(204);
        });
    }

    pub fn if_match_can_be_required<D: Sample + RecordActs>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let app = world
                .app_with_responses(Responses { requires_if_match: true, ..Responses::default() });
            world.record::<D>(1).await;
            let event = event::<D>("delete").by(&staff);
            let without = world.call_in(&app, handler.clone(), event.clone()).await;
            without.expect_problem(428, "precondition_required");
            let with = event.header("if-match", "\"1\"");
            world.call_in(&app, handler, with).await.expect(204);
        });
    }
}
