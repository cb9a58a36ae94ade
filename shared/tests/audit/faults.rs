//! DynamoDB fails at one call of a request, in every way: the request succeeds, and no row is missing or put twice.

use shared::testing::faults::{Fault, When};
use shared::testing::{Witnesses, World, run, together};

use super::clinic::{Clinic, Kind};
use super::proxy::Proxy;
use super::verify;

/// Returns the number of calls of an undisturbed request in a new process.
pub async fn calls_of(kind: Kind) -> usize {
    let world = World::new().await;
    let clinic = Clinic::new(&world).await;
    let (proxy, app) = Proxy::before(&world).await;
    let answer = clinic.ask(&world, &app, kind, &Witnesses::default()).await;
    assert!(answer.status < 300, "{kind:?}: {}", answer.body);
    proxy.calls()
}

async fn disturb(kind: Kind, number: usize, fault: Fault) {
    let what = format!("{kind:?}: {fault:?} at call {number}");
    let world = World::new().await;
    let clinic = Clinic::new(&world).await;
    let app = world.app_with_fault(When::Once(number), fault).await;
    let witnesses = Witnesses::default();
    let answer = clinic.ask(&world, &app, kind, &witnesses).await;
    assert!(answer.status < 300, "{what}: {}", answer.body);
    clinic.check(&world, kind, &answer, &what).await;
    assert_eq!(world.audit_rows().await.len(), kind.rows(), "{what}");
    clinic.ask(&world, &app, Kind::Read, &witnesses).await.expect(200);
    verify(&world, &witnesses, &what).await;
}

fn survives_every_fault(kind: Kind) {
    run(async |_: World| {
        let calls = calls_of(kind).await;
        assert!(calls >= 3, "keys, caller and row");
        let trials = Fault::ALL
            .iter()
            .flat_map(|fault| (0..calls).map(move |number| disturb(kind, number, *fault)));
        together(trials).await;
    });
}

#[test]
fn read_survives_every_fault() {
    survives_every_fault(Kind::Read);
}

#[test]
fn list_survives_every_fault() {
    survives_every_fault(Kind::List);
}

#[test]
fn list_of_a_panel_survives_every_fault() {
    survives_every_fault(Kind::Panel);
}

#[test]
fn search_survives_every_fault() {
    survives_every_fault(Kind::Search);
}

#[test]
fn creation_survives_every_fault() {
    survives_every_fault(Kind::Create);
}

#[test]
fn assignment_survives_every_fault() {
    survives_every_fault(Kind::Assign);
}

#[test]
fn end_of_an_assignment_survives_every_fault() {
    survives_every_fault(Kind::End);
}
