//! The stack under test: the one at `API_URL` if that is set, otherwise a stack that this process starts.
//!
//! A stage at `API_URL` must give new accounts the role `staff`, as `cargo dev` does.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::{env, fs};

use repo::cargo::cargo;
use repo::root::repository;
use serde_json::{Value, json};
use ureq::Agent;

const LOCALHOST: &str = "http://127.0.0.1:";

/// The origin whose pages may call the tests' own stack.
pub const PAGES: &str = "https://clinic.example.com";

struct Stack {
    url: String,
    /// Keeps the pipe to the stack open. The stack stops when this process ends and the pipe closes.
    _dev: Option<Child>,
}

/// Returns the base URL without a final slash. If the stack did not start, every test fails with the same message.
pub fn url() -> &'static str {
    static STACK: OnceLock<Result<Stack, String>> = OnceLock::new();
    match STACK.get_or_init(|| at_api_url().map_or_else(start, Ok)) {
        Ok(stack) => &stack.url,
        Err(reason) => panic!("{reason}"),
    }
}

/// Returns whether this process has started the stack.
pub fn is_own() -> bool {
    env::var_os("API_URL").is_none()
}

/// Returns `username` and `password` of the administrator, if known.
pub fn admin() -> Option<Value> {
    if is_own() {
        return Some(own_admin());
    }
    let variable = |name| env::var(name).ok();
    let username = variable("API_ADMIN_USERNAME")?;
    Some(json!({"username": username, "password": variable("API_ADMIN_PASSWORD")?}))
}

fn own_admin() -> Value {
    json!({
        "username": "head-of-it",
        "email": "head-of-it@example.com",
        "password": "tidal-Lantern 42 brass",
    })
}

/// Returns the path of a folder for files of tests, in cargo's target folder.
pub fn scratch(name: &str) -> PathBuf {
    let program = env::current_exe().expect("the path of this program");
    // The program is in target/debug/deps.
    let target = program.ancestors().nth(3).expect("the program is in the target folder");
    target.join("tmp").join(name)
}

/// Returns the data folder of the tests' own stack.
pub fn data() -> PathBuf {
    scratch("http")
}

/// Returns the log of all functions of the tests' own stack.
pub fn log() -> String {
    fs::read_to_string(data().join("functions.log")).expect("no log")
}

/// Returns the secret from which the tests' own stack derives its token key.
pub fn token_secret() -> String {
    let secret = fs::read_to_string(data().join("token-secret")).expect("no secret");
    secret.trim().to_owned()
}

/// Returns the mails that the tests' own stack has sent.
pub fn mails() -> Vec<String> {
    let files = fs::read_dir(data().join("outbox")).expect("no outbox");
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// Invokes a scheduled function of the tests' own stack now, as `cargo dev` does at its times. Waits for its end.
pub fn invoke(function: &str) {
    let url = format!("{}/2015-03-31/functions/{function}/invocations", url());
    let event = repository().join("events").join(function).with_extension("json");
    let event = fs::read(event).expect("no event");
    let request = agent().post(url).header("content-type", "application/json");
    request.send(event).unwrap_or_else(|error| panic!("{function}: {error}"));
}

fn at_api_url() -> Option<Stack> {
    let url = env::var("API_URL").ok()?;
    Some(Stack { url: url.trim_end_matches('/').to_owned(), _dev: None })
}

fn start() -> Result<Stack, String> {
    let mut dev = cargo_dev().spawn().map_err(|error| format!("cannot start cargo: {error}"))?;
    let stdout = dev.stdout.take().expect("stdout is piped");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);

    let mut output = String::new();
    let ready = lines.by_ref().find_map(|line| {
        output.push_str(&line);
        output.push('\n');
        local_url(&line)
    });
    let Some(url) = ready else {
        let status = dev.wait().map_err(|error| error.to_string())?;
        return Err(format!(
            "`cargo dev` ended before it was ready ({status}); its errors are above\n{output}"
        ));
    };
    // If nobody reads the pipe, it fills up and blocks the stack.
    thread::spawn(move || lines.for_each(drop));
    // The first account becomes the administrator, so it is created before any test starts.
    let register = format!("{url}/api/auth/register/");
    agent().post(register).send_json(own_admin()).map_err(|error| error.to_string())?;
    Ok(Stack { url, _dev: Some(dev) })
}

/// Returns a client of this machine.
fn agent() -> Agent {
    // Despite HTTP_PROXY: a proxy cannot reach this machine's 127.0.0.1.
    Agent::config_builder().proxy(None).build().new_agent()
}

fn cargo_dev() -> Command {
    let mut command = cargo();
    command
        .current_dir(repository())
        .args(["run", "--package", "xtask", "--", "dev"])
        .args(["--port", "0", "--in-memory", "--data"])
        .arg(data())
        // A process of a function handles one call at a time, so concurrent calls need several processes. The first
        // request of each function starts all of them, which takes longer than anything else that the tests do.
        .args(["--concurrency", "3", "--no-reload", "--until-stdin-closes"])
        // All tests call from the same address.
        .env("TRIES_PER_ADDRESS_HOUR", "1000000")
        .env("CORS_ORIGINS", PAGES)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// Returns `http://127.0.0.1:<port>` if the line contains `http://127.0.0.1:<port>/`.
fn local_url(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(LOCALHOST)?;
    let (port, _) = rest.split_once('/')?;
    let port: u16 = port.parse().ok()?;
    Some(format!("{LOCALHOST}{port}"))
}
