//! Whole requests, as API Gateway hands them to the functions' binaries: bodies, ids, queries, cursors, headers, paths.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use proptest::test_runner::TestCaseError;
use repo::template::Template;
use serde_json::{Value, json};
use shared::model::user::Role;
use shared::testing::Event;

use crate::engine::fuzz_unbounded;
use crate::functions::Functions;
use crate::inputs::{body, text};
use crate::seeds;

/// The number of requests of a short run of each test.
const CASES: u32 = 60;

/// API Gateway accepts at most 10 240 bytes of request line and headers.
const MAX_HEAD: usize = 2_000;

const HEADERS: &[&str] = &[
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "origin",
    "access-control-request-method",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-proto",
    "host",
    "accept-encoding",
];

const PARAMETERS: &[&str] = &[
    "limit",
    "cursor",
    "search",
    "birth_date",
    "phone",
    "identifier",
    "specialization",
    "role",
    "",
];

/// A request to a function.
#[derive(Debug, Clone)]
struct Call {
    name: String,
    role: Option<Role>,
    body: Option<String>,
    ids: Option<String>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    path: Option<String>,
    address: Option<String>,
}

impl Call {
    fn event(&self, functions: &Functions) -> Value {
        let mut event = Event::of(&self.name);
        if let Some(role) = self.role {
            event = functions.signed(event, role);
        }
        for (name, value) in &self.headers {
            event = event.header(name, value);
        }
        if let Some(body) = &self.body {
            event = event.text(body);
        }
        if !self.query.is_empty() {
            let query: Vec<_> = self.query.iter().map(|(k, v)| (*k, v.as_str())).collect();
            event = event.query(&query);
        }
        if let Some(path) = &self.path {
            event = event.path(&format!("/{path}"));
        }
        if let Some(address) = &self.address {
            event = event.from_address(address);
        }
        if let Some(id) = &self.ids {
            for name in path_parameters(&event.clone().into_json()) {
                event = event.path_parameter(&name, id);
            }
        }
        event.into_json()
    }
}

fn path_parameters(event: &Value) -> Vec<String> {
    let parameters = event["pathParameters"].as_object().into_iter().flatten();
    parameters.map(|(name, _)| name.clone()).collect()
}

/// Returns requests to this function.
fn calls(functions: &Functions, name: &str) -> BoxedStrategy<Call> {
    let example = Event::of(name).into_json();
    let example = example["body"].as_str().and_then(|text| serde_json::from_str(text).ok());
    let bodies = [example.unwrap_or(json!({})), json!({ "limit": 1, "cursor": "AAAA" })]
        .into_iter()
        .chain(seeds::searches());
    let cursor = cursor(functions, name).unwrap_or_else(|| "AAAA".to_owned());
    let values = seeds::NAMES.iter().chain(seeds::PHONES).chain(seeds::DATES).chain(seeds::IDS);
    let values = values.map(|it| (*it).to_owned()).chain([cursor.clone(), cursor]);
    let role = select([None].into_iter().chain(Role::ALL.map(Some)).collect::<Vec<_>>());
    let head = |seeds: Vec<String>| text(seeds).prop_map(|text| beginning(&text));
    let headers: Vec<String> = seeds::HEADERS.iter().map(|it| (*it).to_owned()).collect();
    let name = name.to_owned();
    (
        role,
        option::weighted(0.7, body(bodies)),
        option::weighted(0.3, head(seeds::IDS.iter().map(|it| (*it).to_owned()).collect())),
        vec((select(PARAMETERS), head(values.collect())), 0..3),
        vec((select(HEADERS), head(headers.clone()).prop_map(|it| header_value(&it))), 0..3),
        option::weighted(0.1, head(vec!["api/doctors/7/".to_owned()])),
        option::weighted(0.05, head(headers)),
    )
        .prop_map(move |(role, body, ids, query, headers, path, address)| {
            let name = name.clone();
            Call { name, role, body, ids, query, headers, path, address }
        })
        .boxed()
}

/// Returns a cursor of a list.
fn cursor(functions: &Functions, name: &str) -> Option<String> {
    let event = functions.signed(Event::of(name).query(&[("limit", "1")]), Role::Admin);
    let answer = functions.answer(name, &event.into_json()).ok()?;
    let body: Value = serde_json::from_str(answer["body"].as_str()?).ok()?;
    body["next"].as_str().map(str::to_owned)
}

fn beginning(text: &str) -> String {
    text.chars().take(MAX_HEAD).collect()
}

/// Returns the text without characters that no HTTP server accepts in a header.
fn header_value(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_control()).collect()
}

/// Sends requests to the functions whose names begin so, and fails the test if one is answered by a 5xx, or not in time.
fn fuzz_functions(is_included: impl Fn(&str) -> bool) {
    let functions = Functions::new();
    let template = Template::load().unwrap();
    let functions_of_api = template.functions.iter().filter(|(_, it)| !it.routes.is_empty());
    let names = functions_of_api.map(|(name, _)| name).filter(|name| is_included(name));
    let calls: Vec<_> = names.map(|name| calls(&functions, name)).collect();
    fuzz_unbounded(CASES, &Union::new(calls), |call| {
        let answer = functions.answer(&call.name, &call.event(&functions));
        let answer = answer.map_err(TestCaseError::fail)?;
        let status = answer["statusCode"].as_u64().unwrap_or(500);
        prop_assert!(status < 500, "{}", answer);
        Ok(())
    });
}

#[test]
fn no_request_about_accounts_is_a_5xx() {
    fuzz_functions(|name| name.starts_with("auth-"));
}

#[test]
fn no_request_about_doctors_is_a_5xx() {
    fuzz_functions(|name| name.starts_with("doctors-"));
}

#[test]
fn no_request_about_patients_is_a_5xx() {
    fuzz_functions(|name| name.starts_with("patients-"));
}

#[test]
fn no_other_request_is_a_5xx() {
    let others = ["auth-", "doctors-", "patients-"];
    fuzz_functions(|name| !others.iter().any(|prefix| name.starts_with(prefix)));
}
