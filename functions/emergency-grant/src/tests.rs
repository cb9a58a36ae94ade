mod limits;
mod mails;

use std::collections::BTreeSet;
use std::time::Duration;

use shared::mail::Mailer;
use shared::model::assignment::CareRole;
use shared::model::emergency_review::ReviewStatus;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::user::Role;
use shared::records;
use shared::testing::{
    Actor, Answer, Event, Handler, RECORD_SETTINGS, Value, World, checks, json, protected,
    protected_with, run,
};

use super::{Settings, grant};

const HOUR: Duration = Duration::from_hours(1);

fn handler() -> impl Handler {
    ready(Mailer::None, None)
}

fn ready(mailer: Mailer, reviewer: Option<&str>) -> impl Handler + use<> {
    let reviewer = reviewer.map(|address| address.parse().unwrap());
    protected_with(Settings { mailer, reviewer }, grant)
}

fn event() -> Event {
    Event::of("emergency-grant")
}

async fn post(world: &World, by: &Actor, patient: &Patient) -> Answer {
    world.call(handler(), event().path_parameter("id", patient.id).by(by)).await
}

async fn read(world: &World, by: &Actor, patient: &Patient) -> Answer {
    let event = Event::of("patients-get").without_policy().path_parameter("id", patient.id);
    world.call(protected(records::get::<PatientDetails>), event.by(by)).await
}

/// Returns the account of a doctor who treats nobody.
async fn stranger(world: &World) -> Actor {
    world.doctor_account(&world.doctor(1).await).await
}

/// Returns the number of open reviews.
async fn reviews(world: &World) -> usize {
    world.rows(&format!("EMERGENCY#{}", ReviewStatus::Open.name())).await.len()
}

#[test]
fn doctor_reads_a_stranger_for_four_hours() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        read(&world, &doctor, &patient).await.expect_problem(403, "not_assigned");
        let access = post(&world, &doctor, &patient).await.expect(201);
        assert_eq!(
            access,
            json!({
                "id": access["id"], "patient_id": patient.id, "user_id": doctor.id(),
                "starts_at": "2026-01-31T12:00:00.000Z", "ends_at": "2026-01-31T16:00:00.000Z",
            })
        );
        let seen = read(&world, &doctor, &patient).await.expect(200);
        assert_eq!(seen["medical_history"], "Asthma since childhood.");
        world.advance(4 * HOUR - Duration::from_millis(1));
        let doctor = world.sign_in(doctor.user).await;
        read(&world, &doctor, &patient).await.expect(200);
        world.advance(Duration::from_millis(1));
        read(&world, &doctor, &patient).await.expect_problem(403, "not_assigned");
    });
}

#[test]
fn emergency_permits_no_change_and_no_other_account_or_patient() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        let colleague = world.doctor_account(&world.doctor(2).await).await;
        post(&world, &doctor, &patient).await.expect(201);
        let event = Event::of("patients-update").without_policy();
        let event = event.path_parameter("id", patient.id).by(&doctor);
        let update = protected_with(RECORD_SETTINGS, records::update::<PatientDetails>);
        world.call(update, event).await.expect_problem(403, "not_assigned");
        read(&world, &colleague, &patient).await.expect_problem(403, "not_assigned");
        let other = world.patient(2).await;
        read(&world, &doctor, &other).await.expect_problem(403, "not_assigned");
        let list = Event::of("patients-list").without_policy().by(&doctor);
        let list = world.call(protected(records::list::<PatientDetails>), list).await.expect(200);
        assert_eq!(list["results"], json!([]));
    });
}

#[test]
fn staff_read_a_restricted_patient() {
    run(async |world: World| {
        let (admin, staff) = (world.actor(Role::Admin).await, world.actor(Role::Staff).await);
        let patient = world.patient(1).await;
        world.restrict(&patient).await;
        for actor in [&admin, &staff] {
            read(&world, actor, &patient).await.expect_problem(403, "restricted");
            post(&world, actor, &patient).await.expect(201);
            let seen = read(&world, actor, &patient).await.expect(200);
            assert_eq!(seen["restricted"], true);
        }
        assert_eq!(reviews(&world).await, 2);
    });
}

#[test]
fn account_that_sees_the_patient_needs_no_emergency() {
    run(async |world: World| {
        let (admin, staff) = (world.actor(Role::Admin).await, world.actor(Role::Staff).await);
        let (treating, covering) = (world.doctor(1).await, world.doctor(2).await);
        let patient = world.patient(1).await;
        world.assign_for(&treating, &patient, CareRole::Treating, 0..1).await;
        world.cover(&treating, &covering, 1).await;
        let doctors = [
            world.doctor_account(&treating).await,
            world.doctor_account(&covering).await,
            stranger_who_is_proxy(&world, &patient).await,
        ];
        for actor in [&admin, &staff].into_iter().chain(&doctors) {
            post(&world, actor, &patient).await.expect_problem(409, "has_access");
        }
        assert_eq!(reviews(&world).await, 0);
    });
}

async fn stranger_who_is_proxy(world: &World, patient: &Patient) -> Actor {
    let doctor = world.doctor_account(&world.doctor(3).await).await;
    world.proxy(patient, &doctor).await;
    doctor
}

