//! Runs a function's own binary as Lambda does.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use repo::template::{AUDIT_TABLE_NAME, KEYS_TABLE_NAME, TABLE_NAME, Template};
use secrecy::{ExposeSecret, SecretString};

use super::runtime_api::RuntimeApi;
use super::settings::NO_LIMITS;
use crate::config::DynamoDb;

/// The process of a function and its Runtime API. The process ends when this is dropped, if not before.
#[derive(Debug)]
pub struct Function {
    pub api: RuntimeApi,
    /// The moment before the process was started.
    pub started: Instant,
    process: Child,
}

impl Function {
    /// Starts a command. Its environment contains only the variables of Lambda and those in `environment`. The command
    /// defines where its output goes.
    ///
    /// # Errors
    /// The program does not exist, or no port of 127.0.0.1 is free.
    #[allow(clippy::disallowed_methods, reason = "measures elapsed time")]
    pub async fn start(
        mut command: Command,
        name: &str,
        environment: &BTreeMap<String, String>,
    ) -> io::Result<Self> {
        let api = RuntimeApi::start().await?;
        command
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", api.address().as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", name),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "functions"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", name),
            ])
            .envs(environment)
            .stdin(Stdio::null());
        let started = Instant::now();
        let process = command.spawn()?;
        Ok(Self { api, started, process })
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the end of a process that has received a signal to end.
    ///
    /// # Errors
    /// The system cannot wait for the process.
    pub fn wait(mut self) -> io::Result<()> {
        self.process.wait().map(drop)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // Fails if the process has already ended, which is fine.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the environment of a function: the template's defaults, the names of the tables, and the settings of
/// `dynamodb`.
pub fn environment(
    template: &Template,
    name: &str,
    dynamodb: &DynamoDb,
) -> BTreeMap<String, String> {
    let defaults = template.functions.get(name).map(|function| &function.environment);
    let mut environment: BTreeMap<_, _> = defaults
        .into_iter()
        .flatten()
        .filter_map(|(name, default)| Some((name.clone(), default.clone()?)))
        .collect();
    let DynamoDb { aws, endpoint } = dynamodb;
    let local = [
        ("TABLE_NAME", TABLE_NAME),
        ("KEYS_TABLE_NAME", KEYS_TABLE_NAME),
        ("AUDIT_TABLE_NAME", AUDIT_TABLE_NAME),
        ("AUDIT_ADDRESS_KEY", "a key of a test"),
        ("AWS_REGION", &aws.region),
        ("AWS_ACCESS_KEY_ID", &aws.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", aws.secret_access_key.expose_secret()),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_deref().unwrap_or_default()),
    ];
    environment.extend(local.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment
}

/// As [`environment`], for a function that calls nothing but DynamoDB: with this token secret, with a folder that
/// receives the mail, and without the limits that other tests need not reach.
pub fn local_environment(
    template: &Template,
    name: &str,
    dynamodb: &DynamoDb,
    token_secret: &SecretString,
    outbox: &Path,
) -> BTreeMap<String, String> {
    let mut environment = environment(template, name, dynamodb);
    let mut set =
        |name: &str, value: &str| drop(environment.insert(name.to_owned(), value.to_owned()));
    for (name, value) in NO_LIMITS {
        set(name, value);
    }
    let function = template.functions.get(name);
    let has = |variable| function.is_some_and(|it| it.environment.contains_key(variable));
    if has("TOKEN_SECRET") {
        set("TOKEN_SECRET", token_secret.expose_secret());
    } else if has("TOKEN_SECRET_ARN") {
        set("TOKEN_SECRET_ARN", "a-secret");
    }
    if has("MAIL_SENDER") {
        set("MAIL_OUTBOX", &outbox.to_string_lossy());
    }
    if has("AUDIT_BUCKET") {
        set("AUDIT_FOLDER", &outbox.join("archive").to_string_lossy());
    }
    environment
}
