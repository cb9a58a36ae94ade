use std::collections::BTreeSet;

use shared::model::id::{DoctorId, Id, PatientId};
use shared::model::patient::PatientDetails;
use shared::model::user::Role;
use shared::records::{self, RecordSettings};
use shared::store::{StoreError, Update};
use shared::testing::emulator::AttributeValue;
use shared::testing::{
    Actor, Answer, Event, Handler, RECORD_SETTINGS, Sample, Value, World, checks, json,
    protected_with, run, steps,
};
use shared::{ApiResult, Context, Granted};

fn handler() -> impl Handler {
    protected_with(RECORD_SETTINGS, records::update::<PatientDetails>)
}

fn event() -> Event {
    Event::of("patients-update")
}

/// Patches patient 1.
async fn patch(world: &World, actor: &Actor, change: Value) -> Answer {
    world.call(handler(), event().json(change).by(actor)).await
}

/// Fails the test unless the account may not change these fields.
#[track_caller]
fn expect_denied(answer: Answer, fields: &[&str]) {
    let problem = answer.expect_problem(403, "permission_denied");
    let errors = problem["errors"].as_object().unwrap();
    assert!(errors.keys().eq(fields), "{problem}");
    assert!(errors.values().all(|it| *it == json!(["cannot be changed by your account"])));
}

#[test]
fn patch_changes_the_named_fields_only() {
    checks::update::patch_changes_the_named_fields_only::<PatientDetails>(handler());
}

#[test]
fn put_needs_every_required_field() {
    checks::update::put_needs_every_required_field::<PatientDetails>(handler());
}

#[test]
fn index_rows_follow_the_record() {
    let changes = json!({
        "first_name": "Ada", "last_name": "Doe 002", "date_of_birth": "1986", "contact_number": "+12025550148",
        "identifiers": [{"system": "NHS", "value": "A-7"}],
    });
    checks::update::index_rows_follow_the_record::<PatientDetails>(handler(), changes);
}

#[test]
fn if_match_is_honoured() {
    checks::update::if_match_is_honoured::<PatientDetails>(handler());
}

#[test]
fn change_of_nothing_writes_nothing() {
    checks::update::change_of_nothing_writes_nothing::<PatientDetails>(handler());
}

#[test]
fn change_whose_answer_was_lost_can_be_sent_again() {
    checks::update::change_whose_answer_was_lost_can_be_sent_again::<PatientDetails>(handler());
}

#[test]
fn if_match_can_be_required() {
    checks::update::if_match_can_be_required::<PatientDetails>(handler());
}

#[test]
fn only_patch_accepts_a_merge_patch() {
    checks::update::only_patch_accepts_a_merge_patch::<PatientDetails>(handler());
}

#[test]
fn field_twice_is_refused() {
    checks::update::field_twice_is_refused::<PatientDetails>(handler());
}

#[test]
fn missing_record_is_404_and_invalid_field_400() {
    checks::update::missing_record_is_404_and_invalid_field_400::<PatientDetails>(handler());
}

#[test]
fn record_that_is_older_than_a_rule_stays_editable() {
    checks::update::record_that_is_older_than_a_rule_stays_editable(handler());
}

#[test]
fn assigned_and_covering_doctors_change_everything_except_the_restriction() {
    run(async |world: World| {
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        world.assign(&doctor, &world.patient(1).await).await;
        world.cover(&doctor, &covering, 7).await;
        for (doctor, last_name) in [(&doctor, "Doe"), (&covering, "Poe")] {
            let actor = world.doctor_account(doctor).await;
            let change = json!({"last_name": last_name, "medical_history": "Asthma."});
            let changed = patch(&world, &actor, change).await.expect(200);
            assert_eq!(changed["last_name"], last_name);
            assert_eq!(changed["medical_history"], "Asthma.");
            let refused = patch(&world, &actor, json!({"restricted": true})).await;
            expect_denied(refused, &["restricted"]);
        }
    });
}

#[test]
fn unrelated_patient_looks_like_a_missing_one() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let of_other = world.patient(2).await;
        world.assign(&doctor, &of_other).await;
        for actor in [world.doctor_account(&doctor).await, world.patient_account(&of_other).await] {
            let refused = async |id: &str| {
                let event = event().path_parameter("id", id).by(&actor);
                world.call(handler(), event).await.expect_problem(403, "not_assigned")
            };
            assert_eq!(refused("1").await, refused("999").await);
        }
        let stored = steps::record::<PatientDetails>(world.app.store(), patient.id).await;
        assert_eq!(stored.unwrap().unwrap().version, 1);
    });
}

