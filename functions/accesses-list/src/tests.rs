mod refusals;

use std::time::Duration;

use shared::model::id::PatientId;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::user::{LinkChange, Role, UserChange};
use shared::records;
use shared::store::NewUser;
use shared::testing::{
    Actor, Answer, Event, Handler, RECORD_SETTINGS, Value, World, checks, json, protected,
    protected_with, run, steps,
};

use super::list;

fn handler() -> impl Handler {
    protected(list)
}

fn event() -> Event {
    Event::of("accesses-list")
}

async fn ask(world: &World, by: &Actor, query: &[(&str, &str)]) -> Answer {
    world.call(handler(), event().query(query).by(by)).await
}

/// Reads patients by patients-get, one a second, and returns the statuses.
async fn read(world: &World, reads: &[(&Actor, PatientId)]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for (actor, patient) in reads {
        world.advance(Duration::from_secs(1));
        let event = Event::of("patients-get").without_policy().path_parameter("id", patient);
        let handler = protected(records::get::<PatientDetails>);
        statuses.push(world.call(handler, event.by(actor)).await.status);
    }
    statuses
}

/// Lets staff read patient 1 this number of times.
async fn read_by_staff(world: &World, times: usize) -> Patient {
    let (staff, patient) = (world.actor(Role::Staff).await, world.patient(1).await);
    let statuses = read(world, &vec![(&staff, patient.id); times]).await;
    assert!(statuses.iter().all(|status| *status == 200));
    world.put_views().await;
    patient
}

fn texts(results: &Value) -> Vec<&str> {
    results.as_array().unwrap().iter().map(|access| access["text"].as_str().unwrap()).collect()
}

#[test]
fn patient_sees_who_read_the_record_and_why() {
    run(async |world: World| {
        let doctors = [world.doctor(1).await, world.doctor(2).await];
        let (patient, other) = (world.patient(1).await, world.patient(2).await);
        world.assign(&doctors[0], &patient).await;
        world.cover(&doctors[0], &doctors[1], 7).await;
        let staff = world.actor(Role::Staff).await;
        let owner = world.patient_account(&patient).await;
        let guardian = world.actor_named("guardian", Role::Patient).await;
        world.proxy(&patient, &guardian).await;
        let treating = world.doctor_account(&doctors[0]).await;
        let covering = world.doctor_account(&doctors[1]).await;
        let reads = [&staff, &treating, &covering, &guardian, &owner, &staff];
        let mut reads = reads.map(|actor| (actor, patient.id));
        reads[5].1 = other.id;
        assert_eq!(read(&world, &reads).await, [200; 6]);
        world.put_views().await;

        let body = ask(&world, &owner, &[]).await.expect(200);
        assert_eq!(
            texts(&body["results"]),
            [
                "patient-1 (patient) read the record, because the record is their own.",
                "guardian (patient) read the record, because they act for the patient.",
                "Grace Okafor 002 (doctor) read the record, because they cover a doctor who treats \
                 the patient.",
                "Grace Okafor 001 (doctor) read the record, because they treat the patient.",
                "staff (staff) read the record, because their role permits it.",
            ]
        );
        assert_eq!(
            body["results"][3],
            json!({
                "text":
                    "Grace Okafor 001 (doctor) read the record, because they treat the patient.",
                "action": "read", "actor": treating.id(), "actor_name": "Grace Okafor 001",
                "actor_role": "doctor", "at": "2026-01-31T12:00:02.000Z",
                "operation": "patients-get", "basis": "assignment", "fields": [],
            })
        );
        assert_eq!(body["next"], Value::Null);
    });
}

#[test]
fn username_that_is_an_email_address_is_shown_without_its_domain() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let owner = world.patient_account(&patient).await;
        let new = NewUser {
            username: "nina@example.com".parse().unwrap(),
            email: "nina@example.com".parse().unwrap(),
            password_hash: "nobody's".into(),
            role: Role::Staff,
            first_is_admin: false,
        };
        let nina = world.app.store().accounts().register(new, world.app.now()).await.unwrap();
        let nina = world.sign_in(nina).await;
        assert_eq!(read(&world, &[(&nina, patient.id)]).await, [200]);
        world.put_views().await;

        let body = ask(&world, &owner, &[]).await.expect(200);
        let text = "nina (staff) read the record, because their role permits it.";
        assert_eq!(texts(&body["results"]), [text]);
        assert_eq!(body["results"][0]["actor_name"], "nina");
    });
}

