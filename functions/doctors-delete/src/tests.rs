use shared::model::assignment::CareRole;
use shared::model::doctor::DoctorDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::emulator::AttributeValue;
use shared::testing::{Event, Handler, Value, World, checks, json, protected, run};

fn handler() -> impl Handler {
    protected(records::delete::<DoctorDetails>)
}

fn event() -> Event {
    Event::of("doctors-delete")
}

/// Returns the number of rows of doctors whose sort keys begin so.
async fn count(world: &World, prefix: &str) -> usize {
    let rows = world.rows("DOCTOR#").await;
    rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with(prefix)).count()
}

#[test]
fn deleted_record_stays_deleted() {
    checks::delete::deleted_record_stays_deleted::<DoctorDetails>(handler());
}

#[test]
fn deletion_removes_the_index_rows() {
    checks::delete::deletion_removes_the_index_rows::<DoctorDetails>(handler());
}

#[test]
fn if_match_is_honoured() {
    checks::delete::if_match_is_honoured::<DoctorDetails>(handler());
}

#[test]
fn if_match_can_be_required() {
    checks::delete::if_match_can_be_required::<DoctorDetails>(handler());
}

#[test]
fn doctor_who_has_patients_is_deleted_only_by_force() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        for n in 1..=10 {
            world.assign(&doctor, &world.patient(n).await).await;
        }
        let delete = async |query: &[(&str, &str)]| {
            world.call(handler(), event().query(query).by(&staff)).await
        };
        for query in [&[][..], &[("force", "false")], &[("force", "")]] {
            delete(query).await.expect_problem(409, "has_patients");
        }
        let problem = delete(&[("force", "yes")]).await.expect_problem(400, "invalid_query");
        assert_eq!(problem["errors"], json!({"force": ["must be true or false"]}));
        assert_eq!((count(&world, "NAME#").await, count(&world, "PAST#").await), (10, 0));

        delete(&[("force", "true")]).await.expect(204);
        assert_eq!((count(&world, "NAME#").await, count(&world, "PAST#").await), (0, 10));
        let past = world.rows("PATIENT#").await;
        let past: Vec<_> = past.iter().filter(|row| row.contains_key("ended_by")).collect();
        let by = staff.id().to_string();
        assert_eq!(past.len(), 10);
        assert!(past.iter().all(|row| row["ended_by"].as_n().unwrap() == &by));
        delete(&[("force", "true")]).await.expect_problem(404, "not_found");
    });
}

/// Several of the assignments end at the same time.
#[test]
fn rows_of_assignments_that_end_name_their_changed_fields() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        for n in 1..=10 {
            world.assign(&doctor, &world.patient(n).await).await;
        }
        world.call(handler(), event().query(&[("force", "true")]).by(&staff)).await.expect(204);
        let rows = world.audited("doctors-delete").await;
        let (ended, deleted): (Vec<_>, Vec<_>) =
            rows.iter().partition(|facts| !facts.subjects.patients.is_empty());
        let fields: Vec<Value> = ended.iter().map(|facts| json!(facts.fields)).collect();
        assert_eq!(fields, vec![json!(["ends_at"]); 10]);
        assert!(deleted.len() == 1 && deleted[0].fields.is_empty());
    });
}

#[test]
fn doctor_whose_assignments_are_over_is_deleted_without_force() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        // More than one page of the panel.
        for n in 1..=41 {
            world.assign(&doctor, &world.patient(n).await).await;
        }
        let mut rows = world.emulator.rows().unwrap();
        let is_in_panel = |value: &AttributeValue| match value {
            AttributeValue::S(sk) => sk.starts_with("NAME#"),
            _ => false,
        };
        rows.retain(|row| row.contains_key("starts_at") && is_in_panel(&row["sk"]));
        assert_eq!(rows.len(), 41);
        for row in &mut rows {
            let end = AttributeValue::S(world.app.now().to_string());
            row.insert("ends_at".to_owned(), end);
        }
        world.emulator.import(rows).unwrap();
        world.call(handler(), event().by(&staff)).await.expect(204);
        assert_eq!((count(&world, "NAME#").await, count(&world, "PAST#").await), (0, 41));
    });
}

#[test]
fn deletion_ends_the_link_of_the_account() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let actor = world.doctor_account(&world.doctor(1).await).await;
        let before = world.stored(actor.id()).await;
        world.call(handler(), event().by(&staff)).await.expect(204);
        let after = world.stored(actor.id()).await;
        assert_eq!((after.doctor_id, after.role), (None, Role::Doctor));
        assert_eq!(after.version, before.version + 1);
        assert!(world.rows("LINK#doctor#").await.is_empty());
    });
}

#[test]
fn first_ends_of_the_patients_are_those_of_other_doctors_afterwards() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        for n in 1..=2 {
            let patient = world.patient(n).await;
            world.assign_for(&doctor, &patient, CareRole::Treating, 0..1).await;
            if n == 2 {
                world.assign_for(&other, &patient, CareRole::Treating, 0..2).await;
            }
        }
        world.call(handler(), event().query(&[("force", "true")]).by(&staff)).await.expect(204);
        let ends = world.rows("ENDS#").await;
        let ends: Vec<_> = ends.iter().map(|row| row["pk"].as_s().unwrap().as_str()).collect();
        assert_eq!(ends, ["ENDS#2026-02-02"]);
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), false);
}

#[test]
fn survives_a_dynamodb_that_fails_while_assignments_end() {
    checks::variant_survives_faults(async |world: &World| {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        world.doctor_account(&doctor).await;
        world.assign(&doctor, &world.patient(1).await).await;
        (handler(), event().query(&[("force", "true")]).by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("doctors-delete", &[]);
}
