use shared::Request;
use shared::model::patient::PatientDetails;
use shared::runtime::reading;
use shared::testing::{Event, Handler, checks};

use super::get;

fn handler() -> impl Handler {
    reading(Request::record_id::<PatientDetails>, get)
}

#[test]
fn answers_a_record_with_its_version() {
    checks::get::answers_a_record_with_its_version::<PatientDetails>(handler());
}

#[test]
fn what_is_not_there_is_404() {
    checks::get::what_is_not_there_is_404::<PatientDetails>(handler());
}

#[test]
fn who_may_not_look_is_not_told_what_is_there() {
    checks::get::who_may_not_look_is_not_told_what_is_there::<PatientDetails>(handler());
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("patients-get"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("patients-get"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
