//! The place of the audit trail: every decided request gives one row to a sink, before its answer leaves.
//!
//! The row follows the handler. A trail that must not lose the row of a write puts it into the write's own transaction,
//! which `store` composes from the grant. A request that ends by its deadline or a panic gives no row and no data.

use std::collections::BTreeSet;
use std::future::{Future, ready};
use std::pin::Pin;

use crate::access::{Act, Basis, Caller};
use crate::error::ApiError;
use crate::model::id::{PatientId, UserId};
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;

/// Who did what, when, on what basis, and whose data the answer discloses. Ids and codes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub at: Timestamp,
    pub actor: UserId,
    pub session: SessionId,
    pub act: Act,
    /// `None` if the request was refused.
    pub basis: Option<Basis>,
    /// The patient whom the request names, and those whose data the answer discloses.
    pub patients: BTreeSet<PatientId>,
    /// The code of the failure; `None` if there was none.
    pub failure: Option<&'static str>,
}

/// The outcome of recording a row.
pub type Recorded<'a> = Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send + 'a>>;

/// Takes the rows. If it fails, the answer is its error: no row, no data.
pub trait AuditSink: Send + Sync {
    fn record(&self, row: Row) -> Recorded<'_>;
}

/// Keeps no trail.
#[derive(Debug)]
pub struct NoTrail;

impl AuditSink for NoTrail {
    fn record(&self, _row: Row) -> Recorded<'_> {
        Box::pin(ready(Ok(())))
    }
}

impl Row {
    /// A row without an outcome.
    pub fn of(caller: &Caller, act: Act, patient: Option<PatientId>, at: Timestamp) -> Self {
        Self {
            at,
            actor: caller.id(),
            session: caller.session_id().clone(),
            act,
            basis: None,
            patients: patient.into_iter().collect(),
            failure: None,
        }
    }
}
