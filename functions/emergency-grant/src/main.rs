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
use shared::store::{GrantEmergencyAccess, OpenedEmergency, StoreError};
use shared::{ApiError, ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

const REVIEW_MAIL: &str = "REVIEW_MAIL";

struct Settings {
    mailer: Mailer,
    /// `REVIEW_MAIL`: the address that gets a mail for every grant; without it, the administrators get one.
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
        Ok(opened) => {
            notify(&context, &opened).await;
            response::created(&opened.review.access())
        }
        Err(error) => {
            attempt.refused(store, &error).await;
            Err(error.into())
        }
    }
}

/// Mails those who can review the access. The mails name no patient. In an emergency, access does not depend on mail.
async fn notify(context: &Context<Settings>, opened: &OpenedEmergency) {
    let addresses = recipients(context, opened).await.unwrap_or_else(|error| {
        note_failure("no mail about emergency access left", Err(error));
        Vec::new()
    });
    let mails = addresses.iter().map(|to| mail(to, &opened.review)).collect();
    for sent in context.settings().mailer.send_all(context.system(), mails).await {
        note_failure("a mail about emergency access did not leave", sent);
    }
}

/// Returns who gets a mail: the reviewer of the settings, or the administrators if mail can leave. Calls: those of
/// [`shared::store::Emergencies::reviewers`], or none.
async fn recipients(
    context: &Context<Settings>,
    opened: &OpenedEmergency,
) -> Result<Vec<Email>, StoreError> {
    let Settings { mailer, reviewer } = context.settings();
    match reviewer {
        Some(reviewer) => Ok(vec![reviewer.clone()]),
        None if mailer.is_configured() => context.store().emergencies().reviewers(opened).await,
        None => Ok(Vec::new()),
    }
}

fn mail<'a>(to: &'a Email, review: &EmergencyReview) -> Mail<'a> {
    let EmergencyReview { id, user_id, reason_code, granted_at, .. } = review;
    let text = format!(
        "Hello,\n\naccount {user_id} has opened emergency access to the record of a patient.\n\n\
         Time: {granted_at}\nReason: {}\nReview: {id}\n\n\
         An administrator must review it: GET /api/emergency-access/ lists the open reviews.\n",
        reason_code.code()
    );
    Mail { to, subject: "Emergency access to a patient", text }
}
