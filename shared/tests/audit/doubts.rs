//! Rows of unknown outcome: the chain ends, the next chain names them, and the trail is whole with them or without them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::RequestExt;
use repo::template::AUDIT_TABLE_NAME;
use shared::App;
use shared::audit::{Place, Row};
use shared::testing::{Event, Witnesses, World, run, together};

use super::chains::{change, try_change};
use super::clinic::{Clinic, Kind};
use super::proxy::{Proxy, Step, final_error};
use super::{hash_at, numbers, rows_by_chain, verify};

/// The time that a request has: longer than all of its calls take, if none of them hangs.
const DEADLINE: Duration = Duration::from_secs(3);

/// Returns the rows that name uncertain ones.
async fn naming(world: &World) -> Vec<Row> {
    let mut rows = world.audit_rows().await;
    rows.retain(|row| !row.closes.is_empty());
    rows
}

/// Returns the only chain, whose rows are all certain so far.
async fn only_chain(world: &World) -> String {
    let chains = rows_by_chain(world).await;
    assert_eq!(chains.len(), 1);
    chains.into_keys().next().unwrap()
}

#[test]
fn unknown_outcome_ends_the_chain_and_is_named_by_the_next_one() {
    run(async |world: World| {
        for (n, is_done) in [(1, false), (2, true)] {
            let patient = world.patient(n).await;
            let (proxy, app) = Proxy::before(&world).await;
            let (witnesses, (store, witness)) = (Witnesses::default(), app.store_of("a-test"));
            let before = rows_by_chain(&world).await;
            change(&world, &store, &patient, "1 Elm Street").await;
            let mut written = rows_by_chain(&world).await;
            written.retain(|chain, _| !before.contains_key(chain));
            let chain = written.into_keys().next().unwrap();

            proxy.set(move |call| match (call.is_change(), is_done) {
                (false, _) => Step::Pass,
                (true, false) => Step::Refuse,
                (true, true) => Step::LoseReply,
            });
            let lost = try_change(&world, &store, &patient, "2 Elm Street").await;
            assert!(lost.is_err(), "is_done: {is_done}");
            proxy.heal();
            change(&world, &store, &patient, "3 Elm Street").await;
            change(&world, &store, &patient, "4 Elm Street").await;
            witnesses.add(witness.take());

            let doubt = Place { chain: chain.clone(), seq: 1 };
            let mut rows = naming(&world).await;
            rows.retain(|row| row.closes.iter().any(|head| head.place.chain == chain));
            assert_eq!(rows.len(), 1, "only the first row of the next chain names it: {rows:?}");
            assert_eq!((rows[0].place.seq, rows[0].closes.len()), (0, 1));
            assert_eq!(rows[0].closes[0].place, doubt);
            let hash = hash_at(&world, &doubt).await;
            assert_eq!(hash, is_done.then(|| rows[0].closes[0].hash.clone()));
            let written = rows_by_chain(&world).await;
            assert_eq!(written[&rows[0].place.chain].len(), 2);
            verify(&world, &witnesses, "an unknown outcome").await;
        }
    });
}

#[test]
fn all_unknown_outcomes_are_named() {
    run(async |world: World| {
        let patients = [world.patient(1).await, world.patient(2).await, world.patient(3).await];
        let (proxy, app) = Proxy::before(&world).await;
        let (witnesses, (store, witness)) = (Witnesses::default(), app.store_of("a-test"));
        // Of these simultaneous changes, some may take effect.
        proxy.set(|call| match (call.is_change(), call.number % 2) {
            (false, _) => Step::Pass,
            (true, 0) => Step::Refuse,
            (true, _) => Step::LoseReply,
        });
        let changes = patients.iter().map(|it| try_change(&world, &store, it, "1 Elm Street"));
        assert!(together(changes).await.iter().all(Result::is_err));
        proxy.heal();
        change(&world, &store, &patients[0], "2 Elm Street").await;
        witnesses.add(witness.take());
        let rows = naming(&world).await;
        let last = rows.iter().max_by_key(|row| row.closes.len()).unwrap();
        assert_eq!(last.closes.len(), patients.len(), "{rows:?}");
        verify(&world, &witnesses, "several unknown outcomes").await;
    });
}

