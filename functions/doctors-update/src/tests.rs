use shared::model::doctor::DoctorDetails;
use shared::runtime::reading;
use shared::testing::{Event, checks};

use super::{doctor_id, update};

#[test]
fn a_patch_changes_what_it_names() {
    checks::update::a_patch_changes_what_it_names::<DoctorDetails>(reading(doctor_id, update));
}

#[test]
fn a_put_needs_every_required_field() {
    checks::update::a_put_needs_every_required_field::<DoctorDetails>(reading(doctor_id, update));
}

#[test]
fn if_match_is_honoured() {
    checks::update::if_match_is_honoured::<DoctorDetails>(reading(doctor_id, update));
}

#[test]
fn what_is_not_there_is_404_and_a_bad_field_400() {
    checks::update::what_is_not_there_is_404_and_a_bad_field_400::<DoctorDetails>(reading(
        doctor_id, update,
    ));
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(reading(doctor_id, update), Event::of("doctors-update"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(reading(doctor_id, update), Event::of("doctors-update"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
