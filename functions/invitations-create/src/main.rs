//! POST /api/invitations/ mails a link with which the owner of an address makes an account of a role.

use std::process::ExitCode;

use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::invitation::{self, LIFETIME};
use shared::config::{self, ConfigError, optional};
use shared::mail::{Mail, Mailer};
use shared::model::invitation::{Invitation, InvitationId, InvitationView, NewInvitation};
use shared::store::CreateInvitation;
use shared::{ApiError, ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

struct Settings {
    mailer: Mailer,
    /// `INVITATION_URL`: the page that takes the token; without it, the mail contains the token alone.
    page: Option<String>,
    attempts: AttemptLimits,
}

fn main() -> ExitCode {
    serve(create)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            mailer: Mailer::from_env()?,
            page: optional("INVITATION_URL"),
            attempts: AttemptLimits::from_env()?,
        })
    }
}

async fn create(context: Context<Settings>, by: Granted<CreateInvitation>) -> ApiResult {
    let Settings { mailer, page, attempts: limits } = context.settings();
    let (store, system) = (context.store(), context.system());
    let NewInvitation { email, role } = context.request().json()?;
    if !mailer.is_configured() {
        return Err(ApiError::unavailable("no sender is configured"));
    }
    store.invitations().require_free(&by, &email).await?;
    attempts::mail(store, by.at(), limits, &email).await?;

    let id = InvitationId::of(&email);
    let token = invitation::token(&id, system)?;
    let invitation = Invitation {
        id,
        email,
        role: role.into(),
        invited_by: by.caller().id(),
        created_at: by.at(),
        expires_at: by.at().plus(LIFETIME),
        token_hash: token.hash(),
    };
    store.invitations().create(by, &invitation).await?;
    let how = token.instruction(page.as_deref(), LIFETIME);
    let mail = Mail {
        to: &invitation.email,
        subject: "An invitation",
        text: format!(
            "Hello,\n\nyou are invited to make an account. To choose its username and password, {how}\n\n\
             If you do not want an account, there is nothing to do.\n"
        ),
    };
    // Nobody has the token if the mail did not leave; the next invitation takes the place of this one.
    mailer.send(system, mail).await.map_err(ApiError::unavailable)?;
    response::created(&InvitationView::from(invitation))
}
