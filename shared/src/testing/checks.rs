//! What is true of doctors and of patients alike, and of all lists: checked by the tests of each endpoint.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "that is how a test fails")]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

pub use super::access::policy_grants_nothing_else;
use super::event::Event;
use super::faults::{Fault, When};
use super::sample::Sample;
use super::steps;
use super::world::{Actor, Handler, World, run, together};
use crate::model::user::{Role, UserChange};
use crate::model::version::IfMatch;
use crate::table::{Removed, UserUpdated};

/// Nobody gets in without a token, and nobody whose role is pending.
pub fn only_staff_may(handler: impl Handler, event: Event) {
    run(async |world| world.expect_staff_only(handler, event).await);
}

/// All results of a list, two at a time.
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

/// A list is found at once for whoever was permitted to see it before, and for nobody else; and nobody sees it who is not
/// permitted now. `finding` is the call that says what is in it.
pub fn is_found_early_for_who_was_permitted(handler: impl Handler, event: Event, finding: &str) {
    run(async |world| {
        let (staff, pending) =
            (world.actor(Role::Staff).await, world.actor_named("pending", Role::Pending).await);
        world.assign(&world.doctor(1).await, &world.patient(1).await).await;
        let answer = async |event: Event| {
            world.calls.take();
            let status = world.call(handler.clone(), event).await.status;
            (status, world.calls.take().join(" "))
        };
        let (reading, [theirs, wrong]) = ("BatchGetItem", [&[][..], &[("limit", "0")]]);
        let ask = |actor: &Actor, query| event.clone().query(query).by(actor);
        let done = |status: u16, calls: &[&str]| (status, calls.join(" "));

        // The first token has the token keys read.
        answer(ask(&pending, theirs)).await;
        for query in [theirs, wrong, theirs] {
            assert_eq!(answer(ask(&pending, query)).await, done(403, &[reading]));
        }
        assert_eq!(answer(ask(&staff, theirs)).await, done(200, &[reading, finding, reading]));
        for _ in 0..2 {
            assert_eq!(answer(ask(&staff, theirs)).await, done(200, &[finding, reading]));
            assert_eq!(answer(ask(&staff, wrong)).await, done(400, &[reading]));
        }
        let demotion = UserChange { role: Some(Role::Pending), active: None };
        let (table, now) = (world.app.table(), world.app.now());
        let demoted = steps::update_user(table, staff.id(), demotion, &IfMatch::Any, now).await;
        assert!(matches!(demoted, Ok(UserUpdated::Done(_))));
        assert_eq!(answer(ask(&staff, theirs)).await, done(403, &[finding, reading]));
        assert_eq!(answer(ask(&staff, theirs)).await, done(403, &[reading]));

        let other = world.actor_named("other", Role::Staff).await;
        assert_eq!(answer(ask(&other, theirs)).await, done(200, &[reading, finding, reading]));
        // Whatever goes wrong with any one call, be it of a list that is found early.
        for number in 0..6 {
            let app = world.app_with_fault(When::Once(number), Fault::Refused).await;
            for _ in 0..2 {
                world.call_in(&app, handler.clone(), ask(&other, theirs)).await.expect(200);
            }
        }
        table.raise_epoch(other.id(), now).await.expect("an account");
        assert_eq!(answer(ask(&other, theirs)).await, done(401, &[finding, reading]));
        assert_eq!(answer(ask(&other, theirs)).await, done(401, &[reading]));
    });
}

/// Whatever goes wrong with any one of the calls that an endpoint makes to DynamoDB, it succeeds as if
/// nothing had; and when all of them fail it answers 503 with `Retry-After`. Neither leaves half a change.
/// `prepare` makes the handler and its event ready in a fresh world.
pub fn survives_faults<H: Handler>(prepare: impl AsyncFn(&World) -> (H, Event)) {
    run(async |_| {
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
    });
}

/// The same for somebody of the staff, in a clinic of one doctor and one patient, who is the doctor's if
/// `are_assigned`.
pub fn survives_faults_at_work(handler: impl Handler, event: Event, are_assigned: bool) {
    survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        if are_assigned {
            world.assign(&doctor, &patient).await;
        }
        (handler.clone(), event.clone().by(&staff))
    });
}