#[test]
fn patient_and_proxy_change_contact_data_only() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let own = world.patient_account(&patient).await;
        let parent = world.actor_named("parent", Role::Patient).await;
        world.proxy(&patient, &parent).await;
        for (actor, address) in [(&own, "7 Oak Street"), (&parent, "8 Oak Street")] {
            let contact = json!({"address": address, "contact_number": "+12025550183"});
            let changed = patch(&world, actor, contact).await.expect(200);
            assert_eq!(changed["address"], address);
            assert_eq!(changed["contact_number_display"], "+1 202-555-0183");
            let change = json!({"last_name": "Doe", "address": "9 Oak Street", "restricted": true});
            expect_denied(patch(&world, actor, change).await, &["last_name", "restricted"]);
            // A PUT that changes nothing else.
            let whole = event().method("PUT").json(PatientDetails::sample(1)).by(actor);
            let changed = world.call(handler(), whole).await.expect(200);
            assert_eq!(changed["address"], "12 Elm Street");
        }
    });
}

#[test]
fn proxy_for_contacts_neither_sees_nor_guesses_the_other_fields() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let parent = world.actor_named("parent", Role::Patient).await;
        world.proxy(&patient, &parent).await;
        let mut rows = world.emulator.rows().unwrap();
        rows.retain(|row| row.contains_key("scope"));
        for row in &mut rows {
            row.insert("scope".to_owned(), AttributeValue::S("contact".to_owned()));
        }
        world.emulator.import(rows).unwrap();

        let changed = patch(&world, &parent, json!({"address": "7 Oak Street"})).await.expect(200);
        assert_eq!(changed["address"], "7 Oak Street");
        assert!(changed.get("gender").is_none() && changed.get("medical_history").is_none());
        // The first one is right.
        for gender in ["Female", "Male"] {
            let guess = patch(&world, &parent, json!({"gender": gender})).await;
            expect_denied(guess, &["gender"]);
        }
        // A death before this day would be another error.
        for day in ["1990-05-17", "2026-01-30"] {
            let guess = patch(&world, &parent, json!({"date_of_birth": day})).await;
            expect_denied(guess, &["date_of_birth"]);
        }
    });
}

#[test]
fn administrator_restricts_a_patient_and_then_only_ends_the_restriction() {
    run(async |world: World| {
        let (admin, staff) = (world.actor(Role::Admin).await, world.actor(Role::Staff).await);
        world.patient(1).await;
        let restricted = |is_restricted: bool| json!({"restricted": is_restricted});
        expect_denied(patch(&world, &staff, restricted(true)).await, &["restricted"]);
        let changed = patch(&world, &admin, restricted(true)).await.expect(200);
        assert_eq!(
            (&changed["restricted"], &changed["last_name"]),
            (&json!(true), &json!("Roe 001"))
        );

        for change in [json!({"address": "7 Oak Street"}), restricted(false)] {
            patch(&world, &staff, change).await.expect_problem(403, "restricted");
        }
        // The first one is right.
        for address in ["12 Elm Street", "7 Oak Street"] {
            let change = json!({"address": address, "restricted": false});
            expect_denied(patch(&world, &admin, change).await, &["address"]);
        }
        let ended = patch(&world, &admin, restricted(false)).await.expect(200);
        let seen: BTreeSet<&str> = ended.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["created_at", "id", "restricted", "updated_at", "version"];
        assert!(seen.iter().eq(&expected), "{seen:?}");
        assert_eq!((&ended["restricted"], &ended["version"]), (&json!(false), &json!(3)));
        patch(&world, &staff, json!({"address": "7 Oak Street"})).await.expect(200);
    });
}

#[test]
fn all_rows_of_a_restricted_patient_are_marked() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        world.assign(&world.doctor(1).await, &world.patient(1).await).await;
        let rows = async || {
            let mut rows = world.rows("").await;
            rows.retain(|row| {
                let [pk, sk] = ["pk", "sk"].map(|name| row[name].as_s().unwrap());
                pk.starts_with("PATIENT#") || pk.contains("#patient#") || sk.starts_with("NAME#")
            });
            rows
        };
        let marked =
            async || rows().await.iter().filter(|it| it.contains_key("restricted")).count();
        // The record, its care and the assignment; the panel; three names, the birth date and the phone.
        assert_eq!((rows().await.len(), marked().await), (9, 0));
        patch(&world, &admin, json!({"restricted": true})).await.expect(200);
        assert_eq!((rows().await.len(), marked().await), (9, 9));
        let change = json!({"restricted": false});
        patch(&world, &admin, change).await.expect(200);
        assert_eq!((rows().await.len(), marked().await), (9, 0));
    });
}

