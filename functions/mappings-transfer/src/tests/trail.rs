//! The rows of the audit trail that a transfer writes.

use shared::model::user::Role;
use shared::store::{NewAssignment, TransferPatients};
use shared::testing::{World, json, protected, run};
use shared::{ApiResult, Context, Granted, response};

use super::{assign, clinic, event, handler, later, new, results};

/// As the handler, without time for any patient.
async fn transfer_too_late(context: Context, by: Granted<TransferPatients>) -> ApiResult {
    response::transfers(context.store().assignments().transfer(by, || true).await?)
}

#[test]
fn patients_who_stay_are_in_no_row_that_says_done() {
    run(async |world: World| {
        let staff = clinic(&world, 4).await;
        for patient in [1, 2, 4] {
            assign(&world, new(1, patient)).await;
        }
        // Doctor 2 has the patient for a while.
        assign(&world, NewAssignment { ends_at: Some(later(&world, 60)), ..new(2, 2) }).await;
        results(&world, event(json!([1, 2, 3, 4, 9])).by(&staff)).await;
        let mut expected = vec![
            json!(["done", "role", [1], [1, 2]]),
            json!(["done", "role", [4], [1, 2]]),
            json!(["not_found", "role", [3, 9], [1, 2]]),
            json!(["period_overlaps", "role", [2], [1, 2]]),
        ];
        assert_eq!(world.audit_summary().await, expected);

        // Nobody moves.
        results(&world, event(json!([1, 3])).by(&staff)).await;
        expected.push(json!(["not_found", "role", [1, 3], [1, 2]]));
        assert_eq!(world.audit_summary().await, expected);
    });
}

#[test]
fn patients_who_all_move_have_one_row_each() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        for patient in [1, 2] {
            assign(&world, new(1, patient)).await;
        }
        results(&world, event(json!([1, 2])).by(&staff)).await;
        let expected = [json!(["done", "role", [1], [1, 2]]), json!(["done", "role", [2], [1, 2]])];
        assert_eq!(world.audit_summary().await, expected);
    });
}

#[test]
fn patients_for_whom_no_time_is_left_are_named_as_unavailable() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        assign(&world, new(1, 1)).await;
        let late = event(json!([1, 2])).by(&staff);
        world.call(protected(transfer_too_late), late).await.expect(200);
        assert_eq!(world.audit_summary().await, [json!(["unavailable", "role", [1, 2], [1, 2]])]);
    });
}

#[test]
fn refused_transfer_has_one_row_that_names_its_patients() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let pending = world.actor(Role::Pending).await;
        let missing = event(json!([1, 2])).with(json!({"to_doctor_id": 9})).by(&staff);
        world.call(handler(), missing).await.expect_problem(404, "not_found");
        let refused = event(json!([1, 2])).by(&pending);
        world.call(handler(), refused).await.expect_problem(403, "permission_denied");
        let expected = [
            json!(["not_found", "role", [1, 2], [1, 9]]),
            json!(["permission_denied", null, [1, 2], [1, 2]]),
        ];
        assert_eq!(world.audit_summary().await, expected);
    });
}
