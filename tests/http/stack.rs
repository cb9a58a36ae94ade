//! Where the API is: at `API_URL` when that is set, otherwise on a stack that this process starts.
//!
//! A stage given by `API_URL` must hand new accounts the role `staff`, as `cargo dev` does.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

/// The workspace's root.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const DATA: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/http");
const LOCALHOST: &str = "http://127.0.0.1:";

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
    Ok(Stack { url, _dev: Some(dev) })
}

fn cargo_dev() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(ROOT)
        .args(["run", "--package", "xtask", "--", "dev"])
        .args(["--port", "0", "--in-memory", "--data", DATA])
        // One process of a function answers one call at a time: without many, no race overlaps.
        .args(["--concurrency", "8", "--no-reload", "--until-stdin-closes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    forget_this_package(&mut command);
    command
}

/// Keeps from a command what `cargo test` says of this package to its tests.
pub fn forget_this_package(command: &mut Command) {
    for (name, _) in env::vars_os().filter(|(name, _)| describes_this_package(name)) {
        command.env_remove(name);
    }
}

/// Some build scripts would take such a variable for theirs and build their crates, and all that rest
/// on them, again.
fn describes_this_package(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    name.starts_with("CARGO_PKG_")
        || matches!(
            &*name,
            "CARGO_BIN_NAME"
                | "CARGO_CRATE_NAME"
                | "CARGO_MANIFEST_DIR"
                | "CARGO_MANIFEST_LINKS"
                | "CARGO_MANIFEST_PATH"
                | "CARGO_PRIMARY_PACKAGE"
        )
}

/// `http://127.0.0.1:<port>` out of a line that says `http://127.0.0.1:<port>/`.
fn local_url(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(LOCALHOST)?;
    let (port, _) = rest.split_once('/')?;
    let port: u16 = port.parse().ok()?;
    Some(format!("{LOCALHOST}{port}"))
}
