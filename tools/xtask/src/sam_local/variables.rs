//! What the functions are told in their containers.

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
use crate::environment::{environment, said};

/// All tests come from one address.
const TRIES: (&str, &str) = ("TRIES_PER_ADDRESS_HOUR", "1000000");

/// Writes the file of `--env-vars`: whatever the template tells them, as it is here. Of variables that the template
/// does not name, sam tells them nothing.
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
    let many = said(tries).unwrap_or_else(|| many.into());
    let told = environment(template, dynamodb, token_secret, None);
    let mut told: Map<_, _> = told
        .into_iter()
        .filter_map(|(name, value)| Some((name, text(value?))))
        .chain([(tries.to_owned(), text(many))])
        .collect();
    if let Some((_, port)) = dynamodb.endpoint().and_then(|it| it.rsplit_once(':')) {
        let endpoint = format!("http://{}:{port}", host.name);
        told.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), Value::String(endpoint));
    }
    told
}

fn text(value: OsString) -> Value {
    Value::String(value.to_string_lossy().into_owned())
}

/// sam hands its own credentials on to the functions: those of nobody, whatever the developer's are.
pub fn credentials(sam: &mut Command, dynamodb: &DynamoDb) {
    sam.env_remove("AWS_PROFILE");
    for (name, value) in dynamodb.environment() {
        match value {
            Some(value) => sam.env(name, value),
            None => sam.env_remove(name),
        };
    }
    // What sam's own clients go by.
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
        let told = variables(&template, &dynamodb, &host, "a secret".to_owned());
        assert_eq!(told["AWS_ENDPOINT_URL_DYNAMODB"], "http://host.docker.internal:4321");
        assert_eq!(told["TOKEN_SECRET"], "a secret");
        assert_eq!(told["TABLE_NAME"], "healthcare");
        assert_eq!(told["TRIES_PER_ADDRESS_HOUR"], "1000000");
        assert!(!told.contains_key("MAIL_OUTBOX"));
        assert!(told.values().all(Value::is_string));
    }
}
