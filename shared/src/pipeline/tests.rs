//! The pipeline with test doubles: rules that decide otherwise, a relation that is read. And its rows of the audit trail.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::json;

use super::*;
use crate::access::{Act, Allowed, Basis, Denied, Fields, Proof, Relations};
use crate::app::Rules;
use crate::audit::{Facts, Subjects};
use crate::config::ConfigError;
use crate::context::Context;
use crate::dynamo::{DynamoError, Expression};
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::patient::PatientDetails;
use crate::model::precondition::Preconditions;
use crate::model::user::{Role, User, UserChange};
use crate::records;
use crate::response::no_content;
use crate::store::Read;
use crate::testing::{
    Actor as Person, Event, RECORD_SETTINGS, World, protected, protected_with, run, steps,
};

/// Every caller is doctor 1, whose assignment is read with the caller.
struct AssignedToDoctor1;

impl AssignedToDoctor1 {
    fn key(about: &About) -> Option<Key> {
        Some(Key::assignment(about.patient?, DoctorId::new(1)?))
    }
}

impl Relations for AssignedToDoctor1 {
    fn keys(&self, _actor: &Actor, about: &About) -> Vec<Key> {
        Self::key(about).into_iter().collect()
    }

    fn further_keys(
        &self,
        _actor: &Actor,
        _about: &About,
        _items: &Items,
        _now: Timestamp,
    ) -> Result<Vec<Key>, DynamoError> {
        Ok(Vec::new())
    }

    fn relation(
        &self,
        actor: &Actor,
        about: &About,
        items: &Items,
        _now: Timestamp,
    ) -> Result<Relation, DynamoError> {
        let Some(assignment) = Self::key(about).filter(|key| items.get(key).is_some()) else {
            return Ok(Relation::default());
        };
        let unchanged = Expression::only("attribute_exists(pk)");
        let proof = |basis, key| Proof { basis, key, unchanged: unchanged.clone() };
        let account = Key::user(Some(actor.id));
        let proofs = vec![proof(Basis::Own, account), proof(Basis::Assignment, assignment)];
        Ok(Relation { own: true, assigned: true, proofs, ..Relation::default() })
    }
}

/// Only an assigned doctor may act, without seeing the history, and may change the address only.
fn assigned_only(act: Act, _actor: &Actor, relation: &Relation) -> Result<Allowed, Denied> {
    if !relation.assigned {
        return Err(Denied::Role);
    }
    let fields = Fields::Only(&["address"]);
    Ok(Allowed::for_test(act, Basis::Assignment, &["medical_history"], fields))
}

fn by_assignment() -> Rules {
    Rules { decide: assigned_only, relations: Box::new(AssignedToDoctor1) }
}

fn get() -> impl crate::testing::Handler {
    protected(records::get::<PatientDetails>)
}

fn of_patient(name: &str, id: PatientId) -> Event {
    Event::of(name).path_parameter("id", id)
}

async fn change_role(world: &World, actor: &Person, role: Role) {
    let change = UserChange { role: Some(role), ..UserChange::default() };
    let (store, now) = (world.app.store(), world.app.now());
    steps::update_account(store, actor.id(), change, &Preconditions::NONE, now).await.unwrap();
}

#[test]
fn relation_is_read_in_the_callers_round_and_decides() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let staff = world.actor(Role::Staff).await;
        let app = world.app_with_rules(by_assignment());
        app.verifier().read_keys(app.store(), app.now()).await.unwrap();
        let read = async |id| {
            world.calls.take();
            let answer =
                world.call_in(&app, get(), of_patient("patients-get", id).by(&staff)).await;
            (answer, world.calls.take_cost())
        };

        let (answer, cost) = read(patient.id).await;
        assert_eq!((cost.calls.join(" ").as_str(), cost.rounds), ("BatchGetItem", 1));
        let body = answer.expect(200);
        assert_eq!((&body["id"], body.get("medical_history")), (&json!(patient.id), None));
        assert_eq!(world.audit_rows().await[0].facts.basis.as_deref(), Some("assignment"));

        // Unassigned and missing: the same answer.
        steps::end_assignment(app.store(), doctor.id, patient.id).await.unwrap();
        let unassigned = read(patient.id).await.0.expect_problem(403, "permission_denied");
        let missing = read(PatientId::new(999).unwrap()).await.0.expect(403);
        assert_eq!(unassigned, missing);
    });
}

#[test]
fn only_fields_of_the_decision_may_change() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let staff = world.actor(Role::Staff).await;
        let app = world.app_with_rules(by_assignment());
        let update = async |body| {
            let event = of_patient("patients-update", patient.id).json(body).by(&staff);
            let handler = protected_with(RECORD_SETTINGS, records::update::<PatientDetails>);
            world.call_in(&app, handler, event).await
        };
        let problem = update(json!({"last_name": "Doe", "address": "1 Elm St"})).await;
        let problem = problem.expect_problem(403, "permission_denied");
        let refused = json!({"last_name": ["cannot be changed by your account"]});
        assert_eq!(problem["errors"], refused);
        let changed = update(json!({"address": "1 Elm St"})).await.expect(200);
        assert_eq!(changed["address"], "1 Elm St");
    });
}

