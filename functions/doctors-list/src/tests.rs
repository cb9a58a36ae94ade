use shared::model::doctor::DoctorDetails;
use shared::records;
use shared::testing::{Event, Handler, checks, protected};

fn handler() -> impl Handler {
    protected(records::list::<DoctorDetails>)
}

#[test]
fn lists_records_in_the_order_of_names() {
    checks::list::lists_records_in_the_order_of_names::<DoctorDetails>(handler());
}

#[test]
fn search_finds_the_beginning_of_a_last_name() {
    checks::list::search_finds_the_beginning_of_a_last_name::<DoctorDetails>(handler());
}

#[test]
fn search_finds_by_each_criterion() {
    checks::list::search_finds_by_each_criterion::<DoctorDetails>(
        handler(),
        &[
            ("search", "okafor 01"),
            ("search", "grace"),
            ("phone", "946 0123"),
            ("identifier", "MRN|A-7"),
            ("specialization", "medicine"),
            ("specialization", "internal m"),
        ],
    );
}

#[test]
fn search_is_read_in_pages() {
    checks::list::search_is_read_in_pages::<DoctorDetails>(handler());
}

#[test]
fn search_survives_a_dynamodb_that_fails() {
    let event = Event::of("doctors-list").query(&[("search", "grace okafor")]);
    checks::variant_survives_faults_at_work(handler(), event);
}

#[test]
fn invalid_limit_and_cursor_are_named() {
    checks::list::invalid_limit_and_cursor_are_named::<DoctorDetails>(handler());
}

#[test]
fn hint_only_chooses_what_starts_early() {
    checks::hint_only_chooses_what_starts_early(handler(), Event::of("doctors-list"), "Query");
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("doctors-list"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("doctors-list"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("doctors-list", &[]);
}
