//! Invitations: an administrator asks the owner of an address to make an account of a role.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deserr::Deserr;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::field::FieldErrors;
use super::id::UserId;
use super::text_id::text_id;
use super::timestamp::Timestamp;
use super::user::Role;
use crate::discloses_no_patient;

text_id! {
    /// The id of an invitation: a hash of its address, so that an address has one invitation at most.
    InvitationId
}

impl InvitationId {
    /// Returns the id of the invitation of an address, in any spelling.
    pub fn of(email: &Email) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest(&SHA256, email.unique_form().as_bytes())))
    }
}

/// The body of an administrator's request.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct NewInvitation {
    pub email: Email,
    /// The role of the account that accepts the invitation.
    pub role: InvitedRole,
}

/// A role that an invitation can give. Not `doctor` or `patient`: an administrator gives these to an existing account,
/// with its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
pub enum InvitedRole {
    Admin,
    Staff,
    Pending,
}

impl From<InvitedRole> for Role {
    fn from(role: InvitedRole) -> Self {
        match role {
            InvitedRole::Admin => Self::Admin,
            InvitedRole::Staff => Self::Staff,
            InvitedRole::Pending => Self::Pending,
        }
    }
}

/// A stored invitation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: Email,
    pub role: Role,
    pub invited_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// The hash of the mailed token.
    pub token_hash: String,
}

/// An invitation as administrators see it.
#[derive(Debug, Clone, Serialize)]
pub struct InvitationView {
    pub id: InvitationId,
    pub email: Email,
    pub role: Role,
    pub invited_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

discloses_no_patient!(InvitationView);

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_has_the_same_id() {
        let id = |email: &str| InvitationId::of(&email.parse().unwrap());
        assert_eq!(id("jane@münchen.example"), id("Jane@xn--mnchen-3ya.example"));
        assert_ne!(id("jane@example.com"), id("june@example.com"));
        assert_eq!(id("jane@example.com").as_str().parse(), Ok(id("jane@example.com")));
    }
}
