use shared::model::patient::PatientDetails;
use shared::records;
use shared::testing::{Event, Handler, RECORD_SETTINGS, checks, json, protected_with};

fn handler() -> impl Handler {
    protected_with(RECORD_SETTINGS, records::update::<PatientDetails>)
}

#[test]
fn patch_changes_the_named_fields_only() {
    checks::update::patch_changes_the_named_fields_only::<PatientDetails>(handler());
}

#[test]
fn put_needs_every_required_field() {
    checks::update::put_needs_every_required_field::<PatientDetails>(handler());
}

#[test]
fn index_rows_follow_the_record() {
    let changes = json!({
        "first_name": "Ada", "last_name": "Doe 002", "date_of_birth": "1986", "contact_number": "+12025550148",
        "identifiers": [{"system": "NHS", "value": "A-7"}],
    });
    checks::update::index_rows_follow_the_record::<PatientDetails>(handler(), changes);
}

#[test]
fn if_match_is_honoured() {
    checks::update::if_match_is_honoured::<PatientDetails>(handler());
}

#[test]
fn change_of_nothing_writes_nothing() {
    checks::update::change_of_nothing_writes_nothing::<PatientDetails>(handler());
}

#[test]
fn change_whose_answer_was_lost_can_be_sent_again() {
    checks::update::change_whose_answer_was_lost_can_be_sent_again::<PatientDetails>(handler());
}

#[test]
fn if_match_can_be_required() {
    checks::update::if_match_can_be_required::<PatientDetails>(handler());
}

#[test]
fn only_patch_accepts_a_merge_patch() {
    checks::update::only_patch_accepts_a_merge_patch::<PatientDetails>(handler());
}

#[test]
fn field_twice_is_refused() {
    checks::update::field_twice_is_refused::<PatientDetails>(handler());
}

#[test]
fn missing_record_is_404_and_invalid_field_400() {
    checks::update::missing_record_is_404_and_invalid_field_400::<PatientDetails>(handler());
}

#[test]
fn record_that_is_older_than_a_rule_stays_editable() {
    checks::update::record_that_is_older_than_a_rule_stays_editable(handler());
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("patients-update"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("patients-update"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-update", &[]);
}
