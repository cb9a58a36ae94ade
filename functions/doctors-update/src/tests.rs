use shared::model::doctor::DoctorDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::{Event, Handler, RECORD_SETTINGS, World, checks, json, protected_with, run};

fn handler() -> impl Handler {
    protected_with(RECORD_SETTINGS, records::update::<DoctorDetails>)
}

#[test]
fn patch_changes_the_named_fields_only() {
    checks::update::patch_changes_the_named_fields_only::<DoctorDetails>(handler());
}

#[test]
fn put_needs_every_required_field() {
    checks::update::put_needs_every_required_field::<DoctorDetails>(handler());
}

#[test]
fn index_rows_follow_the_record() {
    let changes = json!({
        "first_name": "Ada", "last_name": "Doe 002", "phone_number": "+442079460124",
        "specialization": "General Surgery", "identifiers": [{"system": "NHS", "value": "A-7"}],
    });
    checks::update::index_rows_follow_the_record::<DoctorDetails>(handler(), changes);
}

#[test]
fn if_match_is_honoured() {
    checks::update::if_match_is_honoured::<DoctorDetails>(handler());
}

#[test]
fn change_of_nothing_writes_nothing() {
    checks::update::change_of_nothing_writes_nothing::<DoctorDetails>(handler());
}

#[test]
fn change_whose_answer_was_lost_can_be_sent_again() {
    checks::update::change_whose_answer_was_lost_can_be_sent_again::<DoctorDetails>(handler());
}

#[test]
fn if_match_can_be_required() {
    checks::update::if_match_can_be_required::<DoctorDetails>(handler());
}

#[test]
fn only_patch_accepts_a_merge_patch() {
    checks::update::only_patch_accepts_a_merge_patch::<DoctorDetails>(handler());
}

#[test]
fn field_twice_is_refused() {
    checks::update::field_twice_is_refused::<DoctorDetails>(handler());
}

#[test]
fn missing_record_is_404_and_invalid_field_400() {
    checks::update::missing_record_is_404_and_invalid_field_400::<DoctorDetails>(handler());
}

#[test]
fn phone_is_read_anew_only_if_it_changes() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.doctor(1).await;
        let patch = async |change| {
            let event = Event::of("doctors-update").json(change).by(&staff);
            let body = world.call(handler(), event).await.expect(200);
            (body["phone_number"].clone(), body["phone_number_display"].clone())
        };
        let number = (json!("+442079460123"), json!("+44 20 7946 0123"));
        assert_eq!(patch(json!({"specialization": "Cardiology"})).await, number);
        assert_eq!(patch(json!({"phone_number": "+44 (0)20 7946-0123"})).await, number);
        let local = (json!("4711"), json!("47-11"));
        assert_eq!(patch(json!({"phone_number": "47-11"})).await, local);
        assert_eq!(patch(json!({"phone_number": "4711"})).await, local);
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("doctors-update"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("doctors-update"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("doctors-update", &[]);
}
