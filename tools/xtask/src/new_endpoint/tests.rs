use std::collections::BTreeMap;

use repo::openapi::{Contract, from_yaml};
use repo::template::{ANY, Route, Template};
use serde_json::{Value, json};
use shared::access::Act;

use super::*;

/// Makes an endpoint of the repository's own files.
fn made(name: &str, method: &str, path: &str) -> Result<BTreeMap<String, String>> {
    Ok(Endpoint::new(name, method, path)?.files()?.into_iter().collect())
}

fn route(method: &str, path: &str) -> Route {
    Route { method: method.to_owned(), path: path.to_owned() }
}

/// Returns the statuses of an operation.
fn statuses(contract: &Contract, id: &str) -> Vec<String> {
    let operation = contract.operations().iter().find(|it| it.id == id).unwrap();
    operation.responses.keys().cloned().collect()
}

/// Returns the keys of an event, in their order.
fn keys(event: &str) -> Vec<&str> {
    event.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect()
}

#[test]
fn get_without_variables_is_in_template_contract_and_event() {
    let files = made("invoices-list", "get", "/api/invoices/").unwrap();
    let template = Template::parse(&files["template.yaml"]).unwrap();
    let function = &template.functions["invoices-list"];
    assert_eq!((function.logical_id.as_str(), function.memory_mb), ("InvoicesList", 512));
    let routes = [route("GET", "/api/invoices"), route("HEAD", "/api/invoices")];
    assert_eq!(function.routes, routes);
    assert!(template.functions["not-found"].routes.contains(&route(ANY, "/api/invoices")));
    assert!(files["template.yaml"].contains(
        "
          \"/api/invoices\":
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, uri: !GetAtt NotFoundUri.Value }
          /api/health:
"
    ));

    let text = &files["openapi.yaml"];
    let contract = Contract::parse(text).unwrap();
    assert_eq!(statuses(&contract, "invoices-list"), ["204", "400", "401", "403", "500", "503"]);
    let operation = contract.operation("GET", "/api/invoices/").unwrap();
    assert!(operation.body.is_none() && operation.parameters.is_empty());
    let document: Value = from_yaml(text).unwrap();
    let tag = &document["paths"]["/api/invoices/"]["get"]["tags"][0];
    assert!(document["tags"].as_array().unwrap().iter().any(|it| it["name"] == *tag), "{tag}");
    for path in ["/api/invoices/", "/api/health/"] {
        assert!(text.contains(&format!("}}\n\n  {path}:\n    get:\n")), "{path}");
    }

    let event = &files["events/invoices-list.json"];
    assert_eq!(keys(event), keys(&read("events/doctors-get.json").unwrap()));
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(event["path"], "/api/invoices/");
    assert_eq!(event["requestContext"]["resourcePath"], "/api/invoices");
    assert_eq!((&event["pathParameters"], &event["body"]), (&Value::Null, &Value::Null));
}

