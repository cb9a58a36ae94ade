//! The environment variables of the functions in their containers.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use ops::Result;
use ops::dynamodb::DynamoDb;
use ops::random::random;
use repo::template::Template;
use serde_json::{Map, Value, json};

use crate::docker;
use crate::environment::{environment, from_developer};

/// A limit that tests do not reach, although they all come from one address.
const TRIES: (&str, &str) = ("TRIES_PER_ADDRESS_HOUR", "1000000");

/// Writes the file for `--env-vars`: the template's variables with their values on this machine. sam ignores variables
/// that the template does not name.
pub fn write(path: &Path, template: &Template, dynamodb: &DynamoDb, host: &docker::Host) -> Result {
    let variables = variables(template, dynamodb, host, random()?);
    let cannot = |error| format!("cannot write {}: {error}", path.display());
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).map_err(cannot)?;
    let text = json!({ "Parameters": variables }).to_string();
    Ok(file.write_all(text.as_bytes()).map_err(cannot)?)
}

fn variables(
    template: &Template,
    dynamodb: &DynamoDb,
    host: &docker::Host,
    token_secret: String,
) -> Map<String, Value> {
    let (tries, many) = TRIES;
    let many = from_developer(tries).unwrap_or_else(|| many.into());
    let variables = environment(template, dynamodb, token_secret, None);
    let mut variables: Map<_, _> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name, text(value?))))
        .chain([(tries.to_owned(), text(many))])
        .collect();
    if let Some((_, port)) = dynamodb.endpoint().and_then(|it| it.rsplit_once(':')) {
        let endpoint = format!("http://{}:{port}", host.name);
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), Value::String(endpoint));
    }
    variables
}

fn text(value: OsString) -> Value {
    Value::String(value.to_string_lossy().into_owned())
}

/// Sets the credentials of sam, which passes them to the functions: made-up ones, even if the developer has others.
pub fn credentials(sam: &mut Command, dynamodb: &DynamoDb) {
    sam.env_remove("AWS_PROFILE");
    for (name, value) in dynamodb.environment() {
        match value {
            Some(value) => sam.env(name, value),
            None => sam.env_remove(name),
        };
    }
    // sam's own clients read this variable.
    sam.env("AWS_DEFAULT_REGION", &dynamodb.settings().aws.region);
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn containers_get_the_address_of_dynamodb() {
        let template = Template::load().unwrap();
        let dynamodb = DynamoDb::at("http://127.0.0.1:4321").unwrap();
        let address = Ipv4Addr::LOCALHOST.into();
        let host = docker::Host { address, name: "host.docker.internal".to_owned() };
        let variables = variables(&template, &dynamodb, &host, "a secret".to_owned());
        assert_eq!(variables["AWS_ENDPOINT_URL_DYNAMODB"], "http://host.docker.internal:4321");
        assert_eq!(variables["TOKEN_SECRET"], "a secret");
        assert_eq!(variables["TABLE_NAME"], "healthcare");
        assert_eq!(variables["TRIES_PER_ADDRESS_HOUR"], "1000000");
        assert!(!variables.contains_key("MAIL_OUTBOX"));
        assert!(variables.values().all(Value::is_string));
    }
}
