//! The mailed tokens of invitations. A token begins with the invitation's id, by which the invitation is found.

use std::time::Duration;

use super::mailed_token::MailedToken;
use crate::model::invitation::{Invitation, InvitationId};
use crate::model::timestamp::Timestamp;
use crate::store::{Store, StoreError};
use crate::system::{NoRandomness, System};

/// How long an invitation is open.
pub const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// Returns the token of a new invitation.
pub fn token(id: &InvitationId, system: &System) -> Result<MailedToken, NoRandomness> {
    MailedToken::about(id.as_str(), system)
}

/// Returns the open invitation that a token accepts. Calls: GetItem; none if it is no token of an invitation.
pub async fn open(
    store: &Store,
    token: &MailedToken,
    now: Timestamp,
) -> Result<Invitation, StoreError> {
    let id: Option<InvitationId> = token.name().and_then(|name| name.parse().ok());
    let id = id.ok_or(StoreError::TokenEnded)?;
    let found = store.invitations().find(&id, &token.hash(), now).await?;
    found.ok_or(StoreError::TokenEnded)
}
