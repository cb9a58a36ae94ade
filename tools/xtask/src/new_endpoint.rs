//! `cargo xtask new-endpoint`: creates all files of an endpoint, as a protected endpoint that answers 204.
//!
//! Its part of template.yaml is the part of `doctors-get`, renamed, so that it always has the form of the others.

use std::fs;
use std::path::Path;

use ops::{Result, ui};
use repo::template::repository;
use serde_json::{Map, Value, json};

#[cfg(test)]
mod tests;

/// The endpoint whose files are the pattern.
const PATTERN: &str = "doctors-get";
const PATTERN_ROUTE: &str = r#"Method: GET, Path: "/api/doctors/{id}""#;

#[derive(clap::Args)]
pub struct Options {
    /// The name of folder, package, binary, operation and event, such as invoices-get
    name: String,

    /// The HTTP method
    #[arg(long, default_value = "GET")]
    method: String,

    /// The path with its final slash, such as /api/invoices/{id}/
    #[arg(long)]
    path: String,
}

/// An endpoint that does not exist yet.
struct Endpoint {
    name: String,
    /// In capitals.
    method: String,
    /// Without the final slash.
    path: String,
}

/// A file of the repository, and its new text.
type Written = (String, String);

pub fn run(Options { name, method, path }: &Options) -> Result {
    let endpoint = Endpoint::new(name, method, path)?;
    if repository().join("functions").join(name).exists() {
        return Err(format!("functions/{name} exists already").into());
    }
    // Everything is made before anything is written.
    let written = endpoint.files(&|file| Ok(fs::read_to_string(repository().join(file))?))?;
    for (file, text) in written {
        let target = repository().join(&file);
        fs::create_dir_all(target.parent().unwrap_or(Path::new(".")))
            .and_then(|()| fs::write(&target, text))
            .map_err(|error| format!("cannot write {file}: {error}"))?;
        ui::status("Wrote", &file);
    }
    ui::status(
        "Next",
        "cargo xtask generate --calls, then cargo test: it names everything that is missing",
    );
    Ok(())
}

