use std::collections::BTreeSet;

use shared::model::emergency_review::EmergencyReview;
use shared::model::user::Role;
use shared::testing::{
    Actor, Answer, Event, Handler, Value, World, checks, json, protected, run, together,
};

use super::review;

fn handler() -> impl Handler {
    protected(review)
}

fn event() -> Event {
    Event::of("emergency-review")
}

async fn post(world: &World, by: &Actor, id: &str, fields: Value) -> Answer {
    let event = event().path_parameter("id", id).with(fields).by(by);
    world.call(handler(), event).await
}

/// Opens emergency access for a doctor. Returns its review.
async fn open(world: &World) -> EmergencyReview {
    let doctor = world.doctor_account(&world.doctor(1).await).await;
    world.emergency(&doctor, &world.patient(1).await).await
}

/// Returns the numbers of open and of closed reviews.
async fn counts(world: &World) -> [usize; 2] {
    [world.rows("EMERGENCY#open").await.len(), world.rows("EMERGENCY#reviewed").await.len()]
}

#[test]
fn verdict_closes_the_review() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let review = open(&world).await;
        let verdict = json!({"verdict": "unjustified", "note": "No emergency."});
        let closed = post(&world, &admin, review.id.as_str(), verdict).await.expect(200);
        let mut expected = json!(review);
        for (field, value) in [
            ("status", json!("reviewed")),
            ("verdict", json!("unjustified")),
            ("note", json!("No emergency.")),
            ("reviewed_by", json!(admin.id())),
            ("reviewed_at", json!("2026-01-31T12:00:00.000Z")),
            ("version", json!(2)),
        ] {
            expected[field] = value;
        }
        assert_eq!(closed, expected);
        assert_eq!(counts(&world).await, [0, 1]);
    });
}

#[test]
fn nobody_reviews_their_own_access() {
    run(async |world: World| {
        let (admin, other) =
            (world.actor(Role::Admin).await, world.actor_named("other", Role::Admin).await);
        let patient = world.restrict(&world.patient(1).await).await;
        let review = world.emergency(&admin, &patient).await;
        let id = review.id.as_str();
        post(&world, &admin, id, json!({})).await.expect_problem(409, "own_review");
        assert_eq!(counts(&world).await, [1, 0]);
        post(&world, &other, id, json!({})).await.expect(200);
        post(&world, &admin, id, json!({})).await.expect_problem(409, "already_reviewed");
    });
}

#[test]
fn review_is_closed_once() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let review = open(&world).await;
        let calls = [0, 1].map(|_| post(&world, &admin, review.id.as_str(), json!({})));
        let answers = together(calls).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let refused = answers.into_iter().find(|answer| answer.status == 409).unwrap();
        refused.expect_problem(409, "already_reviewed");
        assert_eq!(counts(&world).await, [0, 1]);
    });
}

#[test]
fn unknown_review_is_404() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        for id in ["1768469406000-k3vXh0mAqJ1c5rB2nT9yLw", "1", "a#b"] {
            let problem = post(&world, &admin, id, json!({})).await;
            let problem = problem.expect_problem(404, "not_found");
            assert_eq!(problem["detail"], "There is no review with this id.");
        }
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let review = open(&world).await;
        for (fields, field) in [
            (json!({"verdict": "maybe"}), "verdict"),
            (json!({"verdict": null}), "verdict"),
            (json!({"note": 7}), "note"),
            (json!({"note": "x".repeat(1001)}), "note"),
            (json!({"status": "open"}), "status"),
        ] {
            let answer = post(&world, &admin, review.id.as_str(), fields).await;
            answer.expect_invalid(field);
        }
        assert_eq!(counts(&world).await, [1, 0]);
        let blank = json!({"note": " "});
        let closed = post(&world, &admin, review.id.as_str(), blank).await.expect(200);
        assert_eq!(closed["note"], Value::Null);
    });
}

#[test]
fn row_of_the_trail_names_patient_and_account_also_of_a_refusal() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let review = open(&world).await;
        post(&world, &admin, review.id.as_str(), json!({})).await.expect(200);
        post(&world, &admin, review.id.as_str(), json!({})).await.expect(409);
        let rows = world.audit_rows().await;
        let outcomes: Vec<&str> = rows.iter().map(|row| &*row.facts.outcome).collect();
        assert_eq!(outcomes, ["done", "already_reviewed"]);
        for row in &rows {
            assert_eq!(row.facts.subjects.patients, BTreeSet::from([review.patient_id]));
            assert_eq!(row.facts.subjects.accounts, BTreeSet::from([review.user_id]));
            assert_eq!(row.facts.actor, Some(admin.id()));
            assert_eq!(row.facts.object.as_deref(), Some(review.id.as_str()));
        }
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        world.expect_staff_only(handler(), event()).await;
        let staff = world.actor(Role::Staff).await;
        let review = open(&world).await;
        let refused = post(&world, &staff, review.id.as_str(), json!({})).await;
        refused.expect_problem(403, "permission_denied");
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let admin = world.actor(Role::Admin).await;
        let review = open(world).await;
        (handler(), event().path_parameter("id", &review.id).by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("emergency-review", &[]);
}
