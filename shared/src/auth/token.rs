//! Access tokens: JWTs (RFC 7519) signed with Ed25519, checked against an allow-list of that one algorithm.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::verified_tokens::Fingerprint;
use crate::app::App;
use crate::config::Tokens;
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;
use crate::request::Request;

pub const LIFETIME: Duration = Duration::from_mins(15);

const ACCESS: &str = "access";

/// Every claim of an access token. There is no role among them: it is read with the session.
/// Times are in seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: SessionId,
    jti: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    token_type: String,
}

/// What a valid token says.
#[derive(Debug)]
pub struct Verified {
    pub user_id: UserId,
    pub session_id: SessionId,
}

/// What a token says that one of the published keys has signed, for this issuer and audience. It is true for ever:
/// whether it counts now is for the key and the times to say.
#[derive(Clone)]
pub struct Signed {
    /// The key's own thumbprint, which no other key has.
    pub kid: String,
    pub user_id: UserId,
    pub session_id: SessionId,
    /// In seconds since 1970.
    pub not_before: Option<i64>,
    /// In seconds since 1970.
    pub expires: i64,
}

impl Signed {
    /// By the times alone, without leeway.
    pub fn is_current(&self, now: Timestamp) -> bool {
        let now = now.as_second();
        now < self.expires && self.not_before.is_none_or(|not_before| not_before <= now)
    }
}

/// A token for a session, valid for [`LIFETIME`].
pub fn sign(
    app: &App,
    kid: &str,
    key: &EncodingKey,
    user_id: UserId,
    session_id: SessionId,
) -> Result<String, ApiError> {
    let now = app.now();
    let claims = Claims {
        iss: app.tokens().issuer.clone(),
        aud: app.tokens().audience.clone(),
        sub: user_id.to_string(),
        sid: session_id,
        jti: app.random_text::<16>()?,
        iat: now.as_second(),
        exp: now.plus(LIFETIME).as_second(),
        nbf: None,
        token_type: ACCESS.to_owned(),
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, &claims, key).map_err(ApiError::internal)
}

/// The token that a request comes with, verified.
pub async fn of_request(app: &App, request: &Request) -> Result<Verified, ApiError> {
    verify(app, request.bearer().ok_or(ApiError::NotAuthenticated)?).await
}

/// Checks signature, issuer, audience, type and times. The key is chosen by `kid` among the
/// published ones; whatever else a header offers (`jku`, `jwk`, `x5u`) is not looked at.
pub async fn verify(app: &App, token: &str) -> Result<Verified, ApiError> {
    let fingerprint = Fingerprint::of(token);
    let signed = match app.verified_tokens().get(&fingerprint) {
        Some(signed) => {
            key(app, &signed.kid).await?;
            signed
        }
        None => {
            let kid = kid_of(token)?;
            let signed = signed_with(&key(app, &kid).await?, kid, app.tokens(), token)?;
            app.verified_tokens().remember(fingerprint, signed.clone(), app.now());
            signed
        }
    };
    if !signed.is_current(app.now()) {
        return Err(ApiError::TokenNotValid);
    }
    Ok(Verified { user_id: signed.user_id, session_id: signed.session_id })
}

/// The key of this id, if it counts.
async fn key(app: &App, kid: &str) -> Result<DecodingKey, ApiError> {
    app.keyring().key(app, kid).await?.ok_or(ApiError::TokenNotValid)
}

/// The key that a token wants to be checked with, if it wants to be checked in our way.
fn kid_of(token: &str) -> Result<String, ApiError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| ApiError::TokenNotValid)?;
    // What is critical must be understood (RFC 7515, 4.1.11), and nothing is.
    if header.alg != Algorithm::EdDSA || header.crit.is_some() {
        return Err(ApiError::TokenNotValid);
    }
    header.kid.ok_or(ApiError::TokenNotValid)
}

/// What a token says, if this key has signed it and everything is in it.
fn signed_with(
    key: &DecodingKey,
    kid: String,
    tokens: &Tokens,
    token: &str,
) -> Result<Signed, ApiError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[&tokens.issuer]);
    validation.set_audience(&[&tokens.audience]);
    // Times are looked at with every request, by the app's clock and without leeway.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
        .map_err(|_| ApiError::TokenNotValid)?
        .claims;
    if claims.token_type != ACCESS {
        return Err(ApiError::TokenNotValid);
    }
    Ok(Signed {
        kid,
        user_id: claims.sub.parse().map_err(|_| ApiError::TokenNotValid)?,
        session_id: claims.sid,
        not_before: claims.nbf,
        expires: claims.exp,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::model::user::Role;
    use crate::testing::{World, run};

    #[test]
    fn what_is_signed_is_remembered_and_nothing_else() {
        run(async |world: World| {
            let actor = world.actor(Role::Staff).await;
            let good = actor.token.expose_secret();
            let forged = format!("{}AAAA", &good[..good.len() - 4]);
            let is_known =
                |token| world.app.verified_tokens().get(&Fingerprint::of(token)).is_some();
            assert!(!is_known(good));
            for _ in 0..2 {
                assert_eq!(verify(&world.app, good).await.unwrap().user_id, actor.id());
                assert!(is_known(good));
            }
            assert!(verify(&world.app, &forged).await.is_err());
            assert!(!is_known(&forged));
        });
    }
}
