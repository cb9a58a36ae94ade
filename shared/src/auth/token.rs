//! Access tokens: JWTs (RFC 7519) signed with Ed25519, checked against an allow-list of that one algorithm.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::access::Hint;
use crate::config::Tokens;
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::system::System;

pub const LIFETIME: Duration = Duration::from_mins(15);

const ACCESS: &str = "access";

/// Every claim of an access token. Times are in seconds since 1970.
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
    /// Only chooses which reads may start early. Tokens of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<Hint>,
}

/// The content of a valid token.
#[derive(Debug, Clone)]
pub struct Verified {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub hint: Option<Hint>,
}

/// The content of a token that one of the published keys has signed, for this issuer and audience. It never changes;
/// whether the token is valid now depends on the key and the times.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The key's thumbprint.
    pub kid: String,
    pub verified: Verified,
    /// In seconds since 1970.
    pub not_before: Option<i64>,
    /// In seconds since 1970.
    pub expires: i64,
}

impl Signed {
    /// Whether the token's times include `now`, without leeway.
    pub fn is_current(&self, now: Timestamp) -> bool {
        let now = now.as_second();
        now < self.expires && self.not_before.is_none_or(|not_before| not_before <= now)
    }
}

/// Returns a token for a session, valid for [`LIFETIME`].
pub fn sign(
    system: &System,
    tokens: &Tokens,
    kid: &str,
    key: &EncodingKey,
    user: &User,
    session_id: SessionId,
) -> Result<String, ApiError> {
    let now = system.now();
    let claims = Claims {
        iss: tokens.issuer.clone(),
        aud: tokens.audience.clone(),
        sub: user.id.to_string(),
        sid: session_id,
        jti: system.random_text::<16>()?,
        iat: now.as_second(),
        exp: now.plus(LIFETIME).as_second(),
        nbf: None,
        token_type: ACCESS.to_owned(),
        hint: Some(Hint::of(user)),
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, &claims, key).map_err(ApiError::internal)
}

/// Returns the id of the key that a token names, if its algorithm is ours.
pub fn kid_of(token: &str) -> Result<String, ApiError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| ApiError::TokenNotValid)?;
    // Critical extensions must be understood (RFC 7515, 4.1.11), and none is.
    if header.alg != Algorithm::EdDSA || header.crit.is_some() {
        return Err(ApiError::TokenNotValid);
    }
    header.kid.ok_or(ApiError::TokenNotValid)
}

/// Returns the content of a token that this key has signed and that has every claim.
pub fn signed_with(
    key: &DecodingKey,
    kid: String,
    tokens: &Tokens,
    token: &str,
) -> Result<Signed, ApiError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[&tokens.issuer]);
    validation.set_audience(&[&tokens.audience]);
    // `Signed::is_current` checks the times with every request, by the injected clock and without leeway.
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
        verified: Verified {
            user_id: claims.sub.parse().map_err(|_| ApiError::TokenNotValid)?,
            session_id: claims.sid,
            hint: claims.hint,
        },
        not_before: claims.nbf,
        expires: claims.exp,
    })
}
