//! Resets: the owner of an account sets a new password with a mailed token.

use std::time::Duration;

use super::mailed_token::MailedToken;

/// How long a token is valid.
pub const LIFETIME: Duration = Duration::from_mins(30);

/// The token of a reset.
pub type ResetToken = MailedToken;
