//! Every operation there is, for the checks that go over all of them.

use std::collections::BTreeSet;

use shared::testing::routes::by_path;
use shared::testing::template::{ANY, Template};

use crate::clinic::NOBODY;

pub struct Operation {
    pub method: &'static str,
    /// With its canonical final slash; the ids in it are examples.
    pub path: &'static str,
    pub who: Who,
}

/// Whom an operation needs at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Anyone,
    /// Of any role.
    SignedIn,
    Staff,
    Admin,
}

use Who::{Admin, Anyone, SignedIn, Staff};

const fn op(who: Who, method: &'static str, path: &'static str) -> Operation {
    Operation { method, path, who }
}

pub const OPERATIONS: &[Operation] = &[
    op(Anyone, "GET", "/api/health/"),
    op(Anyone, "GET", "/.well-known/jwks.json/"),
    op(Anyone, "POST", "/api/auth/register/"),
    op(Anyone, "POST", "/api/auth/login/"),
    op(Anyone, "POST", "/api/auth/refresh/"),
    op(Anyone, "POST", "/api/auth/verify/"),
    op(Anyone, "POST", "/api/auth/password/reset/"),
    op(Anyone, "POST", "/api/auth/password/reset/confirm/"),
    op(SignedIn, "GET", "/api/auth/me/"),
    op(SignedIn, "POST", "/api/auth/logout/"),
    op(SignedIn, "POST", "/api/auth/password/"),
    op(SignedIn, "GET", "/api/auth/sessions/"),
    op(SignedIn, "DELETE", "/api/auth/sessions/1/"),
    op(Admin, "GET", "/api/users/"),
    op(Admin, "PATCH", "/api/users/1/"),
    op(Staff, "GET", "/api/doctors/"),
    op(Staff, "POST", "/api/doctors/"),
    op(Staff, "GET", "/api/doctors/1/"),
    op(Staff, "PUT", "/api/doctors/1/"),
    op(Staff, "PATCH", "/api/doctors/1/"),
    op(Staff, "DELETE", "/api/doctors/1/"),
    op(Staff, "GET", "/api/doctors/1/patients/"),
    op(Staff, "GET", "/api/patients/"),
    op(Staff, "POST", "/api/patients/"),
    op(Staff, "GET", "/api/patients/1/"),
    op(Staff, "PUT", "/api/patients/1/"),
    op(Staff, "PATCH", "/api/patients/1/"),
    op(Staff, "DELETE", "/api/patients/1/"),
    op(Staff, "GET", "/api/doctor/mappings/"),
    op(Staff, "POST", "/api/doctor/mappings/"),
    op(Staff, "GET", "/api/doctor/mappings/1/"),
    op(Staff, "POST", "/api/doctor/mappings/1/remove/"),
    op(Staff, "DELETE", "/api/doctor/mappings/1/2/"),
];

impl Operation {
    /// The path with ids that nothing has.
    pub fn path_to_nobody(&self) -> String {
        let parts = self.path.split('/').map(|part| match part.parse::<u64>() {
            Ok(_) => NOBODY.to_string(),
            Err(_) => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

#[test]
fn every_route_of_the_template_is_among_them() {
    let template = Template::load().unwrap();
    let routes = by_path(&template).into_iter().flat_map(|(path, methods)| {
        methods.into_keys().map(move |method| (method.to_owned(), shape(&format!("{path}/"))))
    });
    let routes: BTreeSet<_> = routes.filter(|(method, _)| method != ANY).collect();
    let operations = OPERATIONS.iter().map(|it| (it.method.to_owned(), shape(it.path)));
    assert_eq!(operations.collect::<BTreeSet<_>>(), routes);
}

/// A path with `*` in place of ids and of variables.
fn shape(path: &str) -> String {
    let is_id = |part: &str| part.starts_with('{') || part.parse::<u64>().is_ok();
    let parts: Vec<_> = path.split('/').map(|part| if is_id(part) { "*" } else { part }).collect();
    parts.join("/")
}
