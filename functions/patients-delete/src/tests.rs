use shared::model::patient::PatientDetails;
use shared::runtime::signed_in;
use shared::testing::{Event, checks};

use super::delete;

#[test]
fn what_is_deleted_stays_gone() {
    checks::delete::what_is_deleted_stays_gone::<PatientDetails>(signed_in(delete));
}

#[test]
fn its_mappings_go_with_it() {
    checks::delete::its_mappings_go_with_it::<PatientDetails>(signed_in(delete));
}

#[test]
fn if_match_is_honoured() {
    checks::delete::if_match_is_honoured::<PatientDetails>(signed_in(delete));
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(signed_in(delete), Event::of("patients-delete"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(signed_in(delete), Event::of("patients-delete"), true);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
