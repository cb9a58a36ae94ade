//! Puts a digest of the audit trail's archive beside it, and signs it if there is a key. EventBridge calls it every hour,
//! with an event that says nothing.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use serde::de::IgnoredAny;
use shared::archive::{Archive, Signer};
use shared::config::{ConfigError, Settings};
use shared::{App, log, serve_event};

#[cfg(test)]
mod tests;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// The archive, and the key that signs its digests.
struct Digests {
    archive: Archive,
    signer: Option<Signer>,
}

impl Settings for Digests {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { archive: Archive::from_env()?, signer: Signer::from_env()? })
    }
}

fn main() -> ExitCode {
    serve_event(work)
}

async fn work(app: App, digests: Arc<Digests>, _event: IgnoredAny) -> Outcome {
    let Digests { archive, signer } = &*digests;
    if let Some(digest) = archive.put_digest(app.now(), signer.as_ref()).await? {
        log::note_work("chains with new rows were found", digest.heads.len());
    }
    Ok(())
}
