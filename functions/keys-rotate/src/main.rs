//! The rotation function of the token secret, which Secrets Manager invokes step by step. A new secret signs only when
//! every verifier can know its public key, so that no token is ever rejected. Each rotation also replaces the key that
//! seals cursors.
//!
//! Secrets Manager may repeat each step.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use shared::auth::minter::ANNOUNCED_FOR;
use shared::auth::signing_key::SigningKey;
use shared::secrets::{Stage, StoredSecret};
use shared::store::CursorKey;
use shared::{App, serve_event};

#[cfg(test)]
mod tests;

/// How long a replaced key stays valid: minters read the new secret within five minutes, and their tokens are valid for
/// fifteen.
const RETIRES_AFTER: Duration = Duration::from_secs(30 * 60);

/// How often to check whether a key may sign.
const POLL: Duration = Duration::from_secs(1);

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The event of one step.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rotation {
    step: Step,
    secret_id: String,
    /// The id of the new version.
    client_request_token: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Step {
    #[serde(rename = "createSecret")]
    Create,
    #[serde(rename = "setSecret")]
    Set,
    #[serde(rename = "testSecret")]
    Test,
    #[serde(rename = "finishSecret")]
    Finish,
}

fn main() -> ExitCode {
    serve_event(rotate)
}

async fn rotate(app: App, secret: Arc<StoredSecret>, rotation: Rotation) -> Outcome {
    let Rotation { step, secret_id, client_request_token: version } = rotation;
    if secret_id != secret.id() {
        return Err("this function rotates the token secret of its own stack alone".into());
    }
    match secret.stage(&version).await? {
        // A repeated step: an earlier invocation has made the version current.
        Stage::Current => return complete(&app, &secret, &version).await,
        Stage::Pending => {}
        Stage::Absent | Stage::Neither => return Err("the version is not pending".into()),
    }
    match step {
        Step::Create => create(&app, &secret, &version).await,
        Step::Set => publish(&app, &pending(&secret, &version).await?).await,
        Step::Test => test(&app, &secret, &version).await,
        Step::Finish => finish(&app, &secret, &version).await,
    }
}

/// Makes the version's value, unless it has one.
async fn create(app: &App, secret: &StoredSecret, version: &str) -> Outcome {
    if secret.pending(version).await?.is_none() {
        let value = app.system().random_text::<48>()?.into();
        secret.put_pending(version, &value).await?;
    }
    Ok(())
}

async fn publish(app: &App, key: &SigningKey) -> Outcome {
    app.store().signing_keys().publish(key.public(app.now())).await?;
    Ok(())
}

/// Waits until the key may sign. When a rotation is set up, Secrets Manager runs this step alone, on a temporary
/// version without a value; then it has no key to wait for. So the deployment of a new stack makes the first key of
/// cursors here.
async fn test(app: &App, secret: &StoredSecret, version: &str) -> Outcome {
    let cursor_key = CursorKey::random(app.system())?;
    app.store().cursor_keys().make(&cursor_key, version, app.now()).await?;
    let Some(value) = secret.pending(version).await? else { return Ok(()) };
    let key = SigningKey::derive(&value)?;
    if let Some(published) = app.store().signing_keys().get(key.kid()).await? {
        while app.now() < published.published_at.plus(ANNOUNCED_FOR) {
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(())
}

/// Makes the key sign, and retires all others.
async fn finish(app: &App, secret: &StoredSecret, version: &str) -> Outcome {
    let key = pending(secret, version).await?;
    let published = app.store().signing_keys().get(key.kid()).await?;
    let published = published.ok_or("the new key is not published")?;
    if app.now() < published.published_at.plus(ANNOUNCED_FOR) {
        return Err("the new key has not been published for long enough".into());
    }
    secret.make_current(version).await?;
    complete(app, secret, version).await
}

/// Does what remains when the version is current.
async fn complete(app: &App, secret: &StoredSecret, version: &str) -> Outcome {
    retire_all_others(app, secret).await?;
    let cursor_key = CursorKey::random(app.system())?;
    app.store().cursor_keys().rotate(&cursor_key, version, app.now()).await?;
    Ok(())
}

/// Retires all keys except the current one, including those of secrets that were replaced by hand.
async fn retire_all_others(app: &App, secret: &StoredSecret) -> Outcome {
    let current = SigningKey::derive(&secret.current().await?)?;
    let keys = app.store().signing_keys();
    for key in keys.valid(app.now()).await? {
        if key.kid != current.kid() {
            keys.retire(&key.kid, app.now().plus(RETIRES_AFTER)).await?;
        }
    }
    Ok(())
}

async fn pending(secret: &StoredSecret, version: &str) -> Outcome<SigningKey> {
    let value = secret.pending(version).await?.ok_or("the version has no value yet")?;
    Ok(SigningKey::derive(&value)?)
}
