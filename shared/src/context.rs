//! The handler's context: the request, the store, and the function's own settings.

use std::sync::Arc;

use crate::access::Caller;
use crate::app::App;
use crate::audit::{Entry, Facts};
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
    store: Store,
    entry: Entry,
    request: Arc<Request>,
    settings: Arc<S>,
}

impl<S> Context<S> {
    /// `operation` is the function's name, if the audit trail records its requests.
    pub(crate) fn new(
        app: App,
        request: Request,
        settings: Arc<S>,
        operation: Option<&'static str>,
    ) -> Self {
        let entry = match operation {
            Some(operation) => {
                let facts = Facts {
                    operation: operation.into(),
                    request_id: request.id(),
                    address: app.trail().digest_of(request.source_address()),
                    ..Facts::default()
                };
                Entry::new(app.trail().clone(), request.witness().clone(), facts)
            }
            None => Entry::none(),
        };
        let store = app.store().recorded_by(entry.clone());
        Self { app, store, entry, request: Arc::new(request), settings }
    }

    /// Returns the context of the same request if the audit trail does not record it.
    pub(crate) fn unrecorded(&self) -> Self {
        let (entry, store) = (Entry::none(), self.store.recorded_by(Entry::none()));
        Self { entry, store, ..self.clone() }
    }

    /// The request's entry in the audit trail.
    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
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

    /// The store, whose changes the request's entry in the audit trail records.
    pub fn store(&self) -> &Store {
        &self.store
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
            store: self.store.clone(),
            entry: self.entry.clone(),
            request: self.request.clone(),
            settings: self.settings.clone(),
        }
    }
}
