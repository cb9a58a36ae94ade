//! Patients do not see refused requests, and nothing tells of them.

use std::time::Duration;

use shared::model::user::Role;
use shared::testing::{Actor, Value, World, checks, json, run};

use super::{ask, event, handler, read, read_by_staff, texts};

/// Returns the names of the attributes of a result.
fn names(access: &Value) -> Vec<&str> {
    access.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn patient_sees_neither_refusals_nor_traces() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let stranger = world.doctor_account(&world.doctor(1).await).await;
        let (staff, admin) = (world.actor(Role::Staff).await, world.actor(Role::Admin).await);
        let reads = [(&stranger, patient.id), (&staff, patient.id)];
        assert_eq!(read(&world, &reads).await, [403, 200]);
        world.put_views().await;
        let owner = world.patient_account(&patient).await;

        let body = ask(&world, &owner, &[]).await.expect(200);
        let seen = body["results"].as_array().unwrap();
        assert_eq!(seen.len(), 1);
        let expected = [
            "action",
            "actor",
            "actor_name",
            "actor_role",
            "at",
            "basis",
            "fields",
            "operation",
            "text",
        ];
        assert_eq!(names(&seen[0]), expected);

        let body = ask(&world, &admin, &[]).await.expect(200);
        assert_eq!(
            texts(&body["results"]),
            [
                "staff (staff) read the record, because their role permits it.",
                "Grace Okafor 001 (doctor) tried to read the record, without success \
                 (not_assigned).",
            ]
        );
        let refused = &body["results"][1];
        assert_eq!(refused["outcome"], "not_assigned");
        assert_eq!(refused["basis"], Value::Null);
        assert_eq!(refused["patients"], json!([1]));
        assert_eq!(refused["request_id"], "a-request");
        assert_eq!(refused["session_id"], json!(stranger.session_id()));
        for name in ["address", "chain"] {
            assert!(refused[name].is_string(), "{name}");
        }
        assert_eq!(refused["address"], body["results"][0]["address"]);
        assert!(!body.to_string().contains("203.0.113"));
    });
}

#[test]
fn nothing_tells_the_patient_of_refusals() {
    run(async |world: World| {
        let patient = read_by_staff(&world, 2).await;
        let owner = world.patient_account(&patient).await;
        let admin = world.actor(Role::Admin).await;
        let stranger = world.doctor_account(&world.doctor(1).await).await;
        let pages = async || {
            let mut pages = Vec::new();
            for limit in ["1", "2", "3", "100"] {
                let page = ask(&world, &owner, &[("limit", limit)]).await.expect(200);
                pages.push((page["results"].clone(), page["next"].is_string()));
            }
            pages
        };
        let without_refusals = pages().await;
        world.advance(Duration::from_secs(1));
        world.made_up_refusals(&patient, stranger.id(), 300).await;
        assert_eq!(pages().await, without_refusals);

        // The refusals are between this access and the other two.
        world.advance(Duration::from_secs(1));
        world.made_up_accesses(&patient, admin.id(), 1).await;
        let page = ask(&world, &owner, &[("limit", "2")]).await.expect(200);
        let times = ["12:00:04", "12:00:02"].map(|time| json!(format!("2026-01-31T{time}.000Z")));
        let results = page["results"].as_array().unwrap();
        assert!(results.iter().map(|access| &access["at"]).eq(&times), "{results:?}");
        assert_eq!(checks::walk(&world, handler(), event(), &owner).await.len(), 3);
        let page = ask(&world, &admin, &[("limit", "100")]).await.expect(200);
        assert_eq!(page["results"].as_array().unwrap().len(), 100);
    });
}

#[test]
fn only_a_caller_who_is_allowed_reads_past_refusals() {
    run(async |world: World| {
        let patient = read_by_staff(&world, 1).await;
        let owner = world.patient_account(&patient).await;
        let stranger = world.doctor_account(&world.doctor(1).await).await;
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        let queries = async |by: &Actor, status: u16| {
            world.calls.take();
            let answer = ask(&world, by, &[("limit", "10")]).await;
            assert_eq!(answer.status, status);
            world.calls.take().iter().filter(|call| *call == "Query").count()
        };
        let (allowed, refused) = (queries(&owner, 200).await, queries(&stranger, 403).await);
        world.made_up_refusals(&patient, stranger.id(), 300).await;
        assert_eq!(queries(&owner, 200).await, allowed + 1);
        assert_eq!(queries(&stranger, 403).await, refused);
    });
}
