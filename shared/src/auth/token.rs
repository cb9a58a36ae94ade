//! Access tokens: JWTs (RFC 7519) signed with Ed25519, checked against an allow-list of that one algorithm.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::session::SessionId;

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

/// Checks signature, issuer, audience, type and times. The key is chosen by `kid` among the
/// published ones; whatever else a header offers (`jku`, `jwk`, `x5u`) is not looked at.
pub async fn verify(app: &App, token: &str) -> Result<Verified, ApiError> {
    let invalid = |_| ApiError::TokenNotValid;
    let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
    let kid = header.kid.ok_or(ApiError::TokenNotValid)?;
    // What is critical must be understood (RFC 7515, 4.1.11), and nothing is.
    if header.alg != Algorithm::EdDSA || header.crit.is_some() {
        return Err(ApiError::TokenNotValid);
    }
    let key = app.keyring().key(app, &kid).await?.ok_or(ApiError::TokenNotValid)?;

    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[&app.tokens().issuer]);
    validation.set_audience(&[&app.tokens().audience]);
    // Times are checked below, by the app's clock and without leeway.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(invalid)?.claims;

    let now = app.now().as_second();
    let is_current = now < claims.exp && claims.nbf.is_none_or(|nbf| nbf <= now);
    if !is_current || claims.token_type != ACCESS {
        return Err(ApiError::TokenNotValid);
    }
    Ok(Verified {
        user_id: claims.sub.parse().map_err(|_| ApiError::TokenNotValid)?,
        session_id: claims.sid,
    })
}
