//! Resets: the owner of an account sets a new password with a mailed token.

use std::time::Duration;

/// How long a token is valid.
pub const LIFETIME: Duration = Duration::from_mins(30);
