//! Moves the assignments whose period is over to the past. EventBridge calls it every night, with an event that says
//! nothing. No access depends on it: an assignment ends with its period.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::de::IgnoredAny;
use shared::{App, log, serve_event};

#[cfg(test)]
mod tests;

/// After this time nothing new begins. The function has 300 seconds, so what has begun can end.
const BUDGET: Duration = Duration::from_secs(285);

const OPERATION: &str = "assignments-lapse";

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    serve_event(work)
}

async fn work(app: App, _settings: Arc<()>, _event: IgnoredAny) -> Outcome {
    let now = app.now();
    let end = now.plus(BUDGET);
    let (store, witness) = app.store_of(OPERATION);
    let lapse = async { store.assignments().lapse(now, || app.now() >= end).await };
    let (changed, outcome) = log::noting_rows(app.system(), OPERATION, &witness, lapse).await;
    log::note_work("assignments of patients lapsed", changed);
    Ok(outcome?)
}
