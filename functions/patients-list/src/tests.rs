use shared::model::patient::PatientDetails;
use shared::runtime::signed_in;
use shared::testing::{Event, checks};

use super::list;

#[test]
fn walks_to_the_end_in_the_order_of_names() {
    checks::list::walks_to_the_end_in_the_order_of_names::<PatientDetails>(signed_in(list));
}

#[test]
fn search_takes_the_beginning_of_a_last_name() {
    checks::list::search_takes_the_beginning_of_a_last_name::<PatientDetails>(signed_in(list));
}

#[test]
fn bad_limits_and_cursors_are_named() {
    checks::list::bad_limits_and_cursors_are_named::<PatientDetails>(signed_in(list));
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(signed_in(list), Event::of("patients-list"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(signed_in(list), Event::of("patients-list"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
