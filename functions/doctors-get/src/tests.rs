use shared::model::doctor::DoctorDetails;
use shared::records;
use shared::testing::{Event, Handler, checks, protected};

fn handler() -> impl Handler {
    protected(records::get::<DoctorDetails>)
}

#[test]
fn returns_the_record_with_its_version() {
    checks::get::returns_the_record_with_its_version::<DoctorDetails>(handler());
}

#[test]
fn current_version_is_not_sent_again() {
    checks::get::current_version_is_not_sent_again::<DoctorDetails>(handler());
}

#[test]
fn head_is_a_get_without_its_body() {
    checks::get::head_is_a_get_without_its_body::<DoctorDetails>(handler());
}

#[test]
fn unknown_parameter_is_refused_after_authorization() {
    checks::get::unknown_parameter_is_refused_after_authorization::<DoctorDetails>(handler());
}

#[test]
fn missing_record_is_404() {
    checks::get::missing_record_is_404::<DoctorDetails>(handler());
}

#[test]
fn refusal_says_nothing_about_the_record() {
    checks::get::refusal_says_nothing_about_the_record::<DoctorDetails>(handler());
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("doctors-get"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("doctors-get"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("doctors-get", &[]);
}
