//! `cargo xtask new-endpoint`: creates all files of an endpoint, as a protected endpoint that answers 204.
//!
//! Its event and its part of template.yaml are those of another endpoint, renamed, so that they have the form of the
//! others.

mod access;
mod contract;
mod template;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use ops::{Result, ui};
use repo::root::repository;

#[cfg(test)]
mod tests;

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

/// The body that the handler of a POST, PUT or PATCH reads.
const BODY: &str = "
#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Body {
    note: String,
}
";

pub fn run(Options { name, method, path }: &Options) -> Result {
    // Everything is made before anything is written.
    for (file, text) in Endpoint::new(name, method, path)?.files()? {
        let target = repository().join(&file);
        fs::create_dir_all(target.parent().unwrap_or(Path::new(".")))
            .and_then(|()| fs::write(&target, text))
            .map_err(|error| format!("cannot write {file}: {error}"))?;
        ui::status("Wrote", &file);
    }
    for step in [
        &format!("fill in the placeholders: \"Say here\" in functions/{name} and openapi.yaml"),
        "cargo xtask generate --calls",
        &format!("cargo benchmark functions --save --only calls --functions {name}"),
        "cargo test",
        "cargo test -p repo -p ops -p xtask -p bench",
    ] {
        ui::status("Next", step);
    }
    Ok(())
}