#[test]
fn patient_sees_the_names_of_changed_fields() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let owner = world.patient_account(&patient).await;
        let event = Event::of("patients-update").without_policy().by(&owner);
        let change = event.json(json!({"address": "1 Main Street"}));
        let handler = protected_with(RECORD_SETTINGS, records::update::<PatientDetails>);
        world.call(handler, change).await.expect(200);
        world.put_views().await;
        let body = ask(&world, &owner, &[]).await.expect(200);
        assert_eq!(
            texts(&body["results"]),
            ["patient-1 (patient) changed the record (address), because the record is their own."]
        );
        let access = &body["results"][0];
        assert_eq!(access["action"], "changed");
        assert_eq!(access["fields"], json!(["address"]));
        assert!(!body.to_string().contains("Main Street"));
    });
}

#[test]
fn accesses_are_listed_page_by_page_newest_first() {
    run(async |world: World| {
        let patient = read_by_staff(&world, 5).await;
        let owner = world.patient_account(&patient).await;
        let seen = checks::walk(&world, handler(), event(), &owner).await;
        let times: Vec<_> = seen.iter().map(|access| access["at"].as_str().unwrap()).collect();
        let expected = [5, 4, 3, 2, 1].map(|second| format!("2026-01-31T12:00:0{second}.000Z"));
        assert_eq!(times, expected);
    });
}

#[test]
fn cursor_is_valid_for_its_own_patient_only() {
    run(async |world: World| {
        let patient = read_by_staff(&world, 2).await;
        let other = world.patient(2).await;
        let admin = world.actor(Role::Admin).await;
        let page = ask(&world, &admin, &[("limit", "1")]).await.expect(200);
        let next = page["next"].as_str().unwrap();
        for (patient, status) in [(&patient, 200), (&other, 400)] {
            let event = event().path_parameter("id", patient.id).query(&[("cursor", next)]);
            world.call(handler(), event.by(&admin)).await.expect(status);
        }
    });
}

#[test]
fn listing_accesses_is_an_access() {
    run(async |world: World| {
        let patient = read_by_staff(&world, 1).await;
        let owner = world.patient_account(&patient).await;
        let before = world.audit_rows().await;
        world.advance(Duration::from_secs(1));
        let accesses = ask(&world, &owner, &[]).await.expect(200);
        let rows = world.audit_rows().await;
        let new: Vec<_> = rows.iter().filter(|row| !before.contains(row)).collect();
        assert_eq!(new.len(), 1);
        let facts = &new[0].facts;
        assert_eq!((&*facts.operation, facts.basis.as_deref()), ("accesses-list", Some("self")));
        assert_eq!((&*facts.outcome, facts.actor), ("done", Some(owner.id())));
        assert!(facts.subjects.patients.iter().eq([&patient.id]));
        // It shows the name of the account that read the record.
        let shown = facts.subjects.accounts.iter().map(|id| json!(id));
        assert!(shown.eq([accesses["results"][0]["actor"].clone()]));

        world.put_views().await;
        let body = ask(&world, &owner, &[]).await.expect(200);
        assert_eq!(
            texts(&body["results"])[0],
            "patient-1 (patient) read who has accessed the record, because the record is their own."
        );
    });
}

