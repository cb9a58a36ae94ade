//! The text that `cargo dev` prints when the API is ready.

use std::fmt::{Display, Formatter, Result};
use std::path::Path;

use ops::dynamodb::DynamoDb;
use ops::ui::{GOOD, HEADING, LINK};
use repo::routes::{METHODS, NOT_FOUND, by_path};
use repo::template::Template;

use super::demo::Account;

const REGISTRATION: &str =
    r#"{"username": "ada", "email": "ada@example.com", "password": "six-quiet-lanterns"}"#;

pub struct Summary<'a> {
    /// Ends with a slash.
    pub url: &'a str,
    pub template: &'a Template,
    pub dynamodb: &'a DynamoDb,
    pub log: &'a Path,
    pub outbox: &'a Path,
    /// Empty without `--demo`.
    pub demo: Vec<Account>,
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { url, template, dynamodb, log, outbox, demo } = self;
        writeln!(f, "\n  {GOOD}HealthCare{GOOD:#} is ready at {LINK}{url}{LINK:#}\n")?;
        routes(template, f)?;
        writeln!(f, "\n  {HEADING}Try it{HEADING:#}")?;
        writeln!(f, "    curl {url}api/auth/register/ -H 'Content-Type: application/json' \\")?;
        writeln!(f, "      -d '{REGISTRATION}'\n")?;
        for Account { username, password, owner } in demo {
            writeln!(
                f,
                "  {HEADING}Account{HEADING:#}  {username}, password {password} ({owner})"
            )?;
        }
        writeln!(f, "  {HEADING}Data{HEADING:#}     {dynamodb}")?;
        writeln!(f, "  {HEADING}Log{HEADING:#}      {}", log.display())?;
        writeln!(f, "  {HEADING}Mail{HEADING:#}     {}", outbox.display())?;
        for (name, function) in &template.functions {
            for schedule in &function.schedules {
                writeln!(f, "  {HEADING}Runs{HEADING:#}     {name}, by itself: {schedule}")?;
            }
        }
        writeln!(f, "  {HEADING}Stop{HEADING:#}     Ctrl-C\n")
    }
}

/// Writes one line for each path, and a heading for each collection.
fn routes(template: &Template, f: &mut Formatter<'_>) -> Result {
    let mut previous = "";
    for (path, functions) in by_path(template) {
        let has = |method: &&str| functions.get(method).is_some_and(|it| *it != NOT_FOUND);
        // Every GET has a HEAD.
        let methods = METHODS.into_iter().filter(|method| *method != "HEAD");
        let methods: Vec<_> = methods.filter(has).collect();
        if methods.is_empty() {
            continue;
        }
        let collection = collection(path);
        let heading = if collection == previous { "" } else { collection };
        previous = collection;
        let methods = methods.join(" ");
        let slash = if path.contains('.') { "" } else { "/" };
        writeln!(f, "  {HEADING}{heading:<14}{HEADING:#}{methods:<22}{path}{slash}")?;
    }
    Ok(())
}

/// Returns `doctors` for `/api/doctors/{id}`.
fn collection(path: &str) -> &str {
    let path = path.strip_prefix("/api").unwrap_or(path);
    path.split('/').find(|segment| !segment.is_empty()).unwrap_or(path)
}
