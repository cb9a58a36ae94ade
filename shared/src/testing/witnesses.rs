//! The rows of the audit trail that log lines name, for tests that verify the trail.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::world::Handler;
use crate::app::App;
use crate::audit::Head;
use crate::endpoint::HandlerFuture;
use crate::request::Request;

/// Collects what the log lines of requests would name. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Witnesses(Arc<Mutex<Vec<Head>>>);

impl Witnesses {
    /// Returns the handler. The rows of its requests are collected here, and not in their log lines. Those of a request
    /// that is stopped are in neither.
    pub fn of<H: Handler>(&self, handler: H) -> impl Handler + use<H> {
        let witnesses = self.clone();
        move |app: App, request: Request| {
            let (witnesses, witness) = (witnesses.clone(), request.witness().clone());
            let answer = handler(app, request);
            Box::pin(async move {
                let answer = answer.await;
                witnesses.add(witness.take());
                answer
            }) as HandlerFuture
        }
    }

    /// Adds the rows of work without a request.
    pub fn add(&self, heads: Vec<Head>) {
        self.lock().extend(heads);
    }

    /// Returns the rows that were collected.
    pub fn heads(&self) -> Vec<Head> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Head>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
