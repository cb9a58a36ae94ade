//! Counts the reviews of emergency access that wait for more than a week, for an alarm. EventBridge calls it every day,
//! with an event that says nothing.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use serde::de::IgnoredAny;
use shared::{App, log, serve_event};

#[cfg(test)]
mod tests;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    serve_event(work)
}

async fn work(app: App, _settings: Arc<()>, _event: IgnoredAny) -> Outcome {
    let now = app.now();
    let overdue = app.store().emergencies().overdue(now).await?;
    log::note_overdue_reviews(now, app.response_policy().metrics_namespace(), overdue);
    Ok(())
}
