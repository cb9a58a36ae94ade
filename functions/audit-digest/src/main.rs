//! Puts a digest of the audit trail's archive beside it. EventBridge calls it every hour, with an event that says
//! nothing.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use serde::de::IgnoredAny;
use shared::archive::Archive;
use shared::{App, log, serve_event};

#[cfg(test)]
mod tests;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    serve_event(work)
}

async fn work(app: App, archive: Arc<Archive>, _event: IgnoredAny) -> Outcome {
    if let Some(digest) = archive.put_digest(app.now()).await? {
        log::note_work("chains with new rows were found", digest.heads.len());
    }
    Ok(())
}