#[test]
fn current_access_is_answered_again_without_another_review() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        let first = post(&world, &doctor, &patient).await.expect(201);
        world.advance(HOUR);
        let doctor = world.sign_in(doctor.user).await;
        assert_eq!(post(&world, &doctor, &patient).await.expect(200), first);
        assert_eq!(reviews(&world).await, 1);
        // After its end, there is a new one.
        world.advance(3 * HOUR);
        let doctor = world.sign_in(doctor.user).await;
        let second = post(&world, &doctor, &patient).await.expect(201);
        assert_ne!(second["id"], first["id"]);
        assert_eq!(second["ends_at"], "2026-01-31T20:00:00.000Z");
        assert_eq!(reviews(&world).await, 2);
        read(&world, &doctor, &patient).await.expect(200);
    });
}

#[test]
fn missing_patient_is_404_and_counted_for_doctors() {
    run(async |world: World| {
        let (doctor, staff) = (stranger(&world).await, world.actor(Role::Staff).await);
        let detail = async |by: &Actor, id: &str| {
            let event = event().path_parameter("id", id).by(by);
            let problem = world.call(handler(), event).await.expect_problem(404, "not_found");
            problem["detail"].as_str().unwrap().to_owned()
        };
        // Staff learn the same by reading.
        for (actor, times) in [(&doctor, 5), (&staff, 6)] {
            for _ in 0..times {
                assert_eq!(detail(actor, "1").await, "There is no patient 1.");
            }
            assert_eq!(detail(actor, "abc").await, "There is no patient with this id.");
        }
        let patient = world.patient(1).await;
        post(&world, &doctor, &patient).await.expect_problem(429, "too_many_attempts");
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        for (fields, field) in [
            (json!({"reason_code": "curious"}), "reason_code"),
            (json!({"reason_code": null}), "reason_code"),
            (json!({"reason": "urgent"}), "reason"),
            (json!({"reason": "x".repeat(501)}), "reason"),
            (json!({"reason": null}), "reason"),
            (json!({"hours": 8}), "hours"),
        ] {
            let event = event().path_parameter("id", patient.id).with(fields).by(&doctor);
            world.call(handler(), event).await.expect_invalid(field);
        }
        assert_eq!(reviews(&world).await, 0);
    });
}

#[test]
fn account_without_a_doctor_or_of_a_patient_may_not() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let unlinked = world.actor(Role::Doctor).await;
        post(&world, &unlinked, &patient).await.expect_problem(403, "permission_denied");
        let owner = world.patient_account(&patient).await;
        post(&world, &owner, &patient).await.expect_problem(403, "permission_denied");
    });
}

#[test]
fn access_is_of_no_use_to_an_account_that_becomes_a_patients() {
    run(async |world: World| {
        let owner = world.patient_account(&world.patient(1).await).await;
        let other = world.patient(2).await;
        world.emergency(&owner, &other).await;
        read(&world, &owner, &other).await.expect_problem(403, "not_assigned");
    });
}

#[test]
fn grant_and_reads_are_recorded_with_their_basis() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        let access = post(&world, &doctor, &patient).await.expect(201);
        post(&world, &doctor, &patient).await.expect(200);
        read(&world, &doctor, &patient).await.expect(200);
        let rows = world.audit_rows().await;
        let objects: Vec<Value> = rows.iter().map(|row| json!(row.facts.object)).collect();
        let (id, none) = (&access["id"], &Value::Null);
        assert_eq!(objects.iter().collect::<Vec<_>>(), [id, id, none, none]);
        let facts: Vec<_> = rows
            .iter()
            .map(|row| (&*row.facts.operation, row.facts.basis.as_deref(), &*row.facts.outcome))
            .collect();
        let granted = ("emergency-grant", Some("emergency"), "done");
        let expected = ("patients-get", Some("assignment"), "done");
        let read = ("patients-get", Some("emergency"), "done");
        assert_eq!(facts, [granted, granted, expected, read]);
        for row in &rows {
            assert_eq!(row.facts.actor, Some(doctor.id()));
            assert_eq!(row.facts.subjects.patients, BTreeSet::from([patient.id]));
        }
        let corrects: Vec<bool> = rows.iter().map(|row| row.corrects.is_some()).collect();
        assert_eq!(corrects, [false, false, false, true]);
        assert!(!format!("{rows:?}").contains("Unconscious"));
    });
}

#[test]
fn read_in_an_emergency_takes_one_round() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        world.emergency(&doctor, &patient).await;
        // The first one reads the keys of tokens.
        read(&world, &doctor, &patient).await.expect(200);
        world.calls.take();
        read(&world, &doctor, &patient).await.expect(200);
        let cost = world.calls.take_cost();
        assert_eq!((cost.calls.join(" ").as_str(), cost.rounds), ("BatchGetItem", 1));
    });
}

#[test]
fn stored_row_expires_and_the_review_stays() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        post(&world, &doctor, &patient).await.expect(201);
        let rows = world.rows(&format!("PATIENT#{:016}", patient.id)).await;
        let key = format!("EMERGENCY#{:016}", doctor.id());
        let row = rows.iter().find(|row| row["sk"].as_s().unwrap() == &key).unwrap();
        // 31 January 2026, 16:00
        assert_eq!(row["ttl"].as_n().unwrap(), "1769875200");
        let review = world.rows("EMERGENCY#open").await.remove(0);
        assert!(!review.contains_key("ttl"));
        let text = |name: &str| Value::from(review[name].as_s().unwrap().as_str());
        assert_eq!(text("reason"), "Unconscious, brought in without papers");
        assert_eq!((text("reason_code"), text("status")), (json!("urgent_care"), json!("open")));
    });
}

#[test]
fn patients_may_not() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let (doctor, patient) = (stranger(world).await, world.patient(1).await);
        (handler(), event().path_parameter("id", patient.id).by(&doctor))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("emergency-grant", &[]);
}
