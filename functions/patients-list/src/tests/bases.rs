//! The bases in the audit trail's rows of lists.

use std::time::Duration;

use shared::audit::{DONE, Facts, Row};
use shared::model::assignment::CareRole;
use shared::model::user::Role;
use shared::testing::{Actor, Event, Value, World, json, run};

use super::handler;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn get(query: &[(&str, &str)]) -> Event {
    Event::of("patients-list").query(query)
}

fn post(body: Value) -> Event {
    Event::of("patients-list").query(&[]).method("POST").json(body)
}

/// Returns the rows of a request.
async fn rows(world: &World, by: &Actor, event: Event) -> Vec<Row> {
    let before = world.audit_rows().await;
    world.call(handler(), event.by(by)).await.expect(200);
    let mut rows = world.audit_rows().await;
    rows.retain(|row| !before.contains(row));
    rows
}

fn check(facts: &Facts, patients: &[u64], (basis, others): (&str, Value)) {
    assert_eq!(facts.basis.as_deref(), Some(basis));
    assert_eq!(json!(facts.subjects.patients), json!(patients));
    assert_eq!(json!(facts.other_bases), others);
}

/// Fails the test unless a list has these patients, and its only row has this basis and these other ones.
async fn expect(world: &World, by: &Actor, event: Event, patients: &[u64], bases: (&str, Value)) {
    let rows = rows(world, by, event).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    check(&rows[0].facts, patients, bases);
}

/// Each way to read the list: by the panels, by names in the panels, and by the search index.
fn events() -> [Event; 6] {
    [
        get(&[]),
        get(&[("search", "jane")]),
        get(&[("phone", "555-0147")]),
        post(json!({})),
        post(json!({"search": "jane"})),
        post(json!({"phone": "555-0147"})),
    ]
}

#[test]
fn covered_patient_is_seen_by_the_cover_unless_it_is_the_doctors_own() {
    run(async |world: World| {
        let (own, covered) = (world.doctor(1).await, world.doctor(2).await);
        let mut patients = Vec::new();
        for n in 1..=4 {
            patients.push(world.patient(n).await);
        }
        for patient in &patients[..2] {
            world.assign(&own, patient).await;
        }
        for patient in &patients[1..] {
            world.assign(&covered, patient).await;
        }
        world.assign_for(&own, &patients[2], CareRole::Treating, 5..10).await;
        world.cover(&covered, &own, 7).await;

        let actor = world.doctor_account(&own).await;
        for event in events() {
            let bases = ("assignment", json!({"covering": [3, 4]}));
            expect(&world, &actor, event, &[1, 2, 3, 4], bases).await;
        }
        // A patient who is not on the page is not named.
        let page = get(&[("limit", "3")]);
        expect(&world, &actor, page, &[1, 2, 3], ("assignment", json!({"covering": [3]}))).await;
        let page = get(&[("limit", "2")]);
        expect(&world, &actor, page, &[1, 2], ("assignment", json!({}))).await;
        let page = get(&[("search", "roe 004")]);
        expect(&world, &actor, page, &[4], ("assignment", json!({"covering": [4]}))).await;

        world.advance(DAY * 5);
        let actor = world.sign_in(actor.user).await;
        for event in events() {
            let bases = ("assignment", json!({"covering": [4]}));
            expect(&world, &actor, event, &[1, 2, 3, 4], bases).await;
        }
        world.advance(DAY * 2);
        let actor = world.sign_in(actor.user).await;
        for event in events() {
            expect(&world, &actor, event, &[1, 2, 3], ("assignment", json!({}))).await;
        }
    });
}

#[test]
fn doctor_without_patients_sees_all_by_the_cover() {
    run(async |world: World| {
        let (own, covered) = (world.doctor(1).await, world.doctor(2).await);
        world.assign(&covered, &world.patient(1).await).await;
        world.cover(&covered, &own, 7).await;
        let actor = world.doctor_account(&own).await;
        for event in events() {
            let bases = ("assignment", json!({"covering": [1]}));
            expect(&world, &actor, event, &[1], bases).await;
        }
    });
}

#[test]
fn patients_whom_an_account_represents_are_seen_as_their_proxy() {
    run(async |world: World| {
        let (own, child) = (world.patient(1).await, world.patient(2).await);
        let owner = world.patient_account(&own).await;
        let guardian = world.actor_named("guardian", Role::Patient).await;
        for event in events() {
            expect(&world, &owner, event, &[1], ("self", json!({}))).await;
        }
        world.proxy(&child, &owner).await;
        world.proxy(&child, &guardian).await;
        for event in events() {
            let bases = || ("self", json!({"proxy": [2]}));
            expect(&world, &owner, event.clone(), &[1, 2], bases()).await;
            expect(&world, &guardian, event, &[2], bases()).await;
        }
    });
}

#[test]
fn list_of_staff_has_one_basis() {
    run(async |world: World| {
        world.patient(1).await;
        let staff = world.actor(Role::Staff).await;
        for event in events() {
            expect(&world, &staff, event, &[1], ("role", json!({}))).await;
        }
    });
}

#[test]
fn row_of_those_who_were_expected_is_corrected_if_others_are_shown() {
    run(async |world: World| {
        let (own, covered) = (world.doctor(1).await, world.doctor(2).await);
        let (one, two) = (world.patient(1).await, world.patient(2).await);
        world.assign(&own, &one).await;
        world.assign(&covered, &two).await;
        world.cover(&covered, &own, 7).await;
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor_account(&own).await;
        let owner = world.patient_account(&one).await;
        world.proxy(&two, &owner).await;

        let by_phone = get(&[("phone", "555-0147"), ("search", "001")]);
        // The names in the panel contain it, but no word begins with it.
        let inside = get(&[("search", "oe")]);
        let by_name = get(&[("search", "jane 001")]);
        let (covering, proxy) = (json!({"covering": [2]}), json!({"proxy": [2]}));
        for (by, event, basis, others, shown) in [
            (&staff, &by_phone, "role", json!({}), &[1][..]),
            (&doctor, &by_phone, "assignment", covering.clone(), &[1][..]),
            (&doctor, &inside, "assignment", covering, &[][..]),
            (&owner, &by_name, "self", proxy, &[1][..]),
        ] {
            let rows = rows(&world, by, event.clone()).await;
            assert_eq!(rows.len(), 2, "{rows:?}");
            check(&rows[0].facts, &[1, 2], (basis, others));
            check(&rows[1].facts, shown, (basis, json!({})));
            let corrected = rows[1].corrects.as_ref().map(|row| &row.place);
            assert_eq!((corrected, &rows[1].facts.outcome), (Some(&rows[0].place), &DONE));
        }
        // The index finds both by the longest word, and its rows say whose name has the other one.
        expect(&world, &staff, by_name, &[1], ("role", json!({}))).await;
    });
}
