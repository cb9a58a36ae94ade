use shared::model::patient::PatientDetails;
use shared::runtime::reading;
use shared::testing::{Event, checks};

use super::{get, patient_id};

#[test]
fn answers_a_record_with_its_version() {
    checks::get::answers_a_record_with_its_version::<PatientDetails>(reading(patient_id, get));
}

#[test]
fn what_is_not_there_is_404() {
    checks::get::what_is_not_there_is_404::<PatientDetails>(reading(patient_id, get));
}

#[test]
fn who_may_not_look_is_not_told_what_is_there() {
    checks::get::who_may_not_look_is_not_told_what_is_there::<PatientDetails>(reading(
        patient_id, get,
    ));
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(reading(patient_id, get), Event::of("patients-get"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(reading(patient_id, get), Event::of("patients-get"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
