//! The time of a password's hash, in comparison with the reference implementation: the C library of argon2's authors.

use std::path::Path;
use std::process::Command;

use ops::{Result, ui};
use xtask::tools::ARGON2;

use super::binaries;

const SCRIPT: &str = include_str!("argon2.py");

/// The number of rounds. Both take turns, so that other work of the machine affects both.
const ROUNDS: usize = 3;

/// The times of both for the same hash, in milliseconds.
pub struct Hashing {
    parameters: String,
    ours: f64,
    reference: f64,
}

pub async fn measure() -> Result<Hashing> {
    let python = ARGON2.installed().await?;
    let binary = binaries::of_package("hash").await?;
    ui::status("Hashing", "passwords");
    let (mut ours, mut reference, mut phc) = (Vec::new(), Vec::new(), String::new());
    for _ in 0..ROUNDS {
        let printed = output(Command::new(&binary))?;
        let mut lines = printed.lines();
        let head = [lines.next(), lines.next()].map(Option::unwrap_or_default);
        let [password, hash] = head;
        let times: Vec<_> = lines.map(str::to_owned).collect();
        let printed = output(reference_command(&python, password, hash, times.len()))?;
        phc = hash.to_owned();
        ours.extend(numbers(&times.join("\n"))?);
        reference.extend(numbers(&printed)?);
    }
    let parameters = phc.split('$').nth(3).unwrap_or_default().to_owned();
    Ok(Hashing { parameters, ours: median(ours), reference: median(reference) })
}

impl Hashing {
    /// Returns a table in Markdown.
    pub fn table(&self) -> String {
        let Self { parameters, ours, reference } = self;
        format!(
            "| argon2id, {parameters} | ms |\n|---|---:|\n| reference C library | {reference:.2} |\n\
             | functions | {ours:.2} ({:.2}×) |\n",
            ours / reference
        )
    }
}

fn reference_command(python: &Path, password: &str, phc: &str, times: usize) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT, password, phc]).arg(times.to_string());
    command
}

fn output(mut command: Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{} failed: {errors}", command.get_program().display()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn numbers(lines: &str) -> Result<Vec<f64>> {
    let number = |line: &str| line.parse().map_err(|_| format!("{line} is not a number").into());
    lines.lines().map(number).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
