use std::time::Duration;

use shared::model::patient::Patient;
use shared::model::proxy::{NewProxy, ProxyBasis, ProxyScope};
use shared::model::user::Role;
use shared::store::ProxyRequest;
use shared::testing::{
    Actor, Answer, Event, Handler, Value, World, checks, json, protected, run, steps,
};

use super::list;

fn handler() -> impl Handler {
    protected(list)
}

fn event() -> Event {
    Event::of("proxies-list")
}

async fn ask(world: &World, by: &Actor, patient: &Patient) -> Answer {
    world.call(handler(), event().path_parameter("id", patient.id).by(by)).await
}

fn users(body: &Value) -> Vec<&Value> {
    body["results"].as_array().unwrap().iter().map(|proxy| &proxy["user_id"]).collect()
}

#[test]
fn all_proxies_are_on_one_page() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (patient, other) = (world.patient(1).await, world.patient(2).await);
        let mut expected = Vec::new();
        for n in 0..20 {
            let guardian = world.actor_named(&format!("guardian-{n}"), Role::Patient).await;
            world.proxy(&patient, &guardian).await;
            expected.push(json!(guardian.id()));
        }
        let body = ask(&world, &staff, &patient).await.expect(200);
        assert_eq!(users(&body), expected.iter().collect::<Vec<_>>());
        assert_eq!(
            body["results"][0],
            json!({
                "user_id": expected[0], "patient_id": patient.id, "basis": "guardian", "scope": "all",
                "starts_at": "2026-01-31T12:00:00.000Z", "ends_at": null,
                "added_at": "2026-01-31T12:00:00.000Z", "added_by": 1,
            })
        );
        assert_eq!(body["next"], Value::Null);
        let none = ask(&world, &staff, &other).await.expect(200);
        assert_eq!(none, json!({"results": [], "next": null}));
    });
}

#[test]
fn proxy_is_listed_until_it_is_over() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let attorney = world.actor(Role::Patient).await;
        let patient = world.patient(1).await;
        let (store, now) = (world.app.store(), world.app.now());
        let proxy = NewProxy {
            user_id: attorney.id(),
            basis: ProxyBasis::Attorney,
            scope: Some(ProxyScope::Contact),
            starts_at: Some(now.plus(Duration::from_secs(30))),
            ends_at: Some(now.plus(Duration::from_secs(60))),
        };
        let request = ProxyRequest { patient_id: patient.id, proxy };
        let by = steps::grant(store, staff.id(), now, request).await.unwrap();
        store.proxies().add(by, "a-proxy".parse().unwrap()).await.unwrap();

        let listed = async || ask(&world, &staff, &patient).await.expect(200)["results"].clone();
        let proxies = listed().await;
        assert_eq!(proxies[0]["scope"], "contact");
        assert_eq!(proxies[0]["starts_at"], "2026-01-31T12:00:30.000Z");
        assert_eq!(proxies[0]["ends_at"], "2026-01-31T12:01:00.000Z");
        world.advance(Duration::from_secs(59));
        assert_eq!(listed().await, proxies);
        world.advance(Duration::from_secs(1));
        assert_eq!(listed().await, json!([]));
    });
}

#[test]
fn patients_see_their_own_proxies_and_nobody_elses() {
    run(async |world: World| {
        let (patient, other) = (world.patient(1).await, world.patient(2).await);
        let doctor = world.doctor(1).await;
        world.assign(&doctor, &patient).await;
        let owner = world.patient_account(&patient).await;
        let guardian = world.actor_named("guardian", Role::Patient).await;
        world.proxy(&patient, &guardian).await;
        let body = ask(&world, &owner, &patient).await.expect(200);
        assert_eq!(users(&body), [&json!(guardian.id())]);
        let treating = world.doctor_account(&doctor).await;
        for (actor, patient) in [(&owner, &other), (&guardian, &patient), (&treating, &patient)] {
            ask(&world, actor, patient).await.expect_problem(403, "not_assigned");
        }
    });
}

#[test]
fn missing_patient_is_404_for_staff_and_403_for_others() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let owner = world.patient_account(&world.patient(1).await).await;
        for id in ["2", "0", "abc", "9007199254740992"] {
            let event = event().path_parameter("id", id);
            let answer = world.call(handler(), event.clone().by(&staff)).await;
            answer.expect_problem(404, "not_found");
            let answer = world.call(handler(), event.by(&owner)).await;
            answer.expect_problem(403, "not_assigned");
        }
    });
}

#[test]
fn page_has_no_parameters() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.patient(1).await;
        let event = event().query(&[("limit", "1")]).by(&staff);
        world.call(handler(), event).await.expect_problem(400, "invalid_query");
    });
}

#[test]
fn only_related_people_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        world.proxy(&patient, &world.actor(Role::Patient).await).await;
        (handler(), event().path_parameter("id", patient.id).by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("proxies-list", &[]);
}
