//! POST /api/auth/refresh/ — spends a refresh token and answers a new pair.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use deserr::Deserr;
use shared::auth::minter::Minter;
use shared::auth::sessions;
use shared::config::ConfigError;
use shared::model::field::FieldErrors;
use shared::{ApiResult, App, Request, response, serve_public_with};

#[cfg(test)]
mod tests;

struct Settings {
    minter: Minter,
    idle: Duration,
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Refresh {
    refresh: String,
}

fn main() -> ExitCode {
    serve_public_with(Settings::from_env, refresh)
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { minter: Minter::from_env()?, idle: sessions::idle_limit_from_env()? })
    }
}

async fn refresh(app: App, settings: Arc<Settings>, request: Request) -> ApiResult {
    let Refresh { refresh } = request.json()?;
    let pair = sessions::refresh(&app, &settings.minter, settings.idle, refresh.trim()).await?;
    response::ok(&pair)
}