impl Endpoint {
    fn new(name: &str, method: &str, path: &str) -> Result<Self> {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty()
            || !name.starts_with(|c: char| c.is_ascii_lowercase())
            || !name.chars().all(is_name)
        {
            return Err(format!("{name}: a name has lower case letters, digits and hyphens").into());
        }
        let method = method.to_uppercase();
        if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
            return Err(format!("{method} is not the method of an endpoint").into());
        }
        if !path.starts_with("/api/") || !path.ends_with('/') || path.contains("//") {
            return Err(format!("{path}: a path begins with /api/ and ends with a slash").into());
        }
        Ok(Self { name: name.to_owned(), method, path: path.trim_end_matches('/').to_owned() })
    }

    /// Makes all files, from the files that `read` returns.
    fn files(&self, read: &dyn Fn(&str) -> Result<String>) -> Result<Vec<Written>> {
        let changed = |file: &str, change: &dyn Fn(&str) -> Result<String>| -> Result<Written> {
            let text = change(&read(file)?).map_err(|problem| format!("{file}: {problem}"))?;
            Ok((file.to_owned(), text))
        };
        let folder = format!("functions/{}", self.name);
        let manifest = read(&format!("functions/{PATTERN}/Cargo.toml"))?;
        Ok(vec![
            (format!("{folder}/Cargo.toml"), manifest.replace(PATTERN, &self.name)),
            (format!("{folder}/src/main.rs"), self.main()),
            (format!("{folder}/src/tests.rs"), self.tests()),
            (
                format!("events/{}.json", self.name),
                self.event(&read(&format!("events/{PATTERN}.json"))?)?,
            ),
            changed("template.yaml", &|text| self.template(text))?,
            changed("openapi.yaml", &|text| self.contract(text))?,
            changed("shared/src/access/act.rs", &|text| self.act(text))?,
            changed("shared/src/access/decide.rs", &|text| self.decision(text))?,
            changed("tools/bench/src/functions/operations.rs", &|text| self.operation(text))?,
        ])
    }

    /// `InvoicesGet` of `invoices-get`.
    fn camel_case(&self) -> String {
        camel_case(&self.name)
    }

    fn main(&self) -> String {
        let (action, handler) = (self.camel_case(), self.name.replace('-', "_"));
        let Self { method, path, .. } = self;
        format!(
            "//! {method} {path}/ — say here what it does.

use std::process::ExitCode;

use shared::access::{{Act, Action}};
use shared::store::Nothing;
use shared::{{ApiResult, Context, Granted, response, serve}};

#[cfg(test)]
mod tests;

/// Say here what it does. An action that reads or changes items belongs to `shared/src/store`, beside them.
#[derive(Debug)]
enum {action} {{}}

impl Action for {action} {{
    const ID: Act = Act::{action};
    type Target = Nothing;
}}

fn main() -> ExitCode {{
    serve({handler})
}}

async fn {handler}(_context: Context, _by: Granted<{action}>) -> ApiResult {{
    response::no_content()
}}
"
        )
    }

    fn tests(&self) -> String {
        let (name, handler) = (&self.name, self.name.replace('-', "_"));
        format!(
            "use shared::model::user::Role;
use shared::testing::{{Event, World, checks, protected, run}};

use super::{handler};

#[test]
fn answers_204() {{
    run(async |world: World| {{
        let staff = world.actor(Role::Staff).await;
        let event = Event::of(\"{name}\").by(&staff);
        world.call(protected({handler}), event).await.expect(204);
    }});
}}

#[test]
fn only_staff_may() {{
    checks::only_staff_may(protected({handler}), Event::of(\"{name}\"));
}}

#[test]
fn survives_a_dynamodb_that_fails() {{
    checks::survives_faults_at_work(protected({handler}), Event::of(\"{name}\"), false);
}}

#[test]
fn its_policy_grants_nothing_else() {{
    checks::policy_grants_nothing_else(&[]);
}}
"
        )
    }

    /// The names of the path's variables.
    fn variables(&self) -> Vec<&str> {
        let segments = self.path.split('/');
        segments.filter_map(|it| it.strip_prefix('{')?.strip_suffix('}')).collect()
    }

    fn event(&self, pattern: &str) -> Result<String> {
        let mut event: Map<String, Value> = serde_json::from_str(pattern)?;
        let variables = self.variables();
        let called = variables.iter().fold(format!("{}/", self.path), |path, name| {
            path.replace(&format!("{{{name}}}"), "1")
        });
        let parameters: Map<String, Value> =
            variables.iter().map(|name| ((*name).to_owned(), json!("1"))).collect();
        let set = |object: &mut Map<String, Value>, name: &str, value: Value| {
            object.insert(name.to_owned(), value);
        };
        set(&mut event, "resource", json!(self.path));
        set(&mut event, "path", json!(called));
        set(&mut event, "httpMethod", json!(self.method));
        let parameters = if parameters.is_empty() { Value::Null } else { parameters.into() };
        set(&mut event, "pathParameters", parameters);
        if let Some(context) = event.get_mut("requestContext").and_then(Value::as_object_mut) {
            set(context, "path", json!(called));
            set(context, "resourcePath", json!(self.path));
            set(context, "httpMethod", json!(self.method));
        }
        Ok(serde_json::to_string_pretty(&event)? + "\n")
    }

    /// Adds the function with its role and policy before `Health`, and its path to those of `NotFound`.
    fn template(&self, text: &str) -> Result<String> {
        let (pattern, name) = (camel_case(PATTERN), self.camel_case());
        let start = find(text, &format!("\n  {pattern}:\n"))? + 1;
        let rest = text.get(start..).unwrap_or_default();
        let end = find(rest, "\n\n  DoctorsUpdate:\n")?;
        let part = rest.get(..end).unwrap_or_default();
        let route = format!("Method: {}, Path: \"{}\"", self.method, self.path);
        let part = part
            .replace(PATTERN_ROUTE, &route)
            .replace("[DOCTOR#*, USER#*]", "[USER#*]")
            .replace(&pattern, &name)
            .replace(PATTERN, &self.name);
        let mut text = insert_before(text, "\n  Health:\n", &format!("\n{part}\n"))?;
        let is_known = text.contains(&format!("any-method, Path: {}", self.path))
            || text.contains(&format!("any-method, Path: \"{}\"", self.path));
        if !is_known {
            let event = format!(
                "        {name}:\n          Type: Api\n          Properties: {{ RestApiId: !Ref Api, Method: \
                x-amazon-apigateway-any-method, Path: \"{}\" }}\n",
                self.path
            );
            text =
                insert_before(&text, "\n\n  NotFoundRole:\n", &format!("\n{}", event.trim_end()))?;
        }
        Ok(text)
    }

    /// Adds the operation: to its path if the contract has that, and otherwise with its path before that of `health`.
    fn contract(&self, text: &str) -> Result<String> {
        let Self { name, method, path } = self;
        let mut operation = format!(
            "    {}:
      operationId: {name}
      x-role: staff
      tags: [Health]
      summary: Say here what it does
      description: Say here what it returns.
      security: [{{ bearer: [] }}]
",
            method.to_lowercase()
        );
        let variables = self.variables();
        if !variables.is_empty() {
            operation.push_str("      parameters:\n");
        }
        for variable in &variables {
            operation.push_str(&format!(
                "        - {{ name: {variable}, in: path, required: true, example: 7, schema: \
                {{ $ref: \"#/components/schemas/Id\" }} }}\n"
            ));
        }
        operation.push_str("      responses:\n        \"204\": { description: Done }\n");
        let not_found = if variables.is_empty() { None } else { Some(("404", "NotFound")) };
        let refusals = [("401", "Unauthorized"), ("403", "PermissionDenied")];
        let faults = [("500", "InternalError"), ("503", "Unavailable")];
        for (status, response) in refusals.into_iter().chain(not_found).chain(faults) {
            let reference = format!("$ref: \"#/components/responses/{response}\"");
            operation.push_str(&format!("        \"{status}\": {{ {reference} }}\n"));
        }
        match text.split_once(&format!("\n  {path}/:\n")) {
            Some((before, after)) => Ok(format!("{before}\n  {path}/:\n{operation}{after}")),
            None => insert_before(
                text,
                "\n  /api/health/:\n",
                &format!("\n  {path}/:\n{}", operation.trim_end()),
            ),
        }
    }

    /// Adds the act.
    fn act(&self, text: &str) -> Result<String> {
        let name = self.camel_case();
        let text = insert_before(text, "\n}\n\nimpl Act {", &format!("\n    {name},"))?;
        let text = insert_before(&text, "\n    ];\n", &format!("\n        Self::{name},"))?;
        let function = format!("\n            Self::{name} => \"{}\",", self.name);
        let text = insert_before(&text, "\n        }\n    }\n", &function)?;
        let (before, rest) = text.split_once("[Self; ").ok_or("the list of all acts is missing")?;
        let (count, rest) = rest.split_once(']').ok_or("the number of acts is missing")?;
        let count: usize = count.parse()?;
        Ok(format!("{before}[Self; {}]{rest}", count + 1))
    }

    /// Permits the act to staff and administrators.
    fn decision(&self, text: &str) -> Result<String> {
        let last = "\n        | Act::ListPatientsOfDoctor";
        let place = find(text, last)?;
        let (before, after) = text.split_at(place);
        let new = format!("\n        | Act::{}", self.camel_case());
        Ok(format!("{before}{new}{after}"))
    }

    /// Calls it in the benchmark as a member of staff.
    fn operation(&self, text: &str) -> Result<String> {
        let mut event = "event.by(&caller)".to_owned();
        for variable in self.variables() {
            event.push_str(&format!(".path_parameter(\"{variable}\", 1)"));
        }
        let arm = format!("\n            \"{}\" => {event},\n", self.name);
        insert_before(text, "\n            _ => {\n", &arm)
    }
}

fn camel_case(name: &str) -> String {
    let capitalize = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('-').map(capitalize).collect()
}

fn find(text: &str, place: &str) -> Result<usize> {
    text.find(place).ok_or_else(|| format!("{:?} is missing", place.trim()).into())
}

/// Inserts text before the first occurrence of a place.
fn insert_before(text: &str, place: &str, inserted: &str) -> Result<String> {
    let (before, after) = text.split_at(find(text, place)?);
    Ok(format!("{before}{inserted}{after}"))
}
