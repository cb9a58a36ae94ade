//! The machine on which a measurement is made.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use ops::Result;
use repo::root::repository;
use shared::model::timestamp::Timestamp;

/// A machine, for readers of a table: `AMD EPYC, 2 cores, Linux 6.1.0, rustc 1.95.0, 2026-11-25`.
pub struct Machine {
    processor: String,
    cores: usize,
    system: String,
    rustc: String,
    date: String,
}

impl Machine {
    pub fn this() -> Result<Self> {
        Ok(Self {
            processor: processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: available_parallelism()?.get(),
            system: first_line("uname", &["-sr"])?,
            rustc: first_line("rustc", &["--version"])?,
            date: Timestamp::system().to_string().chars().take(10).collect(),
        })
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, system, rustc, date } = self;
        let rustc = rustc.split(" (").next().unwrap_or(rustc);
        write!(f, "{processor}, {cores} cores, {system}, {rustc}, {date}")
    }
}

fn processor() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Returns the first line of a command's output.
pub fn first_line(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        // rust-toolchain.toml in this folder selects the version of rustc.
        .current_dir(repository())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
