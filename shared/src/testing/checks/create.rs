//! Checks of the functions that create a doctor or a patient.

use super::*;

const KEY: &str = "idempotency-key";

/// All that may differ is the request's own id.
fn keyed<D: Sample>(n: u32, key: &str, actor: &Actor) -> Event {
    event::<D>("create").json(D::sample(n)).header(KEY, key).by(actor)
}

async fn count<D: Sample>(world: &World) -> usize {
    world.rows(&format!("{}#", D::KIND.to_uppercase())).await.len()
}

pub fn same_key_and_body_get_the_same_answer<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let first = world.call(handler.clone(), keyed::<D>(1, "a key", &staff)).await.expect(201);
        world.advance(Duration::from_secs(60));
        let again = world.call(handler.clone(), keyed::<D>(1, " a key ", &staff)).await;
        assert_eq!(again.header("etag"), Some("\"1\""));
        assert_eq!(again.expect(201), first);
        assert_eq!(count::<D>(&world).await, 1);

        let calls = (0..8).map(|_| world.call(handler.clone(), keyed::<D>(2, "another", &staff)));
        let answers: Vec<Value> =
            together(calls).await.into_iter().map(|answer| answer.expect(201)).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(count::<D>(&world).await, 2);
    });
}

pub fn same_key_with_another_body_is_refused<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.call(handler.clone(), keyed::<D>(1, "a key", &staff)).await.expect(201);
        let other = world.call(handler.clone(), keyed::<D>(2, "a key", &staff)).await;
        other.expect_problem(422, "idempotency_key_reused");
        assert_eq!(count::<D>(&world).await, 1);
        // Somebody else's key is another one.
        let ben = world.actor_named("ben", Role::Staff).await;
        world.call(handler, keyed::<D>(2, "a key", &ben)).await.expect(201);
    });
}

pub fn key_is_used_up_by_success_for_a_day<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let bad = keyed::<D>(1, "a key", &staff).with(json!({"first_name": 7}));
        world.call(handler.clone(), bad).await.expect(400);
        world.call(handler.clone(), keyed::<D>(1, "a key", &staff)).await.expect(201);
        world.advance(Duration::from_secs(24 * 60 * 60));
        let staff = world.sign_in(staff.user).await;
        world.call(handler, keyed::<D>(2, "a key", &staff)).await.expect(201);
        assert_eq!(count::<D>(&world).await, 2);
    });
}

pub fn every_value_gets_its_index_row<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let identifiers = json!([{"system": "MRN", "value": "A-7"}]);
        let event = event::<D>("create").json(D::sample(1)).by(&staff);
        let event = event.with(json!({ "identifiers": identifiers }));
        world.call(handler, event).await.expect(201);
        let rows = index_rows(&world).await;
        assert_eq!(rows.len(), index_rows_of::<D>(), "{rows:?}");
    });
}

pub fn invalid_key_is_named<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        for key in ["", "  ", &"k".repeat(256)] {
            let answer = world.call(handler.clone(), keyed::<D>(1, key, &staff)).await;
            let problem = answer.expect_problem(400, "invalid_header");
            assert!(problem["errors"][KEY].is_array(), "{problem}");
        }
        assert_eq!(count::<D>(&world).await, 0);
    });
}

/// A record that is deleted leaves nothing behind, under no key either.
pub fn key_stores_no_personal_data<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.call(handler, keyed::<D>(1, "a key", &staff)).await.expect(201);
        let rows = world.rows("IDEM#").await;
        let mut names: Vec<&str> = rows[0].keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["created_at", "fingerprint", "id", "pk", "sk", "ttl"]);
    });
}