/// How many rows of each kind there are, but for counters, which may skip a number.
async fn kinds(world: &World) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for row in world.rows("").await {
        let kind = |name: &str| {
            let key = row[name].as_s().expect("a string");
            key.split_once('#').map_or(key.as_str(), |(kind, _)| kind).to_owned()
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

    pub fn the_same_key_and_body_are_answered_in_the_same_way<D: Sample>(handler: impl Handler) {
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

    pub fn the_same_key_with_another_body_is_refused<D: Sample>(handler: impl Handler) {
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

    pub fn a_key_is_spent_by_success_alone_and_for_a_day<D: Sample>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let bad = keyed::<D>(1, "a key", &staff).with(json!({"first_name": ""}));
            world.call(handler.clone(), bad).await.expect(400);
            world.call(handler.clone(), keyed::<D>(1, "a key", &staff)).await.expect(201);
            world.advance(Duration::from_secs(24 * 60 * 60));
            let staff = world.sign_in(staff.user).await;
            world.call(handler, keyed::<D>(2, "a key", &staff)).await.expect(201);
            assert_eq!(count::<D>(&world).await, 2);
        });
    }

    pub fn what_is_no_key_is_named<D: Sample>(handler: impl Handler) {
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
    pub fn a_key_remembers_nothing_of_anybody<D: Sample>(handler: impl Handler) {
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

    pub fn answers_a_record_with_its_version<D: Sample>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let record = world.record::<D>(1).await;
            let answer = world.call(handler, event::<D>("get").by(&staff)).await;
            assert_eq!(answer.header("etag"), Some("\"1\""));
            assert_eq!(answer.expect(200), json!(record));
        });
    }

    pub fn what_is_not_there_is_404<D: Sample>(handler: impl Handler) {
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

    pub fn who_may_not_look_is_not_told_what_is_there<D: Sample>(handler: impl Handler) {
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

    pub fn walks_to_the_end_in_the_order_of_names<D: Sample>(handler: impl Handler) {
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

    pub fn search_takes_the_beginning_of_a_last_name<D: Sample>(handler: impl Handler) {
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
            let problem = search("a\u{1f}").await.expect_problem(400, "invalid_query");
            assert!(problem["errors"]["search"].is_array());
        });
    }

    pub fn bad_limits_and_cursors_are_named<D: Sample>(handler: impl Handler) {
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

    pub fn a_patch_changes_what_it_names<D: Sample>(handler: impl Handler) {
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

    pub fn a_put_needs_every_required_field<D: Sample>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let put = event::<D>("update").method("PUT").by(&staff);
            let partial = world.call(handler.clone(), put.clone().json(change::<D>())).await;
            let problem = partial.expect_problem(400, "invalid_body");
            assert_eq!(problem["errors"]["first_name"], json!(["is required"]));
            let whole = world.call(handler, put.json(D::sample(2))).await.expect(200);
            assert_eq!(whole["last_name"], D::sample(2)["last_name"]);
            assert_eq!((&whole["id"], &whole["version"]), (&json!(1), &json!(2)));
        });
    }

    pub fn if_match_is_honoured<D: Sample>(handler: impl Handler) {
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

    pub fn what_is_not_there_is_404_and_a_bad_field_400<D: Sample>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let bad = json!({"first_name": null, "id": 7});
            let event = event::<D>("update").json(bad).by(&staff);
            world.call(handler.clone(), event.clone()).await.expect_problem(404, "not_found");
            world.record::<D>(1).await;
            let problem = world.call(handler, event).await.expect_problem(400, "invalid_body");
            assert_eq!(
                problem["errors"],
                json!({"first_name": ["must not be null"], "id": ["is not a field of this request"]})
            );
        });
    }
}

pub mod delete {
    use super::*;

    pub fn what_is_deleted_stays_gone<D: Sample>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let event = event::<D>("delete").by(&staff);
            assert!(world.call(handler.clone(), event.clone()).await.expect(204).is_null());
            world.call(handler, event).await.expect_problem(404, "not_found");
        });
    }

    pub fn its_mappings_go_with_it<D: Sample>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
            world.assign(&doctor, &patient).await;
            world.call(handler, event::<D>("delete").by(&staff)).await.expect(204);
            let left = world.app.table().remove(doctor.id, patient.id).await;
            assert_eq!(left.expect("a table"), Removed::NotAssigned);
        });
    }

    pub fn if_match_is_honoured<D: Sample>(handler: impl Handler) {
        run(async |world| {
            let staff = world.actor(Role::Staff).await;
            world.record::<D>(1).await;
            let event = event::<D>("delete").by(&staff);
            let stale = event.clone().header("if-match", "\"2\"");
            world.call(handler.clone(), stale).await.expect_problem(412, "precondition_failed");
            world.call(handler, event.header("if-match", "\"1\"")).await.expect(204);
        });
    }
}
