//! Checks of the functions that delete a doctor or a patient.

use super::*;

pub fn deletion_removes_the_index_rows<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let record = world.record::<D>(1).await;
        identify(&world, &staff, &record).await;
        assert_eq!(index_rows(&world).await.len(), index_rows_of::<D>());
        world.call(handler, event::<D>("delete").by(&staff)).await.expect(204);
        assert!(index_rows(&world).await.is_empty());
    });
}

pub fn deleted_record_stays_deleted<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        let event = event::<D>("delete").by(&staff);
        assert!(world.call(handler.clone(), event.clone()).await.expect(204).is_null());
        world.call(handler, event).await.expect_problem(404, "not_found");
    });
}

pub fn deletion_removes_the_assignments<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        world.call(handler, event::<D>("delete").by(&staff)).await.expect(204);
        let left = steps::end_assignment(world.app.store(), doctor.id, patient.id).await;
        assert!(matches!(left, Err(StoreError::NotFound(_))), "{left:?}");
    });
}

pub fn if_match_is_honoured<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        let event = event::<D>("delete").by(&staff);
        let stale = event.clone().header("if-match", "\"2\"");
        world.call(handler.clone(), stale).await.expect_problem(412, "precondition_failed");
        world.call(handler, event.header("if-match", "\"1\"")).await.expect(204);
    });
}

pub fn if_match_can_be_required<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let app =
            world.app_with_responses(Responses { requires_if_match: true, ..Responses::default() });
        world.record::<D>(1).await;
        let event = event::<D>("delete").by(&staff);
        let without = world.call_in(&app, handler.clone(), event.clone()).await;
        without.expect_problem(428, "precondition_required");
        let with = event.header("if-match", "\"1\"");
        world.call_in(&app, handler, with).await.expect(204);
    });
}
