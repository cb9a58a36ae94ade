use shared::testing::{Event, World, checks, json, public, run};

use super::health;

#[test]
fn table_that_does_not_answer_is_503() {
    run(async |world: World| {
        let delete = world.dynamodb.delete_table().table_name(repo::template::TABLE_NAME);
        delete.send().await.unwrap();
        let answer = world.call(public(health), Event::of("health")).await;
        assert_eq!(answer.header("retry-after"), Some("1"));
        answer.expect_problem(503, "unavailable");
    });
}

#[test]
fn returns_status_and_version() {
    run(async |world: World| {
        let body = world.call(public(health), Event::of("health")).await.expect(200);
        assert_eq!(body, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |_| (public(health), Event::of("health")));
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("health", &[]);
}