/// Notes the keys of the rows that give the access.
#[derive(Clone, Default)]
struct Noted(Arc<Mutex<Vec<Key>>>);

impl Settings for Noted {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self::default())
    }
}

async fn noting(context: Context<Noted>, by: Granted<Read<PatientDetails>>) -> ApiResult {
    let keys = by.proofs().iter().map(|proof| proof.key.clone());
    context.settings().0.lock().unwrap().extend(keys);
    no_content()
}

#[test]
fn grant_has_the_proofs_of_its_own_basis_only() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let staff = world.actor(Role::Staff).await;
        let app = world.app_with_rules(by_assignment());
        let noted = Noted::default();
        let event = of_patient("patients-get", patient.id).by(&staff);
        world.call_in(&app, protected_with(noted.clone(), noting), event).await.expect(204);
        assert_eq!(*noted.0.lock().unwrap(), [Key::assignment(patient.id, doctor.id)]);
    });
}

/// Returns what a row of patients-get says.
fn facts_of(actor: &Person, patient: PatientId) -> Facts {
    Facts {
        operation: "patients-get".into(),
        request_id: "a-request".into(),
        address: Some("3ui-VtKY06g8rC3M".to_owned()),
        actor: Some(actor.id()),
        session: Some(actor.session_id()),
        basis: Some("role".into()),
        subjects: Subjects { patients: [patient].into(), ..Subjects::default() },
        outcome: "done".into(),
        ..Facts::default()
    }
}

#[test]
fn read_puts_one_row_or_one_that_corrects_it() {
    run(async |world: World| {
        let (patient, missing) = (world.patient(1).await, PatientId::new(999).unwrap());
        let (staff, demoted) =
            (world.actor(Role::Staff).await, world.actor_named("demoted", Role::Staff).await);
        change_role(&world, &demoted, Role::Pending).await;
        let event = of_patient("patients-get", patient.id);
        world.call(get(), event.clone().by(&staff)).await.expect(200);
        let event_of_missing = of_patient("patients-get", missing);
        world.call(get(), event_of_missing.by(&staff)).await.expect(404);
        world.call(get(), event.by(&demoted)).await.expect(403);

        let rows = world.audit_rows().await;
        let facts: Vec<&Facts> = rows.iter().map(|row| &row.facts).collect();
        let failed = |facts: &Facts, outcome: &'static str| Facts {
            outcome: outcome.into(),
            ..facts.clone()
        };
        let (read, unknown, refused) = (
            facts_of(&staff, patient.id),
            facts_of(&staff, missing),
            facts_of(&demoted, patient.id),
        );
        let unallowed = Facts { basis: None, ..failed(&refused, "permission_denied") };
        let not_found = failed(&unknown, "not_found");
        assert_eq!(facts, [&read, &unknown, &not_found, &refused, &unallowed]);
        let corrected: Vec<_> =
            rows.iter().map(|row| row.corrects.as_ref().map(|row| &row.place)).collect();
        let places: Vec<_> = rows.iter().map(|row| Some(&row.place)).collect();
        assert_eq!(corrected, [None, None, places[1], None, places[3]]);
        let prevs: Vec<u64> = rows.iter().map(|row| row.place.seq).collect();
        assert_eq!(prevs, [0, 1, 2, 3, 4]);
    });
}

#[test]
fn list_puts_one_row_with_the_patients_it_shows() {
    run(async |world: World| {
        let (one, two) = (world.patient(1).await, world.patient(2).await);
        let staff = world.actor(Role::Staff).await;
        let list = protected(records::list::<PatientDetails>);
        world.call(list, Event::of("patients-list").by(&staff)).await.expect(200);
        let rows = world.audit_rows().await;
        let patients: Vec<_> = rows.iter().map(|row| row.facts.subjects.patients.clone()).collect();
        assert_eq!(patients, [[one.id, two.id].into()]);
    });
}

#[test]
fn without_its_row_no_answer_leaves() {
    run(async |world: World| {
        let (patient, staff) = (world.patient(1).await, world.actor(Role::Staff).await);
        let delete = world.dynamodb.delete_table().table_name(repo::template::AUDIT_TABLE_NAME);
        delete.send().await.unwrap();
        let event = of_patient("patients-get", patient.id).by(&staff);
        let problem = world.call(get(), event).await.expect_problem(503, "unavailable");
        assert!(!problem.to_string().contains("Roe"));
    });
}

