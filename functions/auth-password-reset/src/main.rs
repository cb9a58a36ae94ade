//! POST /api/auth/password/reset/ mails a token that lets the account's owner set a new password.

use std::process::ExitCode;
use std::time::Duration;

use deserr::Deserr;
use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::mailed_token::MailedToken;
use shared::auth::minimum_duration::MinimumDuration;
use shared::auth::reset;
use shared::config::{self, ConfigError, optional};
use shared::log::note_failure;
use shared::mail::{Mail, Mailer};
use shared::model::email::Email;
use shared::model::field::FieldErrors;
use shared::model::user::User;
use shared::store::Reset;
use shared::{ApiError, ApiResult, Context, response, serve_public};

#[cfg(test)]
mod tests;

/// No answer is faster, so that its time does not reveal whether a mail was sent.
const SPAN: Duration = Duration::from_millis(500);

struct Settings {
    mailer: Mailer,
    /// `PASSWORD_RESET_URL`: the page that takes the token; without it, the mail contains the token alone.
    page: Option<String>,
    attempts: AttemptLimits,
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Forgotten {
    email: Email,
}

fn main() -> ExitCode {
    serve_public(request_reset)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            mailer: Mailer::from_env()?,
            page: optional("PASSWORD_RESET_URL"),
            attempts: AttemptLimits::from_env()?,
        })
    }
}

async fn request_reset(context: Context<Settings>) -> ApiResult {
    let minimum = MinimumDuration::start(SPAN);
    let Settings { mailer, page, attempts: limits } = context.settings();
    let (request, store) = (context.request(), context.store());
    let Forgotten { email } = request.json()?;
    if !mailer.is_configured() {
        return Err(ApiError::unavailable("no sender is configured"));
    }
    let address = request.source_address();
    attempts::reset_request(store, context.now(), limits, &email, address).await?;

    // An address without an active account takes the same calls; only the mail is not sent. It goes to the address that
    // was counted: an imported username may be another address.
    let name = email.unique_form();
    let has_address = |user: &User| user.active && user.email.unique_form() == name;
    let user = store.accounts().named(&name).await?.filter(has_address);
    let token = MailedToken::new(context.system())?;
    let reset = Reset {
        user_id: user.as_ref().map(|user| user.id),
        email: user.as_ref().map(|user| user.email.clone()),
        epoch: user.as_ref().map_or(0, |user| user.epoch),
        expires_at: context.now().plus(reset::LIFETIME),
    };
    store.resets().open(&token.hash(), &reset).await?;
    if let Some(user) = user {
        let mail = mail(&user.email, &token, page.as_deref());
        // Another answer would reveal that the account exists.
        note_failure("a mail did not leave", mailer.send(context.system(), mail).await);
    }
    minimum.wait().await;
    response::accepted("If there is an account with this address, a mail is on its way.")
}

/// Returns the mail of a reset. It has no text that a user chose: strangers choose the usernames of their accounts.
fn mail<'a>(to: &'a Email, token: &MailedToken, page: Option<&str>) -> Mail<'a> {
    let how = token.instruction(page, reset::LIFETIME);
    Mail {
        to,
        subject: "A new password",
        text: format!(
            "Hello,\n\nsomebody has asked for a new password for your account. \
             To set one, {how}\n\n\
             If it was not you, there is nothing to do: your password stays as it is.\n"
        ),
    }
}
