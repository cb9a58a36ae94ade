use std::collections::BTreeMap;

use repo::openapi::Contract;
use repo::template::Template;
use shared::access::Act;

use super::*;

/// Makes an endpoint of the repository's own files.
fn made(name: &str, method: &str, path: &str) -> BTreeMap<String, String> {
    let endpoint = Endpoint::new(name, method, path).unwrap();
    let read = |file: &str| Ok(fs::read_to_string(repository().join(file))?);
    endpoint.files(&read).unwrap().into_iter().collect()
}

#[test]
fn new_endpoint_is_in_template_and_contract() {
    let files = made("invoices-get", "get", "/api/invoices/{invoice_id}/");
    let template = Template::parse(&files["template.yaml"]).unwrap();
    let function = &template.functions["invoices-get"];
    assert_eq!(function.logical_id, "InvoicesGet");
    assert_eq!(function.routes[0].path, "/api/invoices/{invoice_id}");
    let paths: Vec<&str> =
        template.functions["not-found"].routes.iter().map(|route| route.path.as_str()).collect();
    assert!(paths.contains(&"/api/invoices/{invoice_id}"));
    let before = Template::load().unwrap();
    assert_eq!(template.functions.len(), before.functions.len() + 1);

    let contract = Contract::parse(&files["openapi.yaml"]).unwrap();
    let operation = contract.operations().iter().find(|it| it.id == "invoices-get").unwrap();
    assert_eq!(operation.path, "/api/invoices/{invoice_id}/");
    assert!(operation.responses.contains_key("404"));
}

#[test]
fn second_method_of_a_path_joins_its_operations() {
    let files = made("doctors-archive", "POST", "/api/doctors/{id}/");
    let of_path = |contract: &Contract| {
        contract.operations().iter().filter(|it| it.path == "/api/doctors/{id}/").count()
    };
    let contract = Contract::parse(&files["openapi.yaml"]).unwrap();
    assert_eq!(of_path(&contract), of_path(&Contract::load().unwrap()) + 1);
    let lines = files["template.yaml"].lines();
    assert_eq!(
        lines.filter(|line| line.contains("any-method, Path: \"/api/doctors/{id}\"")).count(),
        1
    );
}

#[test]
fn act_is_added_in_all_places() {
    let files = made("invoices-get", "GET", "/api/invoices/");
    let act = &files["shared/src/access/act.rs"];
    assert_eq!(act.matches("InvoicesGet").count(), 3);
    assert!(act.contains(&format!("[Self; {}]", Act::ALL.len() + 1)));
    assert_eq!(files["shared/src/access/decide.rs"].matches("Act::InvoicesGet").count(), 1);
    let event: Value = serde_json::from_str(&files["events/invoices-get.json"]).unwrap();
    assert_eq!(
        (&event["path"], &event["pathParameters"]),
        (&json!("/api/invoices/"), &Value::Null)
    );
    let operations = &files["tools/bench/src/functions/operations.rs"];
    assert!(operations.contains(r#""invoices-get" => event.by(&caller),"#));
}

#[test]
fn invalid_names_methods_and_paths_are_refused() {
    for (name, method, path) in [
        ("Invoices", "GET", "/api/invoices/"),
        ("", "GET", "/api/invoices/"),
        ("invoices", "ANY", "/api/invoices/"),
        ("invoices", "GET", "/invoices/"),
        ("invoices", "GET", "/api/invoices"),
    ] {
        assert!(Endpoint::new(name, method, path).is_err(), "{name} {method} {path}");
    }
}
