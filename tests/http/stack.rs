//! Where the API is: at `API_URL` when that is set, otherwise on a stack that this process starts.
//!
//! A stage given by `API_URL` must hand new accounts the role `staff`, as `cargo dev` does.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::{env, fs};

use repo::cargo::cargo;
use serde_json::{Value, json};

/// The workspace's root.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

pub const DATA: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/http");
const LOCALHOST: &str = "http://127.0.0.1:";

/// The origin whose pages may call one's own stack.
pub const PAGES: &str = "https://clinic.example.com";

struct Stack {
    url: String,
    /// Holds the pipe whose end is the stack's own: with this process, however that ends.
    _dev: Option<Child>,
}

/// The base URL, without a final slash. A stack that did not start fails every test in the same words.
pub fn url() -> &'static str {
    static STACK: OnceLock<Result<Stack, String>> = OnceLock::new();
    match STACK.get_or_init(|| given().map_or_else(start, Ok)) {
        Ok(stack) => &stack.url,
        Err(reason) => panic!("{reason}"),
    }
}

/// Whether the stack is this process's own.
pub fn is_own() -> bool {
    env::var_os("API_URL").is_none()
}

/// Who administers it: `username` and `password`, if anybody is known to.
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

/// What the functions of one's own stack have logged.
pub fn log() -> String {
    fs::read_to_string(format!("{DATA}/functions.log")).expect("a log")
}

/// What one's own stack derives the key of its tokens from.
pub fn token_secret() -> String {
    let secret = fs::read_to_string(format!("{DATA}/token-secret")).expect("a secret");
    secret.trim().to_owned()
}

/// The mails that one's own stack has sent.
pub fn mails() -> Vec<String> {
    let files = fs::read_dir(format!("{DATA}/outbox")).expect("an outbox");
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

fn given() -> Option<Stack> {
    let url = env::var("API_URL").ok()?;
    Some(Stack { url: url.trim_end_matches('/').to_owned(), _dev: None })
}

fn start() -> Result<Stack, String> {
    let mut dev = cargo_dev().spawn().map_err(|error| format!("cargo does not start: {error}"))?;
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
            "`cargo dev` ended before it was ready ({status}); its own words stand above\n{output}"
        ));
    };
    // A pipe that nobody reads fills up and stops its writer.
    thread::spawn(move || lines.for_each(drop));
    // Before any test can be faster: the first account of all is the administrator.
    let register = format!("{url}/api/auth/register/");
    ureq::post(register).send_json(own_admin()).map_err(|error| error.to_string())?;
    Ok(Stack { url, _dev: Some(dev) })
}

fn cargo_dev() -> Command {
    let mut command = cargo();
    command
        .current_dir(ROOT)
        .args(["run", "--package", "xtask", "--", "dev"])
        .args(["--port", "0", "--in-memory", "--data", DATA])
        // One process of a function answers one call at a time: without many, no race overlaps.
        .args(["--concurrency", "8", "--no-reload", "--until-stdin-closes"])
        // All tests come from one address.
        .env("TRIES_PER_ADDRESS_HOUR", "1000000")
        .env("CORS_ORIGINS", PAGES)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// `http://127.0.0.1:<port>` out of a line that says `http://127.0.0.1:<port>/`.
fn local_url(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(LOCALHOST)?;
    let (port, _) = rest.split_once('/')?;
    let port: u16 = port.parse().ok()?;
    Some(format!("{LOCALHOST}{port}"))
}