/// A caller whose hint still permits the read causes it, but nothing is built from what was read.
#[test]
fn denied_caller_does_not_reach_a_broken_record() {
    run(async |world: World| {
        let (patient, demoted) = (world.patient(1).await, world.actor(Role::Staff).await);
        let staff = world.actor_named("other", Role::Staff).await;
        let broken = world.rows("PATIENT#").await.remove(0);
        let put = world.dynamodb.put_item().table_name(repo::template::TABLE_NAME);
        let version = crate::dynamo::AttributeValue::S("no number".to_owned());
        put.set_item(Some(broken)).item("version", version).send().await.unwrap();
        change_role(&world, &demoted, Role::Pending).await;
        let list = || protected(records::list::<PatientDetails>);
        let event = of_patient("patients-get", patient.id);
        world.call(get(), event.clone().by(&staff)).await.expect_problem(500, "internal_error");
        world.call(get(), event.by(&demoted)).await.expect_problem(403, "permission_denied");
        let event = Event::of("patients-list");
        world.call(list(), event.clone().by(&staff)).await.expect_problem(500, "internal_error");
        world.call(list(), event.by(&demoted)).await.expect_problem(403, "permission_denied");
    });
}

/// In the worst case: the hint has the record or the list read, and the account permits nothing, or not this record.
#[test]
#[allow(clippy::disallowed_methods, reason = "measures a duration")]
fn refusal_of_a_valid_token_waits_for_the_minimum_duration() {
    run(async |world: World| {
        let (patient, demoted) = (world.patient(1).await, world.actor(Role::Staff).await);
        let (ended, doctor) =
            (world.actor_named("ended", Role::Staff).await, world.actor(Role::Doctor).await);
        change_role(&world, &demoted, Role::Pending).await;
        let (store, now) = (world.app.store(), world.app.now());
        steps::end_all_sessions(store, ended.id(), now).await.unwrap();
        for (actor, status) in [(&demoted, 403), (&doctor, 403), (&ended, 401)] {
            for id in [patient.id.to_string(), "999".to_owned(), "abc".to_owned()] {
                let started = Instant::now();
                let event = Event::of("patients-get").path_parameter("id", id).by(actor);
                world.call(get(), event).await.expect(status);
                assert!(started.elapsed() >= REFUSAL);
            }
        }
        for (actor, status) in [(&demoted, 403), (&ended, 401)] {
            let started = Instant::now();
            let list = protected(records::list::<PatientDetails>);
            world.call(list, Event::of("patients-list").by(actor)).await.expect(status);
            assert!(started.elapsed() >= REFUSAL);
        }
    });
}

/// Counts the attempts of a handler.
#[derive(Default)]
struct Attempts(AtomicU32);

impl Settings for Attempts {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self::default())
    }
}

/// Demotes its caller, and then loses a race.
async fn losing(context: Context<Attempts>, by: Granted<Read<PatientDetails>>) -> ApiResult {
    context.settings().0.fetch_add(1, Ordering::Relaxed);
    let change = UserChange { role: Some(Role::Pending), ..UserChange::default() };
    let (store, id, now) = (context.store(), by.caller().id(), by.at());
    steps::update_account(store, id, change, &Preconditions::NONE, now).await?;
    Err(ApiError::Contended)
}

#[test]
fn lost_race_is_decided_again() {
    run(async |world: World| {
        let (patient, staff) = (world.patient(1).await, world.actor(Role::Staff).await);
        // The handler itself changes the account, which no function does that reads a patient.
        let event = of_patient("patients-get", patient.id).by(&staff).without_policy();
        let answer = world.call(protected_with(Attempts::default(), losing), event).await;
        answer.expect_problem(403, "permission_denied");
    });
}

/// Always loses the race.
async fn contended(_context: Context<Attempts>, _by: Granted<Read<PatientDetails>>) -> ApiResult {
    Err(ApiError::Contended)
}

#[test]
fn race_that_is_always_lost_is_503() {
    run(async |world: World| {
        let (patient, staff) = (world.patient(1).await, world.actor(Role::Staff).await);
        let event = of_patient("patients-get", patient.id).by(&staff);
        let answer = world.call(protected_with(Attempts::default(), contended), event).await;
        assert_eq!(answer.header("retry-after"), Some("1"));
        answer.expect_problem(503, "unavailable");
        // The row that the first attempt put is corrected.
        let rows = world.audit_rows().await;
        let outcomes: Vec<&str> = rows.iter().map(|row| &*row.facts.outcome).collect();
        assert_eq!(outcomes, ["done", "unavailable"]);
        assert_eq!(rows[1].corrects.as_ref().map(|row| &row.place), Some(&rows[0].place));
    });
}

#[test]
fn hint_of_an_account_names_the_same_actor() {
    let now = Timestamp::from_millisecond(0);
    for role in Role::ALL {
        let (name, email) = ("a".parse().unwrap(), "a@example.com".parse().unwrap());
        let mut user = User::new(UserId::new(1).unwrap(), name, email, role, now);
        assert_eq!(Actor::hinted(user.id, &Hint::of(&user)), Some(Actor::of(&user)));
        (user.doctor_id, user.patient_id) = (DoctorId::new(2), PatientId::new(3));
        let actor =
            Actor { id: user.id, role, doctor_id: user.doctor_id, patient_id: user.patient_id };
        assert_eq!(Actor::of(&user), actor);
        assert_eq!(Actor::hinted(user.id, &Hint::of(&user)), Some(actor));
    }
}
