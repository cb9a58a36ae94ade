//! Access tokens that no login returns.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::template;
use crate::auth::ed25519;
use crate::auth::signing_key::SigningKey;
use crate::auth::token;
use crate::config::Tokens;
use crate::model::id::{Id, UserId};
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User};
use crate::system::System;

/// Returns the token that a member of staff would have been given so long `ago`, by a stack with this secret and the
/// template's own issuer and audience.
pub fn minted(secret: &SecretString, user_id: u64, session_id: &str, ago: Duration) -> String {
    ed25519::install();
    let key = SigningKey::derive(secret).expect("a secret that is long enough");
    let ago = i64::try_from(ago.as_millis()).expect("a short while");
    let then = move || Timestamp::from_millisecond(Timestamp::system().as_millisecond() - ago);
    let user = User::new(
        UserId::new(user_id).expect("the id of an account"),
        "made-up".parse().expect("a username"),
        "made-up@example.com".parse().expect("an email"),
        Role::Staff,
        then(),
    );
    let session_id = session_id.parse().expect("the id of a session");
    let system = System::new(Arc::new(then));
    token::sign(&system, &tokens(), key.kid(), &key.key, &user, session_id).expect("a token")
}

fn tokens() -> Tokens {
    let environment = &template().functions["auth-login"].environment;
    let default = |name: &str| environment[name].clone().expect("a default");
    Tokens { issuer: default("TOKEN_ISSUER"), audience: default("TOKEN_AUDIENCE") }
}
