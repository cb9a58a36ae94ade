use shared::Request;
use shared::model::doctor::DoctorDetails;
use shared::runtime::reading;
use shared::testing::{Event, Handler, checks};

use super::update;

fn handler() -> impl Handler {
    reading(Request::record_id::<DoctorDetails>, update)
}

#[test]
fn a_patch_changes_what_it_names() {
    checks::update::a_patch_changes_what_it_names::<DoctorDetails>(handler());
}

#[test]
fn a_put_needs_every_required_field() {
    checks::update::a_put_needs_every_required_field::<DoctorDetails>(handler());
}

#[test]
fn if_match_is_honoured() {
    checks::update::if_match_is_honoured::<DoctorDetails>(handler());
}

#[test]
fn what_is_not_there_is_404_and_a_bad_field_400() {
    checks::update::what_is_not_there_is_404_and_a_bad_field_400::<DoctorDetails>(handler());
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
    checks::policy_grants_nothing_else(&[]);
}
