//! A process that is killed at one of its calls: at worst, a row is there for an answer that was never sent.

use shared::testing::{Answer, Witnesses, World, run, together};

use super::clinic::{Clinic, Kind};
use super::proxy::{Proxy, Step, final_error};
use super::verify;

/// The fate of the call at which the process is killed. No later call has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Killed {
    /// It has no effect.
    Before,
    /// It has its effect, and its reply is lost.
    After,
}

/// Makes a request whose process is killed at the call with this number. Returns the answer that it would have sent.
async fn kill(kind: Kind, killed: Killed, last: usize) -> Answer {
    let what = format!("{kind:?}: {killed:?} call {last}");
    let world = World::new().await;
    let clinic = Clinic::new(&world).await;
    let (proxy, app) = Proxy::before(&world).await;
    let witnesses = Witnesses::default();
    proxy.set(move |call| {
        let (status, body) = final_error();
        if call.number < last {
            Step::Pass
        } else if call.number == last && killed == Killed::After {
            Step::AnswerAfter(status, body)
        } else {
            Step::Answer(status, body)
        }
    });
    let answer = clinic.ask(&world, &app, kind, &witnesses).await;
    clinic.check(&world, kind, &answer, &what).await;
    // Another process goes on. It knows nothing of the other one's rows.
    let lines = if answer.status < 300 { witnesses } else { Witnesses::default() };
    clinic.ask(&world, &world.app, Kind::Read, &lines).await.expect(200);
    verify(&world, &lines, &what).await;
    answer
}

/// Kills a process at its first call, in another world at its second, and so on, until a process answers.
async fn kill_at_every_call(kind: Kind, killed: Killed) {
    for call in 0.. {
        if kill(kind, killed, call).await.status < 300 {
            // Keys, caller and row.
            assert!(call >= 3, "{kind:?} answered after {call} calls");
            return;
        }
    }
}

fn survives_the_end_of_the_process(killed: Killed) {
    run(async |_: World| {
        together(Kind::ALL.iter().map(|kind| kill_at_every_call(*kind, killed))).await;
    });
}

#[test]
fn process_killed_before_any_call_changes_nothing_without_a_row() {
    survives_the_end_of_the_process(Killed::Before);
}

#[test]
fn process_killed_after_any_call_changes_nothing_without_a_row() {
    survives_the_end_of_the_process(Killed::After);
}
