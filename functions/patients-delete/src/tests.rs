use shared::model::patient::PatientDetails;
use shared::records;
use shared::testing::{Event, Handler, checks, protected};

fn handler() -> impl Handler {
    protected(records::delete::<PatientDetails>)
}

#[test]
fn deleted_record_stays_deleted() {
    checks::delete::deleted_record_stays_deleted::<PatientDetails>(handler());
}

#[test]
fn deletion_removes_the_assignments() {
    checks::delete::deletion_removes_the_assignments::<PatientDetails>(handler());
}

#[test]
fn deletion_removes_the_index_rows() {
    checks::delete::deletion_removes_the_index_rows::<PatientDetails>(handler());
}

#[test]
fn if_match_is_honoured() {
    checks::delete::if_match_is_honoured::<PatientDetails>(handler());
}

#[test]
fn if_match_can_be_required() {
    checks::delete::if_match_can_be_required::<PatientDetails>(handler());
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
    checks::policy_grants_nothing_else("patients-delete", &[]);
}