#[test]
fn new_name_moves_the_patient_in_the_panels_of_all_doctors() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=2 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let panels = async || {
            let rows = world.rows("DOCTOR#").await;
            let keys = rows.iter().map(|row| row["sk"].as_s().unwrap().clone());
            keys.filter(|sk| sk.starts_with("NAME#")).collect::<Vec<_>>()
        };
        let has_name = |panels: &[String], name: &str| {
            panels.len() == 2 && panels.iter().all(|sk| sk.contains(name))
        };
        assert!(has_name(&panels().await, "#roe 001\u{1f}jane\u{1f}"));
        patch(&world, &staff, json!({"last_name": "Doe"})).await.expect(200);
        assert!(has_name(&panels().await, "#doe\u{1f}jane\u{1f}"));
    });
}

#[test]
fn change_that_needs_too_many_rows_is_a_conflict() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=20 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let numbered = |letter: char| {
            let value = |n: u32| format!("{letter}{n}");
            let number = |n| json!({"system": format!("system {n}"), "value": value(n)});
            (0..10).map(number).collect::<Vec<_>>()
        };
        let first = json!({
            "first_name": "aa ab ac ad ae af", "last_name": "ag ah ai aj ak al",
            "former_names": ["am an ao ap"], "identifiers": numbered('a'),
        });
        patch(&world, &staff, first).await.expect(200);
        let second = json!({
            "first_name": "ba bb bc bd be bf", "last_name": "bg bh bi bj bk bl",
            "former_names": ["bm bn bo bp", "bq br bs bt", "bu bv bw bx", "by bz ca cb"],
        });
        let both = event().json(second.clone()).with(json!({"identifiers": numbered('b')}));
        let problem = world.call(handler(), both.by(&staff)).await.expect_problem(409, "conflict");
        let errors: Vec<&String> = problem["errors"].as_object().unwrap().keys().collect();
        assert_eq!(errors, ["identifiers"]);
        for change in [second, json!({"identifiers": numbered('b')})] {
            patch(&world, &staff, change).await.expect(200);
        }
    });
}

/// Ends the caller's assignment after the decision, and then changes the patient.
async fn update_too_late(
    context: Context<RecordSettings>,
    by: Granted<Update<PatientDetails>>,
) -> ApiResult {
    let (doctor, patient) = (DoctorId::new(1).unwrap(), PatientId::new(1).unwrap());
    match steps::end_assignment(context.store(), doctor, patient).await {
        Ok(()) | Err(StoreError::NotFound(_)) => records::update(context, by).await,
        Err(error) => Err(error.into()),
    }
}

#[test]
fn doctor_whose_assignment_ends_at_the_same_time_changes_nothing() {
    run(async |world: World| {
        let (assigned, covering) = (world.doctor(1).await, world.doctor(2).await);
        world.cover(&assigned, &covering, 7).await;
        let patient = world.patient(1).await;
        for doctor in [&assigned, &covering] {
            let actor = world.doctor_account(doctor).await;
            world.assign(&assigned, &patient).await;
            let event = event().without_policy().json(json!({"address": "7 Oak Street"}));
            let handler = protected_with(RECORD_SETTINGS, update_too_late);
            let answer = world.call(handler, event.by(&actor)).await;
            answer.expect_problem(403, "not_assigned");
            let stored = steps::record::<PatientDetails>(world.app.store(), patient.id).await;
            assert_eq!(stored.unwrap().unwrap().version, 1);
        }
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), false);
}

#[test]
fn survives_a_dynamodb_that_fails_when_name_and_restriction_change() {
    checks::variant_survives_faults(async |world: &World| {
        world.assign(&world.doctor(1).await, &world.patient(1).await).await;
        let change = json!({"last_name": "Doe", "restricted": true});
        (handler(), event().json(change).by(&world.actor(Role::Admin).await))
    });
}

#[test]
fn survives_a_dynamodb_that_fails_for_a_covering_doctor() {
    checks::variant_survives_faults(async |world: &World| {
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        world.assign(&doctor, &world.patient(1).await).await;
        world.cover(&doctor, &covering, 7).await;
        (handler(), event().by(&world.doctor_account(&covering).await))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-update", &[]);
}
