//! People who are signed in.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use secrecy::{ExposeSecret, SecretString};

use crate::auth::refresh_token::RefreshToken;
use crate::model::id::UserId;
use crate::model::session::SessionId;
use crate::model::user::User;

/// A person with an account and a session.
pub struct Actor {
    pub user: User,
    /// A valid access token.
    pub token: SecretString,
    /// The session's refresh token.
    pub refresh: SecretString,
}

impl Actor {
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// Returns the id of the session, which is part of the refresh token.
    pub fn session_id(&self) -> SessionId {
        let token = RefreshToken::parse(self.refresh.expose_secret()).expect("a refresh token");
        token.session_id
    }
}
