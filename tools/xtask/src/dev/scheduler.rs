//! The scheduled functions: invokes each at its times, as EventBridge does in the cloud, through `cargo lambda watch`,
//! as the gateway does with requests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ops::{Result, ui};
use repo::root::repository;
use repo::template::Template;
use shared::model::timestamp::Timestamp;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::invocation::{TIME_TO_BUILD, invoke};
use super::schedule::Schedule;

/// The longest sleep. The time that a suspended machine sleeps does not count, so the clock is read again.
const NAP: Duration = Duration::from_secs(30);

/// The scheduled functions of a template.
pub struct Timetable(Vec<Scheduled>);

/// A function that is invoked at its times.
struct Scheduled {
    name: String,
    schedules: Vec<Schedule>,
    /// How long an invocation may take.
    patience: Duration,
}

/// A running scheduler. Dropping it ends it.
pub struct Scheduler {
    _functions: JoinSet<()>,
}

impl Timetable {
    /// Reads the schedules; refuses those that only EventBridge could follow.
    pub fn of(template: &Template) -> Result<Self> {
        let mut functions = Vec::new();
        for (name, function) in &template.functions {
            let schedules = function.schedules.iter().map(|it| it.parse::<Schedule>());
            let schedules: Result<Vec<_>> = schedules.collect();
            let schedules = schedules.map_err(|error| format!("template.yaml: {name}: {error}"))?;
            if !schedules.is_empty() {
                let patience = function.timeout.saturating_add(TIME_TO_BUILD);
                functions.push(Scheduled { name: name.clone(), schedules, patience });
            }
        }
        Ok(Self(functions))
    }

    /// Starts to invoke the functions of the `cargo lambda watch` at this port, which writes this log.
    pub fn start(self, port: u16, log: &Path) -> Scheduler {
        let mut functions = JoinSet::new();
        for function in self.0 {
            functions.spawn(run(function, port, log.to_owned()));
        }
        Scheduler { _functions: functions }
    }
}

/// Invokes one function at its times, without end. Times that come during an invocation are left out, so that no
/// invocation overlaps with another one.
async fn run(function: Scheduled, port: u16, log: PathBuf) {
    let Scheduled { name, schedules, patience } = function;
    let start = Timestamp::system();
    let next = || {
        let now = Timestamp::system();
        schedules.iter().map(|schedule| schedule.next(start, now)).min()
    };
    while let Some(time) = next() {
        sleep_until(time).await;
        if let Err(problem) = invoke_with_event(port, &name, patience).await {
            let log = log.display();
            ui::warning(format!("the scheduled function {name} failed: {problem}; see {log}"));
        }
    }
}

async fn sleep_until(time: Timestamp) {
    loop {
        let left = time.since(Timestamp::system());
        if left.is_zero() {
            return;
        }
        sleep(left.min(NAP)).await;
    }
}

/// Invokes a function with its event, and returns its failure in one line.
async fn invoke_with_event(port: u16, function: &str, patience: Duration) -> Result {
    let path = repository().join("events").join(function).with_extension("json");
    let event = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    invoke(port, function, event, patience).await
}

#[cfg(test)]
mod tests;
