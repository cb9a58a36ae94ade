//! The caller of a request: known from an access token, and from the account and session as they are now.

use crate::app::App;
use crate::auth::permission::{Permission, permits};
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::user::User;
use crate::request::Request;

/// Somebody signed in. A handler that takes one cannot be reached without it.
#[derive(Debug, Clone)]
pub struct Caller {
    user: User,
}

impl Caller {
    /// Verifies the token, then reads account and session, consistently and in one call, so that what
    /// ends a session or changes a role counts from the next request on.
    pub(crate) async fn authenticate(app: &App, request: &Request) -> Result<Self, ApiError> {
        let token = request.bearer().ok_or(ApiError::NotAuthenticated)?;
        let claims = super::token::verify(app, token).await?;
        let found = app.table().user_and_session(claims.user_id, &claims.session_id).await?;
        match found {
            Some((user, session)) if session.is_valid_for(&user, app.now()) => Ok(Self { user }),
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

    /// 403 unless the caller's role permits it.
    pub fn must(&self, permission: Permission) -> Result<(), ApiError> {
        if permits(self.user.role, permission) { Ok(()) } else { Err(ApiError::PermissionDenied) }
    }
}
