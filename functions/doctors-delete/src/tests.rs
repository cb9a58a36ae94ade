use shared::Request;
use shared::model::doctor::DoctorDetails;
use shared::runtime::reading;
use shared::testing::{Event, Handler, checks};

use super::delete;

fn handler() -> impl Handler {
    reading(Request::record_id::<DoctorDetails>, delete)
}

#[test]
fn what_is_deleted_stays_gone() {
    checks::delete::what_is_deleted_stays_gone::<DoctorDetails>(handler());
}

#[test]
fn its_mappings_go_with_it() {
    checks::delete::its_mappings_go_with_it::<DoctorDetails>(handler());
}

#[test]
fn if_match_is_honoured() {
    checks::delete::if_match_is_honoured::<DoctorDetails>(handler());
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("doctors-delete"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("doctors-delete"), true);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
