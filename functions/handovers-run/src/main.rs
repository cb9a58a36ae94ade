//! Moves the patients of the hand-overs that are due. EventBridge calls it every minute, with an event that says
//! nothing.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::de::IgnoredAny;
use shared::{App, log, serve_event};

#[cfg(test)]
mod tests;

/// After this time nothing new begins. The function has 60 seconds, so what has begun can end. If DynamoDB is too slow
/// for that, the lease of the hand-over ends by itself.
const BUDGET: Duration = Duration::from_secs(45);

const OPERATION: &str = "handovers-run";

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    serve_event(work)
}

async fn work(app: App, _settings: Arc<()>, _event: IgnoredAny) -> Outcome {
    let end = app.now().plus(BUDGET);
    let (store, witness) = app.store_of(OPERATION);
    let run = async { store.handovers().run(app.system(), end).await };
    let (moved, outcome) = log::noting_rows(app.system(), OPERATION, &witness, run).await;
    log::note_work("patients were handed over", moved);
    Ok(outcome?)
}
