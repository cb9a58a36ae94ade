//! POST /api/auth/refresh/ exchanges a refresh token for a new pair of tokens.

use std::process::ExitCode;
use std::time::Duration;

use deserr::Deserr;
use shared::auth::minter::Minter;
use shared::auth::sessions;
use shared::config::{self, ConfigError};
use shared::model::field::FieldErrors;
use shared::{ApiResult, Context, response, serve_public_recorded};

#[cfg(test)]
mod tests;

const OPERATION: &str = "auth-refresh";

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
    serve_public_recorded(OPERATION, refresh)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { minter: Minter::from_env()?, idle: sessions::idle_limit_from_env()? })
    }
}

async fn refresh(context: Context<Settings>) -> ApiResult {
    let Settings { minter, idle } = context.settings();
    let Refresh { refresh } = context.request().json()?;
    let (store, system) = (context.store(), context.system());
    let pair = sessions::refresh(store, system, minter, *idle, refresh.trim()).await?;
    response::ok(&pair)
}
