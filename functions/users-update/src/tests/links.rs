//! Links of accounts to doctors and patients.

use std::time::Duration;

use shared::model::patient::PatientDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::{Actor, Event, Value, World, checks, json, protected, run, together};

use super::{event, handler, patch, stored};

/// Returns the accounts that are linked to a record, as the items of the links say.
async fn linked(world: &World, record: &str) -> Vec<String> {
    let links = world.rows(&format!("LINK#{record}#")).await;
    links.iter().map(|link| link["user_id"].as_n().unwrap().clone()).collect()
}

#[test]
fn account_is_linked_and_unlinked() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let user = world.actor_named("grace", Role::Pending).await;
        let links = async |change: Value| {
            let body = patch(&world, &admin, user.id(), change).await.expect(200);
            let user = stored(&world, &user).await;
            assert_eq!(body["doctor_id"], json!(user.doctor_id));
            assert_eq!(body["patient_id"], json!(user.patient_id));
            let counts =
                (linked(&world, "doctor").await.len(), linked(&world, "patient").await.len());
            let expected = (user.doctor_id.is_some(), user.patient_id.is_some());
            assert_eq!(counts, (usize::from(expected.0), usize::from(expected.1)));
            (user.doctor_id, user.patient_id)
        };
        let (of_doctor, of_patient) = (Some(doctor.id), Some(patient.id));
        let become_doctor = json!({"role": "doctor", "doctor_id": doctor.id});
        assert_eq!(links(become_doctor).await, (of_doctor, None));
        assert_eq!(linked(&world, "doctor").await, [user.id().to_string()]);
        assert_eq!(links(json!({"patient_id": patient.id})).await, (of_doctor, of_patient));
        assert_eq!(links(json!({"active": true})).await, (of_doctor, of_patient));
        let other = world.doctor(2).await;
        assert_eq!(links(json!({"doctor_id": other.id})).await, (Some(other.id), of_patient));
        let leave = json!({"role": "patient", "doctor_id": null});
        assert_eq!(links(leave).await, (None, of_patient));
        assert_eq!(links(json!({"patient_id": null})).await, (None, None));
        assert_eq!(links(json!({"patient_id": null})).await, (None, None));
        let both = json!({"doctor_id": doctor.id, "patient_id": patient.id});
        assert_eq!(links(both).await, (of_doctor, of_patient));
        assert_eq!(links(json!({"doctor_id": null, "patient_id": null})).await, (None, None));
        assert_eq!(stored(&world, &user).await.version, 8);
    });
}

#[test]
fn rows_of_the_trail_name_the_changed_fields() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let user = world.actor_named("grace", Role::Pending).await;
        let both = json!({"doctor_id": doctor.id, "patient_id": patient.id});
        let changes = [
            (json!({"role": "staff", "active": true}), json!(["role"])),
            (json!({"role": "staff", "doctor_id": null}), json!([])),
            (both.clone(), json!(["doctor_id", "patient_id"])),
            (both, json!([])),
            (json!({"active": false, "patient_id": null}), json!(["active", "patient_id"])),
        ];
        for (change, _) in &changes {
            patch(&world, &admin, user.id(), change.clone()).await.expect(200);
            world.advance(Duration::from_secs(1));
        }
        let fields: Vec<Value> =
            world.audited("users-update").await.iter().map(|facts| json!(facts.fields)).collect();
        assert_eq!(fields, changes.map(|(_, fields)| fields));
    });
}

#[test]
fn doctor_needs_a_link_and_a_guardian_needs_none() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let doctor = world.doctor(1).await;
        let user = world.actor_named("grace", Role::Pending).await;
        let refuse = async |change: Value| {
            let answer = patch(&world, &admin, user.id(), change).await;
            let problem = answer.expect_problem(400, "invalid_body");
            let errors = json!({"doctor_id": ["is required for the role doctor"]});
            assert_eq!(problem["errors"], errors);
        };
        refuse(json!({"role": "doctor"})).await;
        refuse(json!({"role": "doctor", "doctor_id": null})).await;
        let link = json!({"role": "doctor", "doctor_id": doctor.id});
        patch(&world, &admin, user.id(), link).await.expect(200);
        refuse(json!({"doctor_id": null})).await;
        refuse(json!({"doctor_id": null, "active": false})).await;
        assert_eq!(stored(&world, &user).await.version, 2);
        let guardian = world.actor_named("guardian", Role::Pending).await;
        patch(&world, &admin, guardian.id(), json!({"role": "patient"})).await.expect(200);
    });
}

