use shared::model::assignment::CareRole;
use shared::model::patient::PatientDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::{Event, Handler, Value, World, checks, json, protected, run};

fn handler() -> impl Handler {
    protected(records::delete::<PatientDetails>)
}

fn event() -> Event {
    Event::of("patients-delete")
}

#[test]
fn deleted_record_stays_deleted() {
    checks::delete::deleted_record_stays_deleted::<PatientDetails>(handler());
}

#[test]
fn deletion_removes_the_assignments() {
    checks::delete::deletion_removes_the_assignments::<PatientDetails>(handler());
}

#[test]
fn deletion_removes_the_index_rows() {
    checks::delete::deletion_removes_the_index_rows::<PatientDetails>(handler());
}

#[test]
fn if_match_is_honoured() {
    checks::delete::if_match_is_honoured::<PatientDetails>(handler());
}

#[test]
fn if_match_can_be_required() {
    checks::delete::if_match_can_be_required::<PatientDetails>(handler());
}

#[test]
fn deletion_ends_the_access_of_all_related_accounts() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let treating = world.doctor_account(&doctor).await;
        let own = world.patient_account(&patient).await;
        let parent = world.actor_named("parent", Role::Patient).await;
        world.proxy(&patient, &parent).await;
        let before = world.stored(own.id()).await;
        assert_eq!(before.patient_id, Some(patient.id));

        world.call(handler(), event().by(&staff)).await.expect(204);
        let after = world.stored(own.id()).await;
        assert_eq!((after.patient_id, after.role), (None, Role::Patient));
        assert_eq!(after.version, before.version + 1);
        assert!(world.rows("LINK#patient#").await.is_empty());
        let is_proxy = |sk: &str| sk.starts_with("PROXY#");
        assert!(world.rows("").await.iter().all(|row| !is_proxy(row["sk"].as_s().unwrap())));
        let read = protected(records::get::<PatientDetails>);
        for actor in [&treating, &own, &parent] {
            let answer = world
                .call(read.clone(), Event::of("patients-get").without_policy().by(actor))
                .await;
            answer.expect_problem(403, "not_assigned");
        }
    });
}

/// 45 CFR 164.528 asks for them for six years.
#[test]
fn deletion_keeps_the_disclosures() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        world.proxy(&patient, &world.actor_named("parent", Role::Patient).await).await;
        for day in ["2020-02-29", "2026-01-14"] {
            world.disclosure(&patient, day, "Health Department").await;
        }
        let disclosures = async || {
            let mut rows = world.rows("PATIENT#").await;
            rows.retain(|row| row["sk"].as_s().unwrap().starts_with("DISCLOSURE#"));
            rows
        };
        let before = disclosures().await;
        assert_eq!(before.len(), 2);
        world.call(handler(), event().by(&staff)).await.expect(204);
        assert_eq!(disclosures().await, before);
    });
}

#[test]
fn force_is_a_parameter_of_doctors_only() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.patient(1).await;
        let answer = world.call(handler(), event().query(&[("force", "true")]).by(&staff)).await;
        let problem = answer.expect_problem(400, "invalid_query");
        let unknown = json!({"force": ["is not a parameter of this request"]});
        assert_eq!(problem["errors"], unknown);
    });
}

/// More assignments than end in one transaction.
#[test]
fn deletion_removes_the_row_of_the_first_end() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=20 {
            let doctor = world.doctor(n).await;
            world.assign_for(&doctor, &patient, CareRole::Treating, 0..u64::from(n)).await;
        }
        assert_eq!(world.rows("ENDS#").await.len(), 1);
        world.call(handler(), event().by(&staff)).await.expect(204);
        assert!(world.rows("ENDS#").await.is_empty());
    });
}

#[test]
fn row_of_assignments_that_end_names_their_changed_fields() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=2 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        world.call(handler(), event().by(&staff)).await.expect(204);
        let rows = world.audited("patients-delete").await;
        let said = rows.iter().map(|facts| json!([facts.subjects.doctors, facts.fields]));
        let said: Vec<Value> = said.collect();
        assert_eq!(said, [json!([[], []]), json!([[1, 2], ["ends_at"]])]);
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), true);
}

#[test]
fn survives_a_dynamodb_that_fails_for_a_patient_with_an_account_and_a_proxy() {
    checks::variant_survives_faults(async |world: &World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        world.patient_account(&patient).await;
        world.proxy(&patient, &world.actor_named("parent", Role::Patient).await).await;
        (handler(), event().by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-delete", &[]);
}