#[test]
fn row_that_names_others_may_be_uncertain_itself() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let (proxy, app) = Proxy::before(&world).await;
        let (witnesses, (store, witness)) = (Witnesses::default(), app.store_of("a-test"));
        change(&world, &store, &patient, "1 Elm Street").await;
        for (is_done, address) in [(true, "2 Elm Street"), (false, "3 Elm Street")] {
            proxy.set(move |call| match call.is_change() {
                true if is_done => Step::LoseReply,
                true => Step::Refuse,
                false => Step::Pass,
            });
            assert!(try_change(&world, &store, &patient, address).await.is_err());
        }
        proxy.heal();
        change(&world, &store, &patient, "4 Elm Street").await;
        witnesses.add(witness.take());
        let rows = naming(&world).await;
        assert_eq!(rows.len(), 1, "the other one was not written: {rows:?}");
        let numbers: Vec<u64> = rows[0].closes.iter().map(|head| head.place.seq).collect();
        assert_eq!(numbers, [1, 0]);
        verify(&world, &witnesses, "an uncertain row that names another").await;
    });
}

/// The next attempt finds the row in its place, which no other request can have taken.
#[test]
fn row_whose_reply_is_lost_once_was_written() {
    run(async |world: World| {
        let clinic = Clinic::new(&world).await;
        let (proxy, app) = Proxy::before(&world).await;
        app.verifier().read_keys(app.store(), app.now()).await.unwrap();
        let witnesses = Witnesses::default();
        // The row is among the first two calls.
        proxy.set(|call| match call.is_row() && call.number < 2 {
            true => Step::LoseReply,
            false => Step::Pass,
        });
        clinic.ask(&world, &app, Kind::Read, &witnesses).await.expect(200);
        assert_eq!(proxy.calls(), 3, "the read, the row, and the row again");
        proxy.heal();
        clinic.ask(&world, &app, Kind::Read, &witnesses).await.expect(200);
        assert_eq!(numbers(&world).await, [[0, 1]]);
        assert!(naming(&world).await.is_empty());
        verify(&world, &witnesses, "a lost reply").await;
    });
}

/// A row that somebody else put in the place is not this request's row.
#[test]
fn request_whose_place_another_row_has_is_503_without_data_and_without_change() {
    run(async |_: World| {
        together(Kind::ALL.iter().map(|kind| find_another_row(*kind))).await;
    });
}

async fn find_another_row(kind: Kind) {
    let what = format!("{kind:?}, with another row in the place");
    let world = World::new().await;
    let clinic = Clinic::new(&world).await;
    let witnesses = Witnesses::default();
    clinic.ask(&world, &world.app, Kind::Read, &witnesses).await.expect(200);
    let chain = only_chain(&world).await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = world.dynamodb.put_item().table_name(AUDIT_TABLE_NAME);
    let put = put.item("pk", text(&format!("CHAIN#{chain}"))).item("sk", text("000000000001"));
    put.item("row", text("{}")).item("hash", text("another")).send().await.unwrap();

    let answer = clinic.ask(&world, &world.app, kind, &witnesses).await;
    assert_eq!(answer.status, 503, "{what}: {}", answer.body);
    assert_eq!(answer.header("retry-after"), Some("1"), "{what}");
    assert!(!answer.text().contains("Roe"), "{what}: {}", answer.body);
    clinic.expect_no_change(&world, kind).await;
    let delete = world.dynamodb.delete_item().table_name(AUDIT_TABLE_NAME);
    let delete = delete.key("pk", text(&format!("CHAIN#{chain}")));
    delete.key("sk", text("000000000001")).send().await.unwrap();

    // The next request takes another chain.
    let answer = clinic.ask(&world, &world.app, kind, &witnesses).await;
    assert!(answer.status < 300, "{what}: {}", answer.body);
    let rows = naming(&world).await;
    assert_eq!(rows[0].closes[0].place, Place { chain, seq: 1 }, "{what}");
    verify(&world, &witnesses, &what).await;
}

