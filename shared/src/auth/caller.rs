//! The caller of a request: known from an access token, and from the account and session as they are now.

use crate::app::App;
use crate::auth::permission::{Permission, permits};
use crate::auth::token::{self, Verified};
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::session::SessionId;
use crate::model::user::User;
use crate::table::{Items, Wanted};

/// Somebody signed in. A handler that takes one cannot be reached without it.
#[derive(Debug, Clone)]
pub struct Caller {
    user: User,
    session_id: SessionId,
}

impl Caller {
    /// Whose an access token is. Calls: A.
    pub async fn of_token(app: &App, token: &str) -> Result<Self, ApiError> {
        let verified = token::verify(app, token).await?;
        Self::with(app, verified, Wanted::default()).await.map(|(caller, _)| caller)
    }

    /// Reads account and session, consistently and in one call, so that what ends a session or changes a role counts
    /// from the next request on; in the same call what else is wanted. Calls: A.
    pub(crate) async fn with(
        app: &App,
        verified: Verified,
        wanted: Wanted,
    ) -> Result<(Self, Items), ApiError> {
        let Verified { user_id, session_id } = verified;
        match app.table().user_session_and(user_id, &session_id, wanted).await? {
            Some((user, session, items)) if session.is_valid_for(&user, app.now()) => {
                Ok((Self { user, session_id: session.id }, items))
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
