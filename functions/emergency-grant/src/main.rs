//! POST /api/patients/{id}/emergency-access/ lets the caller read a patient's data for four hours: 201, or 200 if the
//! caller has this access already. An administrator reviews it later.

use std::process::ExitCode;

use shared::auth::emergency_attempts::GrantAttempt;
use shared::config::{self, ConfigError, optional, parsed};
use shared::log::note_failure;
use shared::mail::{Mail, Mailer};
use shared::model::email::Email;
use shared::model::emergency::EmergencyId;
use shared::model::emergency_review::EmergencyReview;
use shared::store::GrantEmergencyAccess;
use shared::{ApiError, ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

const REVIEW_MAIL: &str = "REVIEW_MAIL";

struct Settings {
    mailer: Mailer,
    /// `REVIEW_MAIL`: the address that gets a mail for every grant; without it, no mail is sent.
    reviewer: Option<Email>,
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        let reviewer = optional(REVIEW_MAIL).map(|_| parsed(REVIEW_MAIL)).transpose()?;
        Ok(Self { mailer: Mailer::from_env()?, reviewer })
    }
}

fn main() -> ExitCode {
    serve(grant)
}

async fn grant(context: Context<Settings>, by: Granted<GrantEmergencyAccess>) -> ApiResult {
    let store = context.store();
    if let Some(access) = store.emergencies().current(&by)? {
        return response::ok(&access);
    }
    let random = context.system().random_text::<16>()?;
    let id = EmergencyId::new(by.at(), &random).map_err(ApiError::internal)?;
    let attempt = GrantAttempt::reserve(store, by.at(), by.caller().id()).await?;
    match store.emergencies().grant(by, id).await {
        Ok(review) => {
            tell(&context, &review).await;
            response::created(&review.access())
        }
        Err(error) => {
            attempt.refused(store, &error).await;
            Err(error.into())
        }
    }
}

/// Mails the reviewer. The mail names no patient. In an emergency, access does not depend on mail.
async fn tell(context: &Context<Settings>, review: &EmergencyReview) {
    let Settings { mailer, reviewer } = context.settings();
    let Some(reviewer) = reviewer else { return };
    let EmergencyReview { id, user_id, reason_code, granted_at, .. } = review;
    let mail = Mail {
        to: reviewer,
        subject: "Emergency access to a patient",
        text: format!(
            "Hello,\n\naccount {user_id} has opened emergency access to the record of a patient.\n\n\
             Time: {granted_at}\nReason: {}\nReview: {id}\n\n\
             An administrator must review it: GET /api/emergency-access/ lists the open reviews.\n",
            reason_code.code()
        ),
    };
    let sent = mailer.send(context.system(), mail).await;
    note_failure("a mail about emergency access did not leave", sent);
}
