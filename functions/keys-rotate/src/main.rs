//! The token secret's rotation function, which Secrets Manager invokes step by step: a new secret takes
//! over only when every verifier can know its public key, so that no token is ever rejected.
//!
//! Each step may come more than once.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use shared::auth::minter::ANNOUNCED_FOR;
use shared::auth::signing_key::SigningKey;
use shared::secrets::{Stage, StoredSecret};
use shared::{App, serve_event};

#[cfg(test)]
mod tests;

/// How long a key that has been replaced still counts: minters learn of their new secret within five
/// minutes, and what they sign lasts for fifteen.
const RETIRES_AFTER: Duration = Duration::from_secs(30 * 60);

/// How often to look whether the time has come.
const POLL: Duration = Duration::from_secs(1);

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What Secrets Manager asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rotation {
    step: Step,
    secret_id: String,
    /// The id of the version that is being made.
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
    serve_event(StoredSecret::from_env, rotate)
}

async fn rotate(app: App, secret: Arc<StoredSecret>, rotation: Rotation) -> Outcome {
    let Rotation { step, secret_id, client_request_token: version } = rotation;
    if secret_id != secret.id() {
        return Err("this function rotates the token secret of its own stack alone".into());
    }
    match secret.stage(&version).await? {
        // It comes again, after an earlier try has got as far as this.
        Stage::Current => return retire_all_others(&app, &secret).await,
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

/// Makes the version's value, unless an earlier try has.
async fn create(app: &App, secret: &StoredSecret, version: &str) -> Outcome {
    if secret.pending(version).await?.is_none() {
        let value = app.random_text::<48>()?.into();
        secret.put_pending(version, &value).await?;
    }
    Ok(())
}

async fn publish(app: &App, key: &SigningKey) -> Outcome {
    app.table().publish_key(key.public(app.now())).await?;
    Ok(())
}

/// Waits until the key may sign. When a rotation is set up, Secrets Manager tries this step alone, on a
/// version that it throws away: there is no key to wait for then.
async fn test(app: &App, secret: &StoredSecret, version: &str) -> Outcome {
    let Some(value) = secret.pending(version).await? else { return Ok(()) };
    let key = SigningKey::derive(&value)?;
    if let Some(published) = app.table().public_key(key.kid()).await? {
        while app.now() < published.published_at.plus(ANNOUNCED_FOR) {
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(())
}

/// Lets the key sign, and retires those that did.
async fn finish(app: &App, secret: &StoredSecret, version: &str) -> Outcome {
    let key = pending(secret, version).await?;
    let published = app.table().public_key(key.kid()).await?;
    let published = published.ok_or("the new key is not published")?;
    if app.now() < published.published_at.plus(ANNOUNCED_FOR) {
        return Err("the new key has not been published for long enough".into());
    }
    secret.make_current(version).await?;
    retire_all_others(app, secret).await
}

/// Also those of secrets that somebody replaced by hand.
async fn retire_all_others(app: &App, secret: &StoredSecret) -> Outcome {
    let current = SigningKey::derive(&secret.current().await?)?;
    for key in app.table().public_keys(app.now()).await? {
        if key.kid != current.kid() {
            app.table().retire_key(&key.kid, app.now().plus(RETIRES_AFTER)).await?;
        }
    }
    Ok(())
}

async fn pending(secret: &StoredSecret, version: &str) -> Outcome<SigningKey> {
    let value = secret.pending(version).await?.ok_or("the version has no value yet")?;
    Ok(SigningKey::derive(&value)?)
}
