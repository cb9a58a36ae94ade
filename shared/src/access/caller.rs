//! The caller of a request: an account and a session, as they are at this request.

use crate::model::id::UserId;
use crate::model::session::{Session, SessionId};
use crate::model::timestamp::Timestamp;
use crate::model::user::User;

/// An account that is signed in.
#[derive(Debug, Clone)]
pub struct Caller {
    user: User,
    session_id: SessionId,
}

impl Caller {
    /// Returns the caller if the session is valid for the account now.
    pub(crate) fn new(user: User, session: Session, now: Timestamp) -> Option<Self> {
        let is_valid = session.is_valid_for(&user, now);
        is_valid.then_some(Self { user, session_id: session.id })
    }

    /// A caller that is in no table, for tests of the store.
    #[cfg(feature = "testing")]
    pub(crate) fn made_up(user: User, session_id: SessionId) -> Self {
        Self { user, session_id }
    }

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
}
