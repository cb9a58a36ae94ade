//! `?limit=` and `?cursor=`, which work the same on every list.

use crate::client::{Actor, User, encode};
use crate::clinic::{doctors_of, eventually, patients_of};
use crate::response::Response;

#[test]
fn limit_must_be_1_to_100() {
    let clinic = Clinic::new();
    for list in &clinic.lists {
        for limit in ["1", "100"] {
            let page = clinic.get(list, "limit", limit).expect_status(200).json;
            assert!(page["results"].as_array().unwrap().len() <= limit.parse::<usize>().unwrap());
        }
        for limit in ["0", "101", "-1", "abc", "1.5", "9223372036854775808"] {
            let refused = clinic.get(list, "limit", limit);
            refused.assert_problem(400, "invalid_query");
            refused.assert_errors(&["limit"]);
        }
    }
}

#[test]
fn invalid_cursor_is_refused() {
    let clinic = Clinic::new();
    let long = "A".repeat(3_000);
    for list in &clinic.lists {
        let cursor = clinic.cursor(list);
        let half = &cursor[..cursor.len() / 2];
        for broken in [half, "abc", "!!!", "{}", "\0", "e30", "W10", "🦀", long.as_str()] {
            assert_refused(&clinic.get(list, "cursor", broken));
        }
    }
}

#[test]
fn cursor_of_another_list_is_refused() {
    let clinic = Clinic::new();
    for list in &clinic.lists {
        let cursor = clinic.cursor(list);
        clinic.get(list, "cursor", &cursor).expect_status(200);
        for other in clinic.lists.iter().filter(|other| *other != list) {
            assert_refused(&clinic.get(other, "cursor", &cursor));
        }
    }
}

#[track_caller]
fn assert_refused(answer: &Response) {
    answer.assert_problem(400, "invalid_query");
    answer.assert_errors(&["cursor"]);
}

/// A clinic in which every list has at least two results.
struct Clinic {
    staff: User,
    lists: [String; 5],
}

impl Clinic {
    fn new() -> Self {
        let staff = User::staff();
        let doctors = [staff.new_doctor(), staff.new_doctor()];
        let patients = [staff.new_patient(), staff.new_patient()];
        for doctor in &doctors {
            for patient in &patients {
                staff.assign(doctor, patient).expect_status(201);
            }
        }
        let lists = [
            "/api/doctors/".to_owned(),
            "/api/patients/".to_owned(),
            "/api/doctor/mappings/".to_owned(),
            doctors_of(&patients[0]),
            patients_of(&doctors[0]),
        ];
        Self { staff, lists }
    }

    fn get(&self, list: &str, parameter: &str, value: &str) -> Response {
        let value = encode(value);
        self.staff.get(&format!("{list}?{parameter}={value}"))
    }

    /// Returns the `next` of a first page with one result.
    fn cursor(&self, list: &str) -> String {
        let page = eventually(
            || self.get(list, "limit", "1").expect_status(200).json,
            |page| page["next"].is_string(),
        );
        page["next"].as_str().unwrap().to_owned()
    }
}
