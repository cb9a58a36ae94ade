//! Where functions are put to be measured: tables with a clinic's records, TLS before them, a Runtime API.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use ops::{Failure, Result};
use repo::template::Template;
use secrecy::ExposeSecret;
use serde_json::Value;
use shared::testing::function::{self, Function};
use shared::testing::tls::Tls;
use shared::testing::{World, emulator};
use tempfile::{TempDir, tempdir};
use xtask::stack::NO_LIMITS;

use super::operations::Operations;

/// The certificate of whom functions must trust here.
const AUTHORITY: &str = "authority.pem";

/// The same, after those of everybody whom this machine trusts.
const STORE: &str = "store.pem";

/// Where Lambda's Linux, and others, have theirs.
const STORES: [&str; 3] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"];

/// How much of a function's log to show when something went wrong.
const LAST_LINES: usize = 5;

pub struct TestBed {
    pub world: World,
    pub tls: Tls,
    pub operations: Operations,
    template: Template,
    folder: TempDir,
}

/// How a function comes to its DynamoDB.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// Over TLS, by the certificates that it brings along, and not before somebody asks for something.
    Unprimed,
    /// Over TLS.
    Tls,
    /// At this endpoint, without TLS.
    Plain(&'a str),
}

impl TestBed {
    pub async fn new() -> Result<Self> {
        let world = World::new().await;
        world.catch_up();
        let operations = Operations::prepare(&world).await;
        let tls = Tls::before(&world.endpoint()).await?;
        let folder = tempdir()?;
        fs::write(folder.path().join(AUTHORITY), tls.authority())?;
        fs::write(folder.path().join(STORE), store()? + tls.authority())?;
        fs::create_dir_all(folder.path().join("outbox"))?;
        Ok(Self { world, tls, operations, template: Template::load()?, folder })
    }

    /// An event that costs the function what its events usually cost; `None` if it cannot be called here.
    pub async fn event(&mut self, name: &str) -> Result<Option<Value>> {
        // The tokens are to be fresh, however long it has taken until now.
        self.world.catch_up();
        let event = self.operations.event(&self.world, name).await?;
        Ok(event.map(|event| event.into_json()))
    }

    /// So many events.
    pub async fn events(&mut self, name: &str, count: usize) -> Result<Option<Vec<Value>>> {
        let mut events = Vec::new();
        for _ in 0..count {
            match self.event(name).await? {
                Some(event) => events.push(event),
                None => return Ok(None),
            }
        }
        Ok(Some(events))
    }

    /// Runs the command as this function. What it prints goes into [`TestBed::log`].
    pub async fn start(&self, mut command: Command, name: &str, way: Way<'_>) -> Result<Function> {
        let log = File::create(self.log(name))?;
        command.stdout(log.try_clone()?).stderr(log);
        let started = Function::start(command, name, &self.environment(name, way)).await;
        Ok(started.map_err(|error| format!("{name} does not start: {error}"))?)
    }

    /// Sends events, one after the other, and expects each to succeed.
    pub async fn call(&self, function: &mut Function, name: &str, events: &[Value]) -> Result {
        for event in events {
            self.answer(function, name, event).await?;
        }
        Ok(())
    }

    /// Sends an event, and expects it to succeed; the response that comes of it.
    pub async fn answer(
        &self,
        function: &mut Function,
        name: &str,
        event: &Value,
    ) -> Result<Value> {
        function.api.send(event);
        let reply = function.api.answered().await.map_err(|error| self.failure(name, error))?;
        expect_success(name, &reply.body)?;
        Ok(reply.body)
    }

    /// What is worth knowing when a function did not do as it should.
    pub fn failure(&self, name: &str, problem: impl std::fmt::Display) -> Failure {
        let log = fs::read(self.log(name)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        let last = lines.iter().skip(lines.len().saturating_sub(LAST_LINES));
        let last: String = last.map(|line| format!("\n  {line}")).collect();
        format!("{name}: {problem}; the last lines of its log:{last}").into()
    }

    /// A place for a file.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.file(&format!("{name}.log"))
    }

    fn environment(&self, name: &str, way: Way<'_>) -> BTreeMap<String, String> {
        let endpoint = match way {
            Way::Unprimed | Way::Tls => self.tls.endpoint(),
            Way::Plain(endpoint) => endpoint.to_owned(),
        };
        let mut told = function::environment(&self.template, name, &emulator::settings(endpoint));
        let mut tell =
            |name: &str, value: &str| drop(told.insert(name.to_owned(), value.to_owned()));
        match way {
            // The hook of `shared::runtime` for this measurement.
            Way::Unprimed => tell("PRIMING", "off"),
            Way::Tls => {
                tell("AWS_CA_BUNDLE", &text(&self.file(AUTHORITY)));
                // Where what has default features looks.
                tell("SSL_CERT_FILE", &text(&self.file(STORE)));
            }
            Way::Plain(_) => {}
        }
        for (name, value) in NO_LIMITS {
            tell(name, value);
        }
        let function = self.template.functions.get(name);
        let is_told_of =
            |variable| function.is_some_and(|it| it.environment.contains_key(variable));
        if is_told_of("TOKEN_SECRET") {
            tell("TOKEN_SECRET", self.world.secret.expose_secret());
        } else if is_told_of("TOKEN_SECRET_ARN") {
            tell("TOKEN_SECRET_ARN", "a-secret");
        }
        if is_told_of("MAIL_SENDER") {
            tell("MAIL_OUTBOX", &text(&self.file("outbox")));
        }
        told
    }
}

fn store() -> Result<String> {
    let store = STORES.iter().find_map(|path| fs::read_to_string(path).ok());
    let missing = || format!("this machine has its certificates in none of {}", STORES.join(", "));
    Ok(store.ok_or_else(missing)?)
}

/// What an API's response must be.
pub fn expect_success(name: &str, reply: &Value) -> Result {
    let status = reply.get("statusCode").and_then(Value::as_u64).unwrap_or_default();
    // What it is there to answer.
    let is_success = if name == "not-found" { status == 404 } else { (200..300).contains(&status) };
    if is_success { Ok(()) } else { Err(format!("{name} answered {reply}").into()) }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
