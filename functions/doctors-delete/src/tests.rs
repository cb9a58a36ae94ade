use shared::model::doctor::DoctorDetails;
use shared::runtime::reading;
use shared::testing::{Event, checks};

use super::{delete, doctor_id};

#[test]
fn what_is_deleted_stays_gone() {
    checks::delete::what_is_deleted_stays_gone::<DoctorDetails>(reading(doctor_id, delete));
}

#[test]
fn its_mappings_go_with_it() {
    checks::delete::its_mappings_go_with_it::<DoctorDetails>(reading(doctor_id, delete));
}

#[test]
fn if_match_is_honoured() {
    checks::delete::if_match_is_honoured::<DoctorDetails>(reading(doctor_id, delete));
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(reading(doctor_id, delete), Event::of("doctors-delete"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(reading(doctor_id, delete), Event::of("doctors-delete"), true);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
