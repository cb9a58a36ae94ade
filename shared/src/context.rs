//! The handler's context: the request, the store, and the function's own settings.

use std::sync::Arc;

use crate::access::Caller;
use crate::app::App;
use crate::auth::password::HashSlots;
use crate::error::ApiError;
use crate::model::timestamp::Timestamp;
use crate::request::Request;
use crate::store::Store;
use crate::system::System;

/// Cheap to clone. `S` are the function's settings, read from the environment once, at start.
#[derive(Debug)]
pub struct Context<S = ()> {
    app: App,
    request: Arc<Request>,
    settings: Arc<S>,
}

impl<S> Context<S> {
    pub(crate) fn new(app: App, request: Request, settings: Arc<S>) -> Self {
        Self { app, request: Arc::new(request), settings }
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn settings(&self) -> &S {
        &self.settings
    }

    pub fn store(&self) -> &Store {
        self.app.store()
    }

    /// The clock and the random number generator.
    pub fn system(&self) -> &System {
        self.app.system()
    }

    pub fn now(&self) -> Timestamp {
        self.app.now()
    }

    /// The slots in which passwords are hashed.
    pub fn hash_slots(&self) -> &Arc<HashSlots> {
        self.app.hash_slots()
    }

    /// Returns the caller whose access token this is, if it is valid now. Calls: BatchGetItem.
    pub async fn authenticate(&self, token: &str) -> Result<Caller, ApiError> {
        let verified = self.app.verifier().verify(self.store(), self.now(), token).await?;
        let accounts = self.store().accounts();
        let found = accounts.with_session(verified.user_id, &verified.session_id).await?;
        found
            .and_then(|(user, session)| Caller::new(user, session, self.now()))
            .ok_or(ApiError::TokenNotValid)
    }
}

impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        Self {
            app: self.app.clone(),
            request: self.request.clone(),
            settings: self.settings.clone(),
        }
    }
}
