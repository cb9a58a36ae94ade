//! The environment in which functions are measured: tables with a clinic's records behind TLS, and a Runtime API.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use ops::{Failure, Result};
use repo::template::Template;
use serde_json::Value;
use shared::model::user::Role;
use shared::testing::function::{self, Function};
use shared::testing::tls::Tls;
use shared::testing::{Actor, Event, World, emulator};
use tempfile::{TempDir, tempdir};

use super::operations::Operations;

/// The file with the certificate of the authority that functions must trust in this environment.
const AUTHORITY: &str = "authority.pem";

/// The file with all certificates that this machine trusts, and with that one.
const TRUSTED: &str = "trusted.pem";

/// The files with a machine's trusted certificates, on Lambda's Linux and on other systems.
const TRUSTED_BY_SYSTEM: [&str; 3] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"];

/// The folder that receives the mail.
const OUTBOX: &str = "outbox";

/// The number of log lines that an error shows.
const LAST_LINES: usize = 5;

pub struct TestBed {
    pub world: World,
    pub tls: Tls,
    pub operations: Operations,
    template: Template,
    folder: TempDir,
    /// The number of accounts that [`TestBed::actor`] has made.
    accounts: u32,
}

/// How a function connects to DynamoDB.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// Over TLS, with its built-in certificates, and not before the first request.
    Unprimed,
    /// Over TLS, at its start.
    Tls,
    /// Without TLS, at this endpoint.
    Plain(&'a str),
}

impl TestBed {
    pub async fn new() -> Result<Self> {
        let world = World::new().await;
        let dynamodb = world.endpoint();
        // Boxed: the compiler limits how deep futures nest.
        Box::pin(Self::of(world, &dynamodb)).await
    }

    /// Returns an environment of this world. Functions with [`Way::Tls`] reach its DynamoDB at this endpoint, which may
    /// be that of a proxy.
    pub async fn of(world: World, dynamodb: &str) -> Result<Self> {
        world.catch_up();
        let operations = Operations::prepare(&world).await;
        let tls = Tls::before(dynamodb).await?;
        let folder = tempdir()?;
        fs::write(folder.path().join(AUTHORITY), tls.authority())?;
        fs::write(folder.path().join(TRUSTED), trusted_by_system()? + tls.authority())?;
        fs::create_dir_all(folder.path().join(OUTBOX))?;
        Ok(Self { world, tls, operations, template: Template::load()?, folder, accounts: 0 })
    }

    /// Returns an event of usual cost for a function; `None` if it cannot be called here.
    pub async fn event(&mut self, name: &str) -> Result<Option<Value>> {
        Ok(self.usual(name).await?.map(Event::into_json))
    }

    /// As [`TestBed::event`], before it becomes JSON.
    pub async fn usual(&mut self, name: &str) -> Result<Option<Event>> {
        // The event's token must not be older than the event.
        self.world.catch_up();
        // Boxed: the compiler limits how deep futures nest.
        Box::pin(self.operations.event(&self.world, name)).await
    }

    /// Signs a new account of this role in.
    pub async fn actor(&mut self, role: Role) -> Actor {
        self.accounts += 1;
        let name = format!("caller-{:04}", self.accounts);
        self.world.actor_named(&name, role).await
    }

    /// Returns this number of events.
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

    /// Runs the command as this function. Its output goes to [`TestBed::log`].
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

    /// Sends an event, expects it to succeed, and returns the response.
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

    /// Returns the error about a function, with the last lines of its log.
    pub fn failure(&self, name: &str, problem: impl std::fmt::Display) -> Failure {
        let log = fs::read(self.log(name)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        let last = lines.iter().skip(lines.len().saturating_sub(LAST_LINES));
        let last: String = last.map(|line| format!("\n  {line}")).collect();
        format!("{name}: {problem}; the last lines of its log:{last}").into()
    }

    /// Returns the path of a file in the environment's folder.
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
        let mut environment = function::local_environment(
            &self.template,
            name,
            &emulator::settings(endpoint),
            &self.world.secret,
            &self.file(OUTBOX),
        );
        let mut set =
            |name: &str, value: &str| drop(environment.insert(name.to_owned(), value.to_owned()));
        match way {
            // `shared::config` reads this variable for this measurement.
            Way::Unprimed => set("PRIMING", "off"),
            Way::Tls => {
                set("AWS_CA_BUNDLE", &text(&self.file(AUTHORITY)));
                // The default features of the AWS SDK read this variable.
                set("SSL_CERT_FILE", &text(&self.file(TRUSTED)));
            }
            Way::Plain(_) => {}
        }
        environment
    }
}

fn trusted_by_system() -> Result<String> {
    let trusted = TRUSTED_BY_SYSTEM.iter().find_map(|path| fs::read_to_string(path).ok());
    let missing =
        || format!("this machine has no certificates in any of {}", TRUSTED_BY_SYSTEM.join(", "));
    Ok(trusted.ok_or_else(missing)?)
}

/// Returns an error unless the response is the usual one of the function.
pub fn expect_success(name: &str, reply: &Value) -> Result {
    let status = reply.get("statusCode").and_then(Value::as_u64).unwrap_or_default();
    // The function not-found always answers 404.
    let is_success = if name == "not-found" { status == 404 } else { (200..300).contains(&status) };
    if is_success { Ok(()) } else { Err(format!("{name} answered {reply}").into()) }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