/// Returns the event as Lambda delivers it to a function that has this time left.
#[allow(clippy::disallowed_methods, reason = "Lambda's deadline is a moment of the system's clock")]
fn with_deadline(event: Event) -> lambda_http::Request {
    let deadline = (SystemTime::now() + DEADLINE).duration_since(UNIX_EPOCH).unwrap();
    let mut context = lambda_http::Context::default();
    context.deadline = u64::try_from(deadline.as_millis()).unwrap();
    let event = event.into_json().to_string();
    lambda_http::request::from_str(&event).unwrap().with_lambda_context(context)
}

/// Sends a request that is stopped by its deadline, and returns the status.
async fn stopped(app: &App, clinic: &Clinic, kind: Kind) -> u16 {
    let event = with_deadline(clinic.event(kind));
    let response = Clinic::endpoint(app, kind).answer(event).await;
    assert_eq!(response.headers()["retry-after"], "1");
    response.status().as_u16()
}

#[test]
fn request_stopped_by_its_deadline_ends_the_chain() {
    run(async |_: World| {
        let trials = Kind::ALL.iter().flat_map(|kind| [(*kind, false), (*kind, true)]);
        together(trials.map(|(kind, is_done)| stop(kind, is_done))).await;
    });
}

async fn stop(kind: Kind, is_done: bool) {
    let what = format!("{kind:?}, is_done: {is_done}");
    let world = World::new().await;
    let clinic = Clinic::new(&world).await;
    let (proxy, app) = Proxy::before(&world).await;
    app.verifier().read_keys(app.store(), app.now()).await.unwrap();
    let witnesses = Witnesses::default();
    proxy.set(move |call| match (call.has_row(), is_done) {
        (false, _) => Step::Pass,
        (true, false) => Step::Hang,
        (true, true) => Step::HangAfter,
    });
    assert_eq!(stopped(&app, &clinic, kind).await, 503, "{what}");
    let is_there = world.audit_rows().await.len() == 1;
    assert_eq!(is_there, is_done, "{what}");
    if !is_done {
        clinic.expect_no_change(&world, kind).await;
    }
    proxy.heal();
    clinic.ask(&world, &app, Kind::Read, &witnesses).await.expect(200);
    let rows = naming(&world).await;
    assert_eq!((rows.len(), rows[0].closes.len()), (1, 1), "{what}: {rows:?}");
    let hash = hash_at(&world, &rows[0].closes[0].place).await;
    assert_eq!(hash, is_done.then(|| rows[0].closes[0].hash.clone()), "{what}");
    verify(&world, &witnesses, &what).await;
}

/// The client of DynamoDB gets an error that does not say whether the change was made.
#[test]
fn error_that_hides_the_outcome_ends_the_chain() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let (proxy, app) = Proxy::before(&world).await;
        let (witnesses, (store, witness)) = (Witnesses::default(), app.store_of("a-test"));
        for (is_done, address, next) in
            [(true, "1 Elm Street", "2 Elm Street"), (false, "3 Elm Street", "4 Elm Street")]
        {
            let (status, body) = final_error();
            proxy.set(move |call| match call.is_change() {
                true if is_done => Step::AnswerAfter(status, body.clone()),
                true => Step::Answer(status, body.clone()),
                false => Step::Pass,
            });
            assert!(try_change(&world, &store, &patient, address).await.is_err());
            proxy.heal();
            change(&world, &store, &patient, next).await;
        }
        witnesses.add(witness.take());
        assert_eq!(naming(&world).await.len(), 2);
        verify(&world, &witnesses, "an error that says nothing").await;
    });
}