#[test]
fn accounts_of_all_active_roles_see_their_own_patient_only() {
    run(async |world: World| {
        let patient = read_by_staff(&world, 1).await;
        let doctor = world.doctor(1).await;
        world.assign(&doctor, &patient).await;
        let guardian = world.actor_named("guardian", Role::Patient).await;
        world.proxy(&patient, &guardian).await;
        let other = world.patient_account(&world.patient(2).await).await;
        let treating = world.doctor_account(&doctor).await;
        let member = world.actor_named("member", Role::Staff).await;
        for actor in [&guardian, &other, &treating] {
            let refusal = async |id: &str| {
                let event = event().path_parameter("id", id).by(actor);
                world.call(handler(), event).await.expect_problem(403, "not_assigned")
            };
            let unrelated = refusal("1").await;
            assert_eq!(refusal("999").await, unrelated);
            assert_eq!(refusal("abc").await, unrelated);
        }
        ask(&world, &member, &[]).await.expect_problem(403, "permission_denied");

        for actor in [member, treating] {
            let patient_id = LinkChange::Set(patient.id);
            let change = UserChange { patient_id, ..UserChange::default() };
            let (store, now) = (world.app.store(), world.app.now());
            let link = steps::update_account(store, actor.id(), change, &Preconditions::NONE, now);
            let linked = world.sign_in(link.await.unwrap()).await;
            let body = ask(&world, &linked, &[]).await.expect(200);
            let results = body["results"].as_array().unwrap();
            assert_eq!((results.len(), results[0].get("address")), (1, None));
            let unlink = UserChange { patient_id: LinkChange::Remove, ..UserChange::default() };
            let unlinked =
                steps::update_account(store, actor.id(), unlink, &Preconditions::NONE, now);
            unlinked.await.unwrap();
        }
    });
}

#[test]
fn administrators_see_accesses_to_restricted_and_deleted_patients() {
    run(async |world: World| {
        let patient = read_by_staff(&world, 1).await;
        let admin = world.actor(Role::Admin).await;
        world.restrict(&patient).await;
        let count = async || {
            let body = ask(&world, &admin, &[]).await.expect(200);
            body["results"].as_array().unwrap().len()
        };
        assert_eq!(count().await, 1);
        let (store, now) = (world.app.store(), world.app.now());
        let deleted =
            steps::delete::<PatientDetails>(store, patient.id, &Preconditions::NONE, now, || false);
        deleted.await.unwrap();
        assert_eq!(count().await, 1);
    });
}

#[test]
fn patient_who_never_existed_is_404_for_administrators() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        for id in ["1", "0", "abc", "9007199254740992"] {
            let event = event().path_parameter("id", id).by(&admin);
            for _ in 0..2 {
                let answer = world.call(handler(), event.clone()).await;
                answer.expect_problem(404, "not_found");
                // The rows about these requests make nobody a patient.
                world.put_views().await;
            }
        }
    });
}

#[test]
fn patient_without_accesses_has_an_empty_list() {
    run(async |world: World| {
        let owner = world.patient_account(&world.patient(1).await).await;
        let body = ask(&world, &owner, &[]).await.expect(200);
        assert_eq!(body, json!({"results": [], "next": null}));
    });
}

#[test]
fn invalid_parameters_are_named() {
    run(async |world: World| {
        read_by_staff(&world, 1).await;
        let admin = world.actor(Role::Admin).await;
        for (name, value) in [("limit", "0"), ("limit", "101"), ("cursor", "abc"), ("day", "x")] {
            let answer = ask(&world, &admin, &[(name, value)]).await;
            let problem = answer.expect_problem(400, "invalid_query");
            assert!(problem["errors"][name].is_array(), "{problem}");
        }
    });
}

#[test]
fn page_takes_two_rounds_and_a_third_for_the_names_of_doctors() {
    run(async |world: World| {
        let patient = read_by_staff(&world, 3).await;
        let owner = world.patient_account(&patient).await;
        let doctor = world.doctor(1).await;
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        let cost = async || {
            world.calls.take();
            ask(&world, &owner, &[]).await.expect(200);
            let cost = world.calls.take_cost();
            (cost.rounds, cost.calls.len(), cost.rows)
        };
        assert_eq!(cost().await, (2, 3, 1));
        world.assign(&doctor, &patient).await;
        let treating = world.doctor_account(&doctor).await;
        assert_eq!(read(&world, &[(&treating, patient.id)]).await, [200]);
        world.put_views().await;
        assert_eq!(cost().await, (3, 4, 1));
    });
}

#[test]
fn only_related_people_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let patient = read_by_staff(world, 1).await;
        (handler(), event().by(&world.patient_account(&patient).await))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("accesses-list", &[]);
}