#[test]
fn get_with_a_long_name_and_two_variables_is_formatted() {
    let path = "/api/appointments/{appointment_id}/reminders/{id}/";
    let files = made("appointment-reminders-get", "GET", path).unwrap();
    for (file, code) in files.iter().filter(|(file, _)| file.ends_with(".rs")) {
        assert_eq!(formatted(code).unwrap(), *code, "{file}");
    }
    let main = &files["functions/appointment-reminders-get/src/main.rs"];
    assert!(main.contains(
        "`UserId` is a placeholder.
    context.request().path_id::<UserId>(\"appointment_id\", \"appointment\")?;
    context.request().path_id::<UserId>(\"id\", \"item\")?;
    response::no_content()
"
    ));
    let contract = Contract::parse(&files["openapi.yaml"]).unwrap();
    assert_eq!(
        statuses(&contract, "appointment-reminders-get"),
        ["204", "400", "401", "403", "404", "500", "503"]
    );
    let operation = contract.operation("GET", "/api/appointments/1/reminders/2/").unwrap();
    assert_eq!(operation.parameters.len(), 2);
    let event: Value =
        serde_json::from_str(&files["events/appointment-reminders-get.json"]).unwrap();
    assert_eq!(event["path"], "/api/appointments/1/reminders/1/");
    assert_eq!(event["pathParameters"], json!({"appointment_id": "1", "id": "1"}));
}

#[test]
fn post_reads_a_body() {
    let files = made("invoices-create", "POST", "/api/invoices/").unwrap();
    let manifest = &files["functions/invoices-create/Cargo.toml"];
    assert!(manifest.contains("package.name = \"invoices-create\"\n"));
    assert!(manifest.contains("\n[dependencies]\ndeserr.workspace = true\n"));
    let main = &files["functions/invoices-create/src/main.rs"];
    assert!(main.contains("    let Body { note: _note } = context.request().json()?;\n"));
    assert!(files["template.yaml"].contains(
        "
        Post:
          Type: Api
          Properties: { RestApiId: !Ref Api, Method: POST, Path: \"/api/invoices\" }
"
    ));

    let template = Template::parse(&files["template.yaml"]).unwrap();
    let function = &template.functions["invoices-create"];
    assert_eq!(function.memory_mb, 256);
    assert_eq!(function.routes, [route("POST", "/api/invoices")]);

    let contract = Contract::parse(&files["openapi.yaml"]).unwrap();
    let expected = ["204", "400", "401", "403", "413", "415", "500", "503"];
    assert_eq!(statuses(&contract, "invoices-create"), expected);
    let operation = contract.operation("POST", "/api/invoices/").unwrap();
    let body = &operation.body.as_ref().unwrap().content["application/json"];
    let event = &files["events/invoices-create.json"];
    assert_eq!(keys(event), keys(&read("events/doctors-get.json").unwrap()));
    let event: Value = serde_json::from_str(event).unwrap();
    let sent: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    assert_eq!(contract.example(body), Some(&sent));
    assert_eq!(event["headers"]["Content-Type"], "application/json");
    assert_eq!(event["requestContext"]["httpMethod"], "POST");
}

#[test]
fn second_method_of_a_path_joins_its_operations() {
    let files = made("doctors-archive", "POST", "/api/doctors/{id}/").unwrap();
    let of_path = |contract: &Contract| {
        contract.operations().iter().filter(|it| it.path == "/api/doctors/{id}/").count()
    };
    let contract = Contract::parse(&files["openapi.yaml"]).unwrap();
    assert_eq!(of_path(&contract), of_path(&Contract::load().unwrap()) + 1);
    let (new, old) = (Template::parse(&files["template.yaml"]).unwrap(), Template::load().unwrap());
    assert_eq!(new.functions["not-found"].routes, old.functions["not-found"].routes);
}

#[test]
fn path_that_begins_another_path_is_new_to_not_found() {
    let files = made("doctor-list", "GET", "/api/doctor/").unwrap();
    let template = Template::parse(&files["template.yaml"]).unwrap();
    assert!(template.functions["not-found"].routes.contains(&route(ANY, "/api/doctor")));
}

#[test]
fn act_is_added_in_all_places() {
    let files = made("invoices-list", "GET", "/api/invoices/").unwrap();
    let act = &files["shared/src/access/act.rs"];
    assert_eq!(act.matches("InvoicesList").count(), 3);
    assert!(act.contains(&format!("[Self; {}]", Act::ALL.len() + 1)));
    for file in ["shared/src/access/decide.rs", "shared/src/access/decide/tests.rs"] {
        assert_eq!(files[file].matches("Act::InvoicesList").count(), 1, "{file}");
    }
    let operations = &files["tools/bench/src/functions/operations.rs"];
    assert!(operations.contains("\n            \"invoices-list\" => event.by(&caller),\n"));
}

#[test]
fn invalid_and_existing_names_are_refused() {
    for (name, problem) in [
        ("", "a name has"),
        ("invoices", "a name has"),
        ("Invoices-get", "a name has"),
        ("2-invoices", "a name has"),
        ("invoices--get", "a name has"),
        ("invoices-get-", "a name has"),
        ("invoices-gét", "a name has"),
        ("doctors-get", "functions/doctors-get exists already"),
        ("doctors-get-role", "template.yaml: DoctorsGetRole exists already"),
        ("server-errors-alarm", "template.yaml: ServerErrorsAlarm exists already"),
        ("docs-openapi", "openapi.yaml: GET /api/openapi.json (docs-openapi) exists already"),
        ("end-assignment", "shared/src/access/act.rs: EndAssignment exists already"),
    ] {
        let error = made(name, "GET", "/api/invoices/").unwrap_err().to_string();
        assert!(error.contains(problem), "{name}: {error}");
    }
}

#[test]
fn invalid_and_existing_routes_are_refused() {
    for (method, path, problem) in [
        ("ANY", "/api/invoices/", "is not the method"),
        ("GET", "/invoices/", "a path has"),
        ("GET", "/api/invoices", "a path has"),
        ("GET", "/api/", "a path has"),
        ("GET", "/api//invoices/", "a path has"),
        ("GET", "/api/Invoices/", "a path has"),
        ("GET", "/api/invoices/{id/", "a path has"),
        ("GET", "/api/invoices/{}/", "a path has"),
        ("GET", "/api/invoices/{proxy+}/", "a path has"),
        ("GET", "/api/invoices/{id}/lines/{id}/", "two variables have the same name"),
        ("get", "/api/doctors/{id}/", "GET /api/doctors/{id} exists already"),
        ("GET", "/api/doctors/{doctor_id}/invoices/", "{doctor_id} must be named {id}"),
        // NotFound has this route.
        ("DELETE", "/api/doctor/mappings/{patient_id}/remove/", "exists already"),
    ] {
        let error = made("invoices-get", method, path).unwrap_err().to_string();
        assert!(error.contains(problem), "{method} {path}: {error}");
    }
    let endpoint = Endpoint::new("invoices-get", "GET", "/api/doctors/{id}/").unwrap();
    let error = endpoint.contract(&read("openapi.yaml").unwrap()).unwrap_err().to_string();
    assert_eq!(error, "GET /api/doctors/{id}/ (doctors-get) exists already");
}