#[test]
fn missing_record_is_named() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let detail = async |change: Value| {
            let answer = patch(&world, &admin, admin.id(), change).await;
            answer.expect_problem(404, "not_found")["detail"].as_str().unwrap().to_owned()
        };
        let both = json!({"doctor_id": 7, "patient_id": 8});
        assert_eq!(detail(both).await, "There is no doctor 7 and no patient 8.");
        let patient = world.patient(1).await;
        let one = json!({"doctor_id": 7, "patient_id": patient.id});
        assert_eq!(detail(one).await, "There is no doctor 7.");
        let user = stored(&world, &admin).await;
        assert_eq!((user.version, user.patient_id), (1, None));
        assert!(world.rows("LINK#").await.is_empty());
    });
}

#[test]
fn record_has_one_account() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let users = [
            world.actor_named("one", Role::Pending).await,
            world.actor_named("two", Role::Pending).await,
        ];
        for (change, field, kind) in [
            (json!({"doctor_id": doctor.id}), "doctor_id", "doctor"),
            (json!({"patient_id": patient.id}), "patient_id", "patient"),
        ] {
            patch(&world, &admin, users[0].id(), change.clone()).await.expect(200);
            let answer = patch(&world, &admin, users[1].id(), change.clone()).await;
            let problem = answer.expect_problem(409, "already_linked");
            assert_eq!(problem["errors"], json!({field: ["is linked to another account"]}));
            assert_eq!(linked(&world, kind).await, [users[0].id().to_string()]);
            patch(&world, &admin, users[0].id(), json!({field: null})).await.expect(200);
            patch(&world, &admin, users[1].id(), change).await.expect(200);
        }
        assert_eq!(stored(&world, &users[0]).await.doctor_id, None);
        assert_eq!(stored(&world, &users[1]).await.doctor_id, Some(doctor.id));
    });
}

#[test]
fn one_of_two_accounts_that_race_for_a_record_is_linked() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let users = [
            world.actor_named("one", Role::Pending).await,
            world.actor_named("two", Role::Pending).await,
        ];
        for n in 1..=8 {
            let doctor = world.doctor(n).await;
            let change = json!({"doctor_id": doctor.id});
            let calls = users.iter().map(|user| patch(&world, &admin, user.id(), change.clone()));
            let answers = together(calls).await;
            let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409]);
            let has = async |user: &Actor| stored(&world, user).await.doctor_id == Some(doctor.id);
            assert!(has(&users[0]).await != has(&users[1]).await);
        }
    });
}

/// Nobody could deactivate the account otherwise.
#[test]
fn account_whose_doctor_is_gone_can_still_be_changed() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let orphan = world.actor(Role::Doctor).await;
        patch(&world, &admin, orphan.id(), json!({"active": false})).await.expect(200);
        let again = json!({"role": "doctor", "active": true});
        patch(&world, &admin, orphan.id(), again).await.expect(200);
        let patient = world.patient(1).await;
        patch(&world, &admin, orphan.id(), json!({"patient_id": patient.id})).await.expect(200);
    });
}

#[test]
fn link_takes_effect_on_the_next_request() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let patient = world.patient(1).await;
        let user = world.actor(Role::Patient).await;
        let event = Event::of("patients-get").without_policy().by(&user);
        let read = async || {
            let handler = protected(records::get::<PatientDetails>);
            world.call(handler, event.clone().path_parameter("id", patient.id)).await
        };
        read().await.expect_problem(403, "not_assigned");
        patch(&world, &admin, user.id(), json!({"patient_id": patient.id})).await.expect(200);
        read().await.expect(200);
        patch(&world, &admin, user.id(), json!({"patient_id": null})).await.expect(200);
        read().await.expect_problem(403, "not_assigned");
    });
}

#[test]
fn link_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world| {
        let admin = world.actor(Role::Admin).await;
        let user = world.actor(Role::Pending).await;
        let (old, new) = (world.doctor(1).await, world.doctor(2).await);
        let patient = world.patient(1).await;
        patch(world, &admin, user.id(), json!({"doctor_id": old.id})).await.expect(200);
        let change = json!({"role": "doctor", "doctor_id": new.id, "patient_id": patient.id});
        (handler(), event().path_parameter("id", user.id()).json(change).by(&admin))
    });
}
