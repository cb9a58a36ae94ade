//! The functions' binaries, with a Runtime API, as Lambda runs them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use repo::cargo::{MESSAGES, cargo, executables};
use repo::root::repository;
use repo::template::Template;
use serde_json::Value;
use shared::model::doctor::Doctor;
use shared::model::patient::Patient;
use shared::model::user::Role;
use shared::testing::function::{Function, local_environment};
use shared::testing::process::{peak_resident_bytes, processor_time};
use shared::testing::{Actor, Event, PASSWORD, World, emulator};
use tempfile::{TempDir, tempdir};
use tokio::runtime::{Builder, Runtime};

/// The processor time of a request, in a build without optimization.
const TIME: Duration = Duration::from_secs(5);

/// The memory that a function may use: half of the smallest in the template.
const BYTES: u64 = 256 * 1024 * 1024;

/// The number of requests after which new accounts sign in, because requests also end sessions and accounts.
const REQUESTS_OF_ACCOUNT: u32 = 16;

/// A world, and the functions that have been called in it.
pub struct Functions {
    running: RefCell<BTreeMap<String, Function>>,
    accounts: RefCell<Accounts>,
    outbox: TempDir,
    world: World,
    /// Last, because fields are dropped in their order, and all others have tasks in it.
    runtime: Runtime,
}

/// Accounts that are signed in, and how many requests they have been used for.
struct Accounts {
    requests: u32,
    by_role: Vec<(Role, Actor)>,
}

impl Functions {
    /// Returns a world with a few records.
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let world = runtime.block_on(async {
            let world = World::new().await;
            world.catch_up();
            for n in 1..4 {
                let (doctor, patient): (Doctor, Patient) =
                    (world.doctor(n).await, world.patient(n).await);
                world.assign(&doctor, &patient).await;
            }
            world
        });
        Self {
            runtime,
            world,
            outbox: tempdir().unwrap(),
            running: RefCell::default(),
            accounts: RefCell::new(Accounts { requests: 0, by_role: Vec::new() }),
        }
    }

    /// Returns the event as an account of this role sends it.
    pub fn signed(&self, event: Event, role: Role) -> Event {
        let mut accounts = self.accounts.borrow_mut();
        if accounts.requests.is_multiple_of(REQUESTS_OF_ACCOUNT) {
            self.world.catch_up();
            let number = accounts.requests;
            accounts.by_role = Role::ALL
                .into_iter()
                .map(|role| {
                    let name = format!("{role:?}-{number}").to_lowercase();
                    let actor = self.world.actor_with_password(&name, PASSWORD, role);
                    (role, self.runtime.block_on(actor))
                })
                .collect();
        }
        accounts.requests += 1;
        let (_, actor) = accounts.by_role.iter().find(|(of, _)| *of == role).expect("an account");
        event.by(actor)
    }

    /// Sends an event, and returns the response, or what is wrong: the function failed, or exceeded its bounds.
    pub fn answer(&self, name: &str, event: &Value) -> Result<Value, String> {
        let mut running = self.running.borrow_mut();
        let function = running
            .entry(name.to_owned())
            .or_insert_with(|| self.runtime.block_on(self.start(name)));
        let id = function.process_id();
        let time = || processor_time(id).unwrap_or_default();
        let before = time();
        function.api.send(event);
        let reply = self.runtime.block_on(function.api.answered());
        let taken = time().saturating_sub(before);
        let memory = peak_resident_bytes(id).unwrap_or_default();
        if taken > TIME {
            return Err(format!("{name} takes {taken:?} of processor time"));
        }
        if memory > BYTES {
            // The peak stays: the next request needs another process.
            running.remove(name);
            return Err(format!("{name} holds {memory} bytes"));
        }
        reply.map(|reply| reply.body).map_err(|error| format!("{name}: {error}"))
    }

    async fn start(&self, name: &str) -> Function {
        let template = Template::load().unwrap();
        let dynamodb = emulator::settings(self.world.endpoint());
        let (secret, outbox) = (&self.world.secret, self.outbox.path());
        let environment = local_environment(&template, name, &dynamodb, secret, outbox);
        let mut command = Command::new(&BINARIES[name]);
        command.stdout(Stdio::null());
        Function::start(command, name, &environment).await.unwrap()
    }
}

/// The binaries of all functions, as `cargo dev` builds them.
static BINARIES: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(|| {
    let mut command = cargo();
    command.args(["build", "--bins", MESSAGES]).current_dir(repository());
    let output = command.stderr(Stdio::inherit()).output().expect("cargo");
    assert!(output.status.success(), "the functions do not build");
    executables(&String::from_utf8_lossy(&output.stdout))
});
