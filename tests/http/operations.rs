//! Every operation there is, for the checks that go over all of them.

use std::collections::BTreeSet;

use shared::testing::routes::by_path;
use shared::testing::template::{ANY, Template};

pub struct Operation {
    pub method: &'static str,
    /// With its canonical final slash; the ids in it are examples.
    pub path: &'static str,
    pub public: bool,
}

const fn public(method: &'static str, path: &'static str) -> Operation {
    Operation { method, path, public: true }
}

const fn protected(method: &'static str, path: &'static str) -> Operation {
    Operation { method, path, public: false }
}

pub const OPERATIONS: &[Operation] = &[
    public("GET", "/api/health/"),
    public("POST", "/api/auth/register/"),
    public("POST", "/api/auth/login/"),
    protected("GET", "/api/auth/me/"),
    protected("GET", "/api/doctors/"),
    protected("POST", "/api/doctors/"),
    protected("GET", "/api/doctors/1/"),
    protected("PUT", "/api/doctors/1/"),
    protected("PATCH", "/api/doctors/1/"),
    protected("DELETE", "/api/doctors/1/"),
    protected("GET", "/api/doctors/1/patients/"),
    protected("GET", "/api/patients/"),
    protected("POST", "/api/patients/"),
    protected("GET", "/api/patients/1/"),
    protected("PUT", "/api/patients/1/"),
    protected("PATCH", "/api/patients/1/"),
    protected("DELETE", "/api/patients/1/"),
    protected("GET", "/api/doctor/mappings/"),
    protected("POST", "/api/doctor/mappings/"),
    protected("GET", "/api/doctor/mappings/1/"),
    protected("POST", "/api/doctor/mappings/1/remove/"),
    protected("DELETE", "/api/doctor/mappings/1/2/"),
];

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
