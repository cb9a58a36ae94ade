//! DynamoDB, or only the trail's table, fails for a while: no data leaves without a row, no change is without its row, and
//! afterwards the trail is whole.

use std::time::Duration;

use repo::template::AUDIT_TABLE_NAME;
use shared::testing::{Answer, Witnesses, World, json, run, together};

use super::clinic::{Clinic, Kind};
use super::faults::calls_of;
use super::proxy::{Proxy, Step, cancelled};
use super::verify;

/// Longer than the pause between two readings of the token keys.
const PAUSE: Duration = Duration::from_secs(30);

/// How all calls fail during an outage.
#[derive(Debug, Clone, Copy)]
enum Outage {
    /// They have no effect.
    Refused,
    /// They have no effect, and their answer is an error.
    Broken,
    /// They have their effect, and their answers are lost.
    RepliesLost,
}

impl Outage {
    const ALL: [Self; 3] = [Self::Refused, Self::Broken, Self::RepliesLost];

    fn step(self) -> Step {
        match self {
            Self::Refused => Step::Refuse,
            Self::Broken => Step::Answer(500, json!({"__type": "InternalServerError"})),
            Self::RepliesLost => Step::LoseReply,
        }
    }
}

/// Fails the test unless the answer is a 503 that says when to try again.
fn expect_unavailable(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 503, "{what}: {}", answer.body);
    assert_eq!(answer.body["code"], "unavailable", "{what}");
    assert_eq!(answer.header("retry-after"), Some("1"), "{what}");
}

/// Makes a request whose calls fail from this number on. Returns whether the request succeeds all the same.
async fn outlast(kind: Kind, outage: Outage, first: usize) -> bool {
    let what = format!("{kind:?}: {outage:?} from call {first} on");
    let world = World::new().await;
    let clinic = Clinic::new(&world).await;
    let (proxy, app) = Proxy::before(&world).await;
    let witnesses = Witnesses::default();
    proxy.set(move |call| if call.number < first { Step::Pass } else { outage.step() });
    let answer = clinic.ask(&world, &app, kind, &witnesses).await;
    let succeeds = answer.status < 300;
    if !succeeds {
        expect_unavailable(&answer, &what);
    }
    clinic.check(&world, kind, &answer, &what).await;
    proxy.heal();
    // The process does not read the token keys again at once.
    world.advance(PAUSE);
    clinic.ask(&world, &app, Kind::Read, &witnesses).await.expect(200);
    verify(&world, &witnesses, &what).await;
    succeeds
}

fn outlasts_every_outage(kind: Kind) {
    run(async |_: World| {
        let calls = calls_of(kind).await;
        for outage in Outage::ALL {
            let succeeded = together((0..=calls).map(|first| outlast(kind, outage, first))).await;
            let expected: Vec<bool> = (0..=calls).map(|first| first == calls).collect();
            assert_eq!(succeeded, expected, "{kind:?}: {outage:?}");
        }
    });
}

#[test]
fn read_outlasts_every_outage() {
    outlasts_every_outage(Kind::Read);
}

#[test]
fn list_outlasts_every_outage() {
    outlasts_every_outage(Kind::List);
}

#[test]
fn list_of_a_panel_outlasts_every_outage() {
    outlasts_every_outage(Kind::Panel);
}

#[test]
fn search_outlasts_every_outage() {
    outlasts_every_outage(Kind::Search);
}

#[test]
fn creation_outlasts_every_outage() {
    outlasts_every_outage(Kind::Create);
}

#[test]
fn assignment_outlasts_every_outage() {
    outlasts_every_outage(Kind::Assign);
}

#[test]
fn end_of_an_assignment_outlasts_every_outage() {
    outlasts_every_outage(Kind::End);
}

#[test]
fn full_table_of_the_trail_is_503_without_data_and_without_change() {
    run(async |_: World| {
        together(Kind::ALL.iter().map(|kind| fill(*kind))).await;
    });
}

async fn fill(kind: Kind) {
    let world = World::new().await;
    let clinic = Clinic::new(&world).await;
    let (proxy, app) = Proxy::before(&world).await;
    let witnesses = Witnesses::default();
    proxy.set(|call| {
        let exceeded = "ProvisionedThroughputExceeded";
        if call.is_row() {
            Step::Answer(400, json!({"__type": format!("{exceeded}Exception")}))
        } else if call.is_change() {
            cancelled(exceeded)
        } else {
            Step::Pass
        }
    });
    let answer = clinic.ask(&world, &app, kind, &witnesses).await;
    let what = format!("{kind:?} with a full table");
    expect_unavailable(&answer, &what);
    clinic.check(&world, kind, &answer, &what).await;
    clinic.expect_no_change(&world, kind).await;
    assert!(world.audit_rows().await.is_empty(), "{what}");

    proxy.heal();
    let answer = clinic.ask(&world, &app, kind, &witnesses).await;
    assert!(answer.status < 300, "{what}: {}", answer.body);
    clinic.check(&world, kind, &answer, &what).await;
    verify(&world, &witnesses, &what).await;
}

#[test]
fn missing_table_of_the_trail_is_503_without_data_and_without_change() {
    run(async |_: World| {
        for kind in Kind::ALL {
            let world = World::new().await;
            let clinic = Clinic::new(&world).await;
            let delete = world.dynamodb.delete_table().table_name(AUDIT_TABLE_NAME);
            delete.send().await.unwrap();
            let answer = clinic.ask(&world, &world.app, kind, &Witnesses::default()).await;
            expect_unavailable(&answer, &format!("{kind:?} without a table"));
            assert!(!answer.text().contains("Roe"), "{}", answer.body);
            clinic.expect_no_change(&world, kind).await;
        }
    });
}
