//! The rows of the audit trail that a batch writes.

use shared::model::user::Role;
use shared::store::AssignMany;
use shared::testing::{World, json, protected, run};
use shared::{ApiResult, Context, Granted, response};

use super::{clinic, event, handler, item, results};

/// As the handler, without time for any item.
async fn assign_too_late(context: Context, by: Granted<AssignMany>) -> ApiResult {
    response::assignments(context.store().assignments().assign_many(by, || true).await?)
}

#[test]
fn failed_items_with_the_same_code_have_one_row_that_names_their_patients() {
    run(async |world: World| {
        let staff = clinic(&world, 3).await;
        world.patient(2).await;
        world.patient(3).await;
        let items = json!([
            {"doctor_id": 1, "patient_id": 1, "role": "primary"},
            {"doctor_id": 1, "patient_id": 2, "role": "primary"},
            {"doctor_id": 1, "patient_id": 1},
            {"doctor_id": 2, "patient_id": 1, "role": "primary"},
            {"doctor_id": 3, "patient_id": 2, "role": "primary"},
            {"doctor_id": 2, "patient_id": 7},
            {"doctor_id": 2, "patient_id": 3, "ends_at": "2026-01-31T12:00:00Z"},
            {"doctor_id": 2, "role": "nurse"},
        ]);
        results(&world, &staff, items).await;
        let expected = [
            json!(["done", "role", [1], [1]]),
            json!(["done", "role", [2], [1]]),
            json!(["invalid_body", "role", [3], [2]]),
            json!(["not_found", "role", [7], [2]]),
            json!(["primary_taken", "role", [1, 2], [2, 3]]),
        ];
        assert_eq!(world.audit_summary().await, expected);
    });
}

#[test]
fn batch_without_a_valid_item_has_one_row() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        results(&world, &staff, json!([{"doctor_id": 1}, {"patient_id": 1}])).await;
        assert_eq!(world.audit_summary().await, [json!(["invalid_body", "role", [], []])]);
    });
}

#[test]
fn assignments_that_exist_share_one_row() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let (doctor, patient) = (world.doctor(3).await, world.patient(2).await);
        world.assign(&doctor, &patient).await;
        world.patient(3).await;
        results(&world, &staff, json!([item(1)])).await;
        let new = json!({"doctor_id": 2, "patient_id": 3});
        let existing = json!({"doctor_id": 3, "patient_id": 2});
        // Patient 1 gets a second doctor. The row of this change does not name the first one.
        results(&world, &staff, json!([item(1), new, new, existing, item(2), item(1)])).await;
        let expected = [
            json!(["done", "role", [1], [1]]),
            json!(["done", "role", [3], [2]]),
            json!(["done", "role", [1], [2]]),
            json!(["done", "role", [1, 2], [1, 3]]),
        ];
        assert_eq!(world.audit_summary().await, expected);
    });
}

#[test]
fn items_for_which_no_time_is_left_are_named_as_unavailable() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let batch = event(json!([item(1), item(2), {"doctor_id": 1}])).by(&staff);
        world.call(protected(assign_too_late), batch).await.expect(200);
        let expected =
            [json!(["invalid_body", "role", [], []]), json!(["unavailable", "role", [1], [1, 2]])];
        assert_eq!(world.audit_summary().await, expected);
    });
}

#[test]
fn refused_batch_has_one_row_that_names_its_patients() {
    run(async |world: World| {
        clinic(&world, 2).await;
        let pending = world.actor(Role::Pending).await;
        let batch = event(json!([item(1), item(2), {"doctor_id": 1}])).by(&pending);
        world.call(handler(), batch).await.expect_problem(403, "permission_denied");
        assert_eq!(world.audit_summary().await, [json!(["permission_denied", null, [1], [1, 2]])]);
    });
}
