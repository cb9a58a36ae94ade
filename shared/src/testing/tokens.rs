//! Access tokens that no login gives.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "that is how a test fails")]

use std::time::Duration;

use repo::template::{KEYS_TABLE_NAME, TABLE_NAME, Template};
use secrecy::SecretString;

use super::emulator::settings;
use crate::app::App;
use crate::auth::signing_key::SigningKey;
use crate::auth::token;
use crate::config::{Edge, Tokens};
use crate::model::id::{Id, UserId};
use crate::model::timestamp::Timestamp;
use crate::table::{Table, client};

/// The token that a session would have been given so long `ago` by a stack with this secret and the
/// template's own issuer and audience.
pub fn minted(secret: &SecretString, user_id: u64, session_id: &str, ago: Duration) -> String {
    let key = SigningKey::derive(secret).expect("a secret that is long enough");
    let user_id = UserId::new(user_id).expect("the id of an account");
    let session_id = session_id.parse().expect("the id of a session");
    token::sign(&app(ago), key.kid(), &key.key, user_id, session_id).expect("a token")
}

/// An app whose clock is behind. Its tables are nowhere: signing asks for nothing of them.
fn app(behind: Duration) -> App {
    let template = Template::load().expect("template.yaml");
    let environment = &template.functions["auth-login"].environment;
    let default = |name: &str| environment[name].clone().expect("a default");
    let tokens = Tokens { issuer: default("TOKEN_ISSUER"), audience: default("TOKEN_AUDIENCE") };
    let nowhere = client(&settings("http://nowhere.invalid".to_owned()));
    let table = Table::new(nowhere, TABLE_NAME.to_owned(), KEYS_TABLE_NAME.to_owned());
    let behind = i64::try_from(behind.as_millis()).expect("a short while");
    let clock = move || Timestamp::from_millisecond(Timestamp::system().as_millisecond() - behind);
    App::with(table, tokens, Edge::default(), 1024, Box::new(clock))
}
