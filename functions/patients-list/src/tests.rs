mod bases;
mod reach;

use shared::model::patient::PatientDetails;
use shared::records;
use shared::testing::{Event, Handler, checks, protected};

fn handler() -> impl Handler {
    protected(records::list::<PatientDetails>)
}

#[test]
fn lists_records_in_the_order_of_names() {
    checks::list::lists_records_in_the_order_of_names::<PatientDetails>(handler());
}

#[test]
fn search_finds_the_beginning_of_a_last_name() {
    checks::list::search_finds_the_beginning_of_a_last_name::<PatientDetails>(handler());
}

#[test]
fn search_finds_by_each_criterion() {
    checks::list::search_finds_by_each_criterion::<PatientDetails>(
        handler(),
        &[
            ("search", "ROE 01"),
            ("search", "jane"),
            ("birth_date", "1985-04-12"),
            ("phone", "555-0147"),
            ("identifier", "mrn|A-7"),
            ("identifier", "a-7"),
        ],
    );
}

#[test]
fn search_is_read_in_pages() {
    checks::list::search_is_read_in_pages::<PatientDetails>(handler());
}

#[test]
fn search_survives_a_dynamodb_that_fails() {
    let event = Event::of("patients-list").query(&[("search", "jane roe")]);
    checks::variant_survives_faults_at_work(handler(), event);
}

#[test]
fn invalid_limit_and_cursor_are_named() {
    checks::list::invalid_limit_and_cursor_are_named::<PatientDetails>(handler());
}

#[test]
fn hint_only_chooses_what_starts_early() {
    checks::hint_only_chooses_what_starts_early(handler(), Event::of("patients-list"), "Query");
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("patients-list"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("patients-list"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-list", &[]);
}
