use shared::Request;
use shared::model::patient::PatientDetails;
use shared::runtime::reading;
use shared::testing::{Event, Handler, checks};

use super::delete;

fn handler() -> impl Handler {
    reading(Request::record_id::<PatientDetails>, delete)
}

#[test]
fn what_is_deleted_stays_gone() {
    checks::delete::what_is_deleted_stays_gone::<PatientDetails>(handler());
}

#[test]
fn its_mappings_go_with_it() {
    checks::delete::its_mappings_go_with_it::<PatientDetails>(handler());
}

#[test]
fn if_match_is_honoured() {
    checks::delete::if_match_is_honoured::<PatientDetails>(handler());
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("patients-delete"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("patients-delete"), true);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
