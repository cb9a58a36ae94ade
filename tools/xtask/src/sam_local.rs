//! `cargo xtask sam-local`: the stack on this machine with AWS SAM, every function in a container like Lambda's.
//!
//! DynamoDB is embedded. Containers must reach it, so it listens on the address of Docker's bridge on this machine.
//! It accepts any credentials, so it must hold test data only.

mod summary;
mod variables;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ops::lock::try_lock;
use ops::process_group::ProcessGroup;
use ops::stop::unless_stopped;
use ops::{Result, http, ui};
use repo::root::repository;
use repo::template::Template;
use serde_json::{Value, json};
use shared::model::email::name_form;
use shared::model::timestamp::Timestamp;
use shared::store::Store;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use self::summary::Summary;
use crate::database::Database;
use crate::docker;
use crate::port::Port;
use crate::sam::{Build, Sam};

/// The time that the first answer may take. Docker may have to fetch Lambda's image first.
const PATIENCE: Duration = Duration::from_secs(600);

/// The time between SIGTERM and SIGKILL. sam stops its containers one after the other.
const GRACE: Duration = Duration::from_secs(60);

/// Public, but useful only to those who can reach this machine's 127.0.0.1.
const ADMIN: &str = "admin";
const PASSWORD: &str = "violet-harbor-42-lantern";

#[derive(clap::Args)]
pub struct Options {
    /// Port of the API on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,

    /// Build without optimizations: this is faster, but a deployment builds with them
    #[arg(long)]
    debug: bool,

    /// End when stdin does: for test suites, so that the command ends even if they are killed
    #[arg(long, hide = true)]
    until_stdin_closes: bool,

    /// More arguments for `sam local start-api`, such as --skip-pull-image
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

pub async fn run(options: &Options) -> Result {
    match unless_stopped(serve(options), options.until_stdin_closes).await? {
        Some(outcome) => outcome,
        None => Ok(()),
    }
}

/// Serves until something fails, and returns the reason.
async fn serve(options: &Options) -> Result {
    // Checked first, because everything else takes longer.
    let host = docker::host()?;
    let template = Template::load()?;
    let port = Port::reserve(options.port)?;
    let url = port.url();
    let folder = folder()?;
    let busy = "another `cargo xtask sam-local` is running in this repository; end it first";
    let _lock = try_lock(&folder.with_extension("lock"))?.ok_or(busy)?;

    let database = Database::in_memory_at(host.address).await?;
    let dynamodb = &database.dynamodb;
    let store = database.prepare(&template).await?;

    let sam = Sam::installed().await?;
    let build = Build { debug: options.debug, folder: Some(&folder), ..Build::default() };
    sam.build(&build).await?;

    ui::status("Starting", format!("sam local, with {dynamodb}"));
    let variables = folder.join("variables.json");
    variables::write(&variables, &template, dynamodb, &host)?;
    let mut command = sam.start_api(&folder, port.release(), &variables, &options.arguments);
    variables::credentials(&mut command, dynamodb);
    let mut api = ProcessGroup::spawn_with_grace(command, GRACE)?;
    let ready = ready(&url, &store);
    tokio::select! {
        outcome = ready => outcome?,
        status = api.wait() => return Err(ended(&status?.to_string()).into()),
    }
    ui::print(Summary { url: &url, dynamodb, username: ADMIN, password: PASSWORD });
    Err(ended(&api.wait().await?.to_string()).into())
}

/// Returns the folder for the build, which is not the one that `sam deploy` uses. Creates its parent.
fn folder() -> Result<PathBuf> {
    let parent = repository().join(".aws-sam");
    fs::create_dir_all(&parent)
        .map_err(|error| format!("cannot use the folder {}: {error}", parent.display()))?;
    Ok(parent.join("local"))
}

fn ended(status: &str) -> String {
    format!("sam local ended by itself ({status}); its errors are above")
}

/// Waits until the health check succeeds, then creates the administrator.
async fn ready(url: &str, store: &Store) -> Result {
    let health = format!("{url}api/health/");
    if timeout(PATIENCE, http::healthy(health.clone(), PATIENCE)).await.is_err() {
        let firewall = "does a firewall block connections from containers to this machine?";
        let seconds = PATIENCE.as_secs();
        return Err(format!("{health} did not answer 200 within {seconds} s: {firewall}").into());
    }
    let registration = format!("{url}api/auth/register/");
    spawn_blocking(move || register(&registration)).await??;
    store.operator().make_admin(&name_form(ADMIN), Timestamp::system()).await?;
    Ok(())
}

fn register(url: &str) -> Result {
    let email = format!("{ADMIN}@clinic.example");
    let account = json!({ "username": ADMIN, "email": email, "password": PASSWORD });
    let mut answer = http::agent().post(url).send_json(&account)?;
    if answer.status() == 201 {
        return Ok(());
    }
    let body: Value = answer.body_mut().read_json()?;
    Err(format!("{url} answered {}, {body}", answer.status()).into())
}
