use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::user::Role;
use shared::testing::{Event, Handler, World, checks, json, protected, run, steps};

use super::me;

fn handler() -> impl Handler {
    protected(me)
}

fn event() -> Event {
    Event::of("patients-me")
}

#[test]
fn returns_the_own_record_with_its_version() {
    run(async |world: World| {
        world.patient(1).await;
        let own = world.patient(2).await;
        let owner = world.patient_account(&own).await;
        let answer = world.call(handler(), event().by(&owner)).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.expect(200), json!(own));
    });
}

#[test]
fn current_version_is_not_sent_again() {
    run(async |world: World| {
        let owner = world.patient_account(&world.patient(1).await).await;
        let get = async |name: &str, tag: &str| {
            world.call(handler(), event().header(name, tag).by(&owner)).await
        };
        let answer = get("if-none-match", "\"1\"").await;
        assert_eq!((answer.status, answer.text()), (304, ""));
        get("if-none-match", "\"2\"").await.expect(200);
        get("if-match", "\"2\"").await.expect_problem(412, "precondition_failed");
        get("if-match", "\"1\"").await.expect(200);
    });
}

#[test]
fn head_is_a_get_without_its_body() {
    run(async |world: World| {
        let owner = world.patient_account(&world.patient(1).await).await;
        let answer = world.call(handler(), event().method("HEAD").by(&owner)).await;
        assert_eq!((answer.status, answer.text()), (200, ""));
        assert_eq!(answer.header("etag"), Some("\"1\""));
    });
}

#[test]
fn account_without_a_link_has_no_record() {
    run(async |world: World| {
        let other = world.doctor_account(&world.doctor(1).await).await;
        let guardian = world.actor(Role::Patient).await;
        let staff = world.actor(Role::Staff).await;
        for actor in [&other, &guardian, &staff] {
            let answer = world.call(handler(), event().by(actor)).await;
            let problem = answer.expect_problem(404, "not_found");
            assert_eq!(problem["detail"], "There is no patient of your account.");
        }
    });
}

#[test]
fn deleted_record_is_404() {
    run(async |world: World| {
        let own = world.patient(1).await;
        let owner = world.patient_account(&own).await;
        let (store, now) = (world.app.store(), world.app.now());
        let none = Preconditions::NONE;
        let deleted = steps::delete::<PatientDetails>(store, own.id, &none, now, || false).await;
        deleted.unwrap();
        let answer = world.call(handler(), event().by(&owner)).await;
        answer.expect_problem(404, "not_found");
    });
}

/// The row that says that the record was read is put before the record is found to be missing.
#[test]
fn read_of_a_missing_record_is_corrected_in_all_views_of_the_trail() {
    run(async |world: World| {
        let owner = world.patient_account(&world.patient(1).await).await;
        let record = world.rows("PATIENT#").await.remove(0);
        let delete = world.dynamodb.delete_item().table_name(repo::template::TABLE_NAME);
        let delete = delete.key("pk", record["pk"].clone()).key("sk", record["sk"].clone());
        delete.send().await.unwrap();
        let before = world.audit_rows().await;
        world.call(handler(), event().by(&owner)).await.expect_problem(404, "not_found");

        let mut rows = world.audit_rows().await;
        rows.retain(|row| !before.contains(row));
        let outcomes: Vec<&str> = rows.iter().map(|row| &*row.facts.outcome).collect();
        assert_eq!(outcomes, ["done", "not_found"]);
        // The views of the day, of the account and of the patient.
        assert_eq!(rows[0].views().len(), 3);
        assert_eq!(rows[1].views(), rows[0].views());
    });
}

#[test]
fn restricted_patient_reads_the_own_record() {
    run(async |world: World| {
        let own = world.restrict(&world.patient(1).await).await;
        let owner = world.patient_account(&own).await;
        let body = world.call(handler(), event().by(&owner)).await.expect(200);
        assert_eq!(body, json!(own));
    });
}

#[test]
fn only_active_accounts_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let owner = world.patient_account(&world.patient(1).await).await;
        (handler(), event().by(&owner))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-me", &[]);
}
