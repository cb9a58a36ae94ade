use super::*;

const CONTRACT: &str = r##"
openapi: 3.1.0
paths:
  /mappings/{id}/:
    summary: The doctors of a patient
    parameters:
      - $ref: "#/components/parameters/Id"
    get:
      operationId: mappings-doctors
      x-role: signed-in
      security: [{ bearer: [] }]
      parameters:
        - { name: limit, in: query, description: How many, schema: { type: integer, default: 50 } }
      responses:
        "200":
          content: { application/json: { schema: { $ref: "#/components/schemas/Page" } } }
        "401": { $ref: "#/components/responses/Unauthorized" }
  /mappings/{id}/{doctor_id}/:
    delete:
      operationId: mappings-remove-delete
      x-function: mappings-remove
      responses: { "204": {} }
  /mappings/{id}/remove/:
    post:
      operationId: mappings-remove
      x-role: active
      requestBody:
        content:
          application/json:
            examples: { one: { $ref: "#/components/examples/Removal" } }
      responses: { "200": {} }
components:
  examples:
    Removal: { value: { doctor_id: 7 } }
  parameters:
    Id: { name: id, in: path, schema: { $ref: "#/components/schemas/Id" } }
  responses:
    Unauthorized:
      headers: { WWW-Authenticate: { $ref: "#/components/headers/Challenge" } }
  headers:
    Challenge: { required: true }
  schemas:
    Id: { type: integer, examples: [3] }
    Page: { properties: { id: { $ref: "#/components/schemas/Id" } } }
"##;

fn contract() -> Contract {
    Contract::parse(CONTRACT).unwrap()
}

#[test]
fn roles_and_responses_of_operations_are_read() {
    let contract = contract();
    let operation = contract.operation("GET", "/mappings/1/").unwrap();
    assert_eq!(operation.id, "mappings-doctors");
    assert_eq!(operation.function(), "mappings-doctors");
    assert_eq!(operation.name(), "GET /mappings/{id}/");
    assert_eq!(operation.who, Some(Who::SignedIn));
    assert_eq!(operation.security.as_ref().unwrap().len(), 1);
    assert!(operation.responses["401"].headers["WWW-Authenticate"].required);
    let schema = &operation.responses["200"].content["application/json"].schema;
    assert_eq!(*schema, json!({"$ref": "#/components/schemas/Page"}));

    let removal = contract.operation("DELETE", "/mappings/1/2").unwrap();
    assert_eq!(removal.function(), "mappings-remove");
    assert_eq!(removal.who, None);
    let who = contract.operation("POST", "/mappings/1/remove/").unwrap().who;
    assert_eq!(who, Some(Who::Active));
    assert!(removal.security.is_none());
}

#[test]
fn request_matches_one_operation_or_none() {
    let contract = contract();
    let id = |method, path| Some(contract.operation(method, path)?.id.as_str());
    assert_eq!(id("GET", "/mappings/1"), Some("mappings-doctors"));
    assert_eq!(id("GET", "/mappings/1/?limit=2"), Some("mappings-doctors"));
    assert_eq!(id("POST", "/mappings/1/remove/"), Some("mappings-remove"));
    assert_eq!(id("DELETE", "/mappings/1/remove"), None);
    assert_eq!(id("DELETE", "/mappings/1/2/"), Some("mappings-remove-delete"));
    for path in ["/", "/mappings/", "/mappings//", "/mappings/1//", "/mappings/1/2/3/"] {
        assert_eq!(id("GET", path), None, "{path}");
    }
}

#[test]
fn example_comes_from_the_content_or_the_schema_or_the_default() {
    let contract = contract();
    let removal = contract.operation("POST", "/mappings/1/remove/").unwrap();
    let body = &removal.body.as_ref().unwrap().content["application/json"];
    assert_eq!(contract.example(body), Some(&json!({"doctor_id": 7})));
    let doctors = contract.operation("GET", "/mappings/1/").unwrap();
    let [limit, id] = doctors.parameters.as_slice() else { panic!("two parameters") };
    assert_eq!((id.name.as_str(), id.place.as_str()), ("id", "path"));
    assert_eq!(contract.example(&id.content), Some(&json!(3)));
    assert_eq!(contract.example(&limit.content), Some(&json!(50)));
}

#[test]
fn standalone_schema_contains_its_references() {
    let schema = contract().standalone(&json!({"$ref": "#/components/schemas/Page"}));
    assert!(dangling(&schema, &schema).is_none());
}

#[test]
fn invalid_part_is_named() {
    let error = |text: &str| Contract::parse(text).unwrap_err().to_string();
    assert_eq!(
        error(&CONTRACT.replace("schemas/Id\" } }", "schemas/Ids\" } }")),
        "openapi.yaml: #/components/schemas/Ids does not exist"
    );
    assert_eq!(
        error(&CONTRACT.replace("x-role: signed-in", "x-role: everybody")),
        "openapi.yaml: GET /mappings/{id}/ is not valid"
    );
}

#[test]
fn contract_of_this_repository_is_read() {
    let contract = Contract::load().unwrap();
    assert!(contract.operation("POST", "/api/auth/login").is_some());
}
