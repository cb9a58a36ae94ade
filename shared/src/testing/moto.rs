//! moto, an emulator of AWS's services, which `cargo xtask tools` installs.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use repo::root::repository;
use repo::tools::tools;

/// The words before the address in moto's log.
const RUNNING: &str = "Running on ";

/// A server with all services, without any data. It ends when this is dropped.
pub(super) struct Moto {
    /// moto's executables and its Python.
    tools: PathBuf,
    server: Child,
    endpoint: String,
}

impl Moto {
    pub fn start() -> Self {
        let tools = tools("moto");
        let server = Command::new(tools.join("moto_server"));
        Self::run(tools, server)
    }

    /// Starts the server by a script of the repository, which takes the arguments of `moto_server`.
    pub fn start_with(script: &str) -> Self {
        let tools = tools("moto");
        let mut server = Command::new(tools.join("python"));
        server.arg(repository().join(script));
        Self::run(tools, server)
    }

    fn run(tools: PathBuf, mut server: Command) -> Self {
        let mut server = server
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto starts");
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok);
        let endpoint = lines
            .find_map(|line| Some(line.split_once(RUNNING)?.1.trim().to_owned()))
            .expect("moto says where it listens");
        // An unread pipe fills up and stops the server.
        thread::spawn(move || lines.for_each(drop));
        Self { tools, server, endpoint }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the folder with moto's Python.
    pub fn tools(&self) -> &Path {
        &self.tools
    }

    /// Ends the server.
    pub fn stop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ended_before = self.server.kill();
        let _ended_before = self.server.wait();
    }
}
