//! The caller of a request: known from an access token, and from the account and session as they are now.

use crate::app::App;
use crate::auth::permission::{Permission, permits};
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::session::SessionId;
use crate::model::user::User;
use crate::request::Request;

/// Somebody signed in. A handler that takes one cannot be reached without it.
#[derive(Debug, Clone)]
pub struct Caller {
    user: User,
    session_id: SessionId,
}

impl Caller {
    pub(crate) async fn authenticate(app: &App, request: &Request) -> Result<Self, ApiError> {
        let token = request.bearer().ok_or(ApiError::NotAuthenticated)?;
        Self::of_token(app, token).await
    }

    /// Verifies an access token, then reads account and session, consistently and in one call, so that
    /// what ends a session or changes a role counts from the next request on. Calls: A.
    pub async fn of_token(app: &App, token: &str) -> Result<Self, ApiError> {
        let claims = super::token::verify(app, token).await?;
        let found = app.table().user_and_session(claims.user_id, &claims.session_id).await?;
        match found {
            Some((user, session)) if session.is_valid_for(&user, app.now()) => {
                Ok(Self { user, session_id: session.id })
            }
            _ => Err(ApiError::TokenNotValid),
        }
    }

    /// The account, as it is at this request.
    pub fn user(&self) -> &User {
        &self.user
    }

    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// The session that the request is made in.
    pub fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    /// 403 unless the caller's role permits it.
    pub fn must(&self, permission: Permission) -> Result<(), ApiError> {
        if permits(self.user.role, permission) { Ok(()) } else { Err(ApiError::PermissionDenied) }
    }
}