impl Endpoint {
    fn new(name: &str, method: &str, path: &str) -> Result<Self> {
        let is_word = |word: &str| is_made_of(word, |c| matches!(c, 'a'..='z' | '0'..='9'));
        let begins_with_letter = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins_with_letter || !name.contains('-') || !name.split('-').all(is_word) {
            return Err(format!("{name}: a name has two or more words: invoices-get").into());
        }
        let method = method.to_uppercase();
        if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
            return Err(format!("{method} is not the method of an endpoint").into());
        }
        let is_segment = |segment: &str| match variable(segment) {
            Some(name) => is_made_of(name, |c| matches!(c, 'a'..='z' | '_')),
            None => is_made_of(segment, |c| matches!(c, 'a'..='z' | '0'..='9' | '-')),
        };
        let segments = path.strip_prefix("/api/").and_then(|rest| rest.strip_suffix('/'));
        if !segments.is_some_and(|segments| segments.split('/').all(is_segment)) {
            return Err(format!("{path}: a path has the form /api/invoices/{{id}}/").into());
        }
        let path = path.trim_end_matches('/').to_owned();
        let endpoint = Self { name: name.to_owned(), method, path };
        let variables = endpoint.variables();
        if variables.iter().collect::<BTreeSet<_>>().len() < variables.len() {
            return Err(format!("{}: two variables have the same name", endpoint.path).into());
        }
        Ok(endpoint)
    }

    /// Makes all files from those of the repository.
    fn files(&self) -> Result<Vec<Written>> {
        let folder = format!("functions/{}", self.name);
        if repository().join(&folder).exists() {
            return Err(format!("{folder} exists already").into());
        }
        let changed = |file: &str, change: fn(&Self, &str) -> Result<String>| -> Result<Written> {
            let text =
                change(self, &read(file)?).map_err(|problem| format!("{file}: {problem}"))?;
            Ok((file.to_owned(), text))
        };
        let mut files = vec![
            changed("template.yaml", Self::template)?,
            changed("openapi.yaml", Self::contract)?,
            changed("shared/src/access/act.rs", Self::act)?,
            changed("shared/src/access/decide.rs", Self::decision)?,
            changed("shared/src/access/decide/tests.rs", Self::rule)?,
            changed("tools/bench/src/functions/operations.rs", Self::benchmark)?,
            (format!("{folder}/Cargo.toml"), self.manifest()?),
            (format!("{folder}/src/main.rs"), self.main()),
            (format!("{folder}/src/tests.rs"), self.tests()),
            (format!("events/{}.json", self.name), self.event()?),
        ];
        for (file, code) in &mut files {
            if file.ends_with(".rs") {
                *code = formatted(code)?;
            }
        }
        Ok(files)
    }

    /// Returns `InvoicesGet` for `invoices-get`.
    fn camel_case(&self) -> String {
        self.name.split('-').map(capitalized).collect()
    }

    /// Returns the names of the path's variables.
    fn variables(&self) -> Vec<&str> {
        self.path.split('/').filter_map(variable).collect()
    }

    fn has_body(&self) -> bool {
        ["POST", "PUT", "PATCH"].contains(&self.method.as_str())
    }

    fn manifest(&self) -> Result<String> {
        let pattern = if self.has_body() { "auth-password" } else { "doctors-get" };
        replaced(&read(&format!("functions/{pattern}/Cargo.toml"))?, &[(pattern, &self.name)])
    }

    fn main(&self) -> String {
        let (action, handler) = (self.camel_case(), self.name.replace('-', "_"));
        let (mut imports, mut body, mut input) = (String::new(), "", String::new());
        if !self.variables().is_empty() {
            imports.push_str("use shared::model::id::UserId;\n");
            input.push_str("// Say here what each id names: `UserId` is a placeholder.\n");
        }
        for variable in self.variables() {
            let kind = variable.strip_suffix("_id").unwrap_or("item").replace('_', " ");
            input.push_str(&format!(
                "context.request().path_id::<UserId>({variable:?}, {kind:?})?;\n"
            ));
        }
        if self.has_body() {
            imports.push_str("use deserr::Deserr;\nuse shared::model::field::FieldErrors;\n");
            input.push_str("let Body { note: _note } = context.request().json()?;\n");
            body = BODY;
        }
        let context = if input.is_empty() { "_context" } else { "context" };
        format!(
            "//! {} {}/ — Say here what it does.

use std::process::ExitCode;

{imports}use shared::access::{{Act, Action}};
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
{body}
fn main() -> ExitCode {{
    serve({handler})
}}

async fn {handler}({context}: Context, _by: Granted<{action}>) -> ApiResult {{
    {input}response::no_content()
}}
",
            self.method, self.path
        )
    }

    fn tests(&self) -> String {
        let (name, handler) = (&self.name, self.name.replace('-', "_"));
        format!(
            "use shared::model::user::Role;
use shared::testing::{{Event, Handler, World, checks, protected, run}};

use super::{handler};

fn handler() -> impl Handler {{
    protected({handler})
}}

fn event() -> Event {{
    Event::of(\"{name}\")
}}

#[test]
fn answers_204() {{
    run(async |world: World| {{
        let staff = world.actor(Role::Staff).await;
        world.call(handler(), event().by(&staff)).await.expect(204);
    }});
}}

#[test]
fn only_staff_may() {{
    checks::only_staff_may(handler(), event());
}}

#[test]
fn survives_a_dynamodb_that_fails() {{
    checks::survives_faults_at_work(handler(), event(), false);
}}

#[test]
fn its_policy_grants_nothing_else() {{
    checks::policy_grants_nothing_else(\"{name}\", &[]);
}}
"
        )
    }

    /// Returns the event of `doctors-get` or `doctors-update`, with another method, path and body.
    fn event(&self) -> Result<String> {
        let variables = self.variables();
        let path = variables.iter().fold(format!("{}/", self.path), |path, name| {
            path.replace(&format!("{{{name}}}"), "1")
        });
        let members: Vec<_> = variables.iter().map(|it| format!("    \"{it}\": \"1\"")).collect();
        let members = format!("{{\n{}\n  }}", members.join(",\n"));
        let parameters = if variables.is_empty() { "null" } else { &members };
        let method = format!("\"{}\"", self.method);
        let event = if self.has_body() {
            let body = (r#"{\"specialization\":\"Cardiology\"}"#, r#"{\"note\":\"A note\"}"#);
            replaced(&read("events/doctors-update.json")?, &[("\"PATCH\"", &method), body])?
        } else {
            replaced(&read("events/doctors-get.json")?, &[("\"GET\"", &method)])?
        };
        let id = "{\n    \"id\": \"1\"\n  }";
        let resource = ("/api/doctors/{id}", self.path.as_str());
        replaced(&event, &[("/api/doctors/1/", &path), resource, (id, parameters)])
    }

    /// Calls it in the benchmark as a member of staff.
    fn benchmark(&self, text: &str) -> Result<String> {
        let arm = format!("\n            \"{}\" => event.by(&caller),\n", self.name);
        insert_before(text, "\n            _ => {\n", &arm)
    }
}

/// Returns `id` for the segment `{id}` of a path.
fn variable(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn is_made_of(text: &str, is_permitted: fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(is_permitted)
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}

fn read(file: &str) -> Result<String> {
    fs::read_to_string(repository().join(file)).map_err(|error| format!("{file}: {error}").into())
}

fn find(text: &str, place: &str) -> Result<usize> {
    text.find(place).ok_or_else(|| format!("{:?} is missing", place.trim()).into())
}

/// Inserts text before the first occurrence of a place.
fn insert_before(text: &str, place: &str, inserted: &str) -> Result<String> {
    let (before, after) = text.split_at(find(text, place)?);
    Ok(format!("{before}{inserted}{after}"))
}

/// Replaces the first text of each pair, which must occur, by the second.
fn replaced(text: &str, pairs: &[(&str, &str)]) -> Result<String> {
    let mut text = text.to_owned();
    for (old, new) in pairs {
        find(&text, old)?;
        text = text.replace(old, new);
    }
    Ok(text)
}

/// Returns Rust code as `cargo fmt` formats it.
fn formatted(code: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(repository())
        .current_dir(repository())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start rustfmt: {error}"))?;
    if let Some(mut stdin) = rustfmt.stdin.take() {
        stdin.write_all(code.as_bytes())?;
    }
    let output = rustfmt.wait_with_output()?;
    if !output.status.success() {
        return Err("rustfmt refuses the new code; its errors are above".into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
