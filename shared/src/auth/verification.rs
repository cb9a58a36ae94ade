//! Verification of addresses: a mailed link proves that an account's owner reads mail to its address.

use std::time::Duration;

use super::attempts::{self, AttemptLimits};
use super::mailed_token::MailedToken;
use crate::config::{ConfigError, optional};
use crate::error::ApiError;
use crate::mail::{Mail, Mailer};
use crate::model::user::User;
use crate::store::{Store, Verification};
use crate::system::System;

/// How long a link is valid.
pub const LIFETIME: Duration = Duration::from_hours(24);

/// The settings and the client for mailing links.
#[derive(Debug)]
pub struct VerificationMail {
    pub mailer: Mailer,
    /// `EMAIL_VERIFICATION_URL`: the page that takes the token; without it, the mail contains the token alone.
    pub page: Option<String>,
}

impl VerificationMail {
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { mailer: Mailer::from_env()?, page: optional("EMAIL_VERIFICATION_URL") })
    }

    /// Mails a link to the address of an account, unless no mail can leave. Calls: UpdateItem, PutItem; none without a
    /// mailer.
    pub async fn send(
        &self,
        store: &Store,
        system: &System,
        limits: &AttemptLimits,
        user: &User,
    ) -> Result<(), ApiError> {
        if !self.mailer.is_configured() {
            return Ok(());
        }
        let now = system.now();
        attempts::mail(store, now, limits, &user.email).await?;
        let token = MailedToken::new(system)?;
        let verification = Verification {
            user_id: user.id,
            email: user.email.clone(),
            expires_at: now.plus(LIFETIME),
        };
        store.verifications().open(&token.hash(), &verification).await?;
        let how = token.instruction(self.page.as_deref(), LIFETIME);
        let mail = Mail {
            to: &user.email,
            subject: "Your email address",
            text: format!(
                "Hello,\n\nsomebody has made an account with this email address. \
                 If it was you, {how}\n\n\
                 If it was not you, there is nothing to do.\n"
            ),
        };
        self.mailer.send(system, mail).await.map_err(ApiError::unavailable)
    }
}
