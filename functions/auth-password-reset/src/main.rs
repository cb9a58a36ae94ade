//! POST /api/auth/password/reset/ — mails a token that lets the account's owner set a new password.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use deserr::Deserr;
use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::floor::Floor;
use shared::auth::reset::{self, ResetToken};
use shared::config::{ConfigError, optional};
use shared::log::note_failure;
use shared::mail::{Mail, Mailer};
use shared::model::email::Email;
use shared::model::field::FieldErrors;
use shared::model::user::User;
use shared::table::Reset;
use shared::{ApiError, ApiResult, App, Request, response, serve_public_with};

#[cfg(test)]
mod tests;

/// No answer comes sooner, so that its time does not tell whether a mail has left.
const SPAN: Duration = Duration::from_millis(500);

struct Settings {
    mailer: Mailer,
    /// `PASSWORD_RESET_URL`: the page that takes the token, or nowhere.
    page: Option<String>,
    attempts: AttemptLimits,
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Forgotten {
    email: Email,
}

fn main() -> ExitCode {
    serve_public_with(Settings::from_env, request_reset)
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            mailer: Mailer::from_env()?,
            page: optional("PASSWORD_RESET_URL"),
            attempts: AttemptLimits::from_env()?,
        })
    }
}

async fn request_reset(app: App, settings: Arc<Settings>, request: Request) -> ApiResult {
    let floor = Floor::start(SPAN);
    let Forgotten { email } = request.json()?;
    if !settings.mailer.is_there() {
        return Err(ApiError::unavailable("no sender is configured"));
    }
    attempts::reset_request(&app, &settings.attempts, &email, request.source_address()).await?;

    // For nobody's address the same calls are made; only the mail is not sent.
    let user = app.table().user_named(&email.folded()).await?.filter(|user| user.active);
    let token = ResetToken::new(&app)?;
    let reset = Reset {
        user_id: user.as_ref().map(|user| user.id),
        epoch: user.as_ref().map_or(0, |user| user.epoch),
        expires_at: app.now().plus(reset::LIFETIME),
    };
    app.table().open_reset(&token.hash(), &reset).await?;
    if let Some(user) = user {
        let mail = mail(&user, &token, settings.page.as_deref());
        // An answer of its own would tell that there is such an account.
        note_failure("a mail did not leave", settings.mailer.send(&app, mail).await);
    }
    floor.wait().await;
    response::accepted("If there is an account with this address, a mail is on its way.")
}

fn mail<'a>(user: &'a User, token: &ResetToken, page: Option<&str>) -> Mail<'a> {
    let minutes = reset::LIFETIME.as_secs() / 60;
    let token = token.expose();
    let how = match page {
        // After the #, so that it reaches no server but the one that it is sent to.
        Some(page) => format!("open this page within {minutes} minutes:\n\n{page}#token={token}"),
        None => format!("use this token within {minutes} minutes:\n\n{token}"),
    };
    Mail {
        to: &user.email,
        subject: "A new password",
        text: format!(
            "Hello {},\n\nsomebody has asked for a new password for your account. \
             To set one, {how}\n\n\
             If it was not you, there is nothing to do: your password stays as it is.\n",
            user.username.as_str(),
        ),
    }
}
