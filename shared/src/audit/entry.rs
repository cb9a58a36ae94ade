//! The rows of one request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::row::{Code, Corrected, DONE, Facts, Head, Subjects};
use super::trail::Trail;
use crate::dynamo::{DynamoError, Outcome, Transaction};

/// Collects what a request does, and writes its rows. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Entry(Option<Arc<Parts>>);

#[derive(Debug)]
struct Parts {
    trail: Arc<Trail>,
    witness: Witness,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The facts that are known so far.
    facts: Facts,
    /// The row that was put ahead of the outcome, and what it says.
    ahead: Option<(Corrected, Facts)>,
    /// Whether a change was committed, and whom the rows of changes name.
    has_committed: bool,
    committed: Subjects,
    /// The subjects that rows beside these name.
    shown: Subjects,
}

/// The newest rows of a request, one of each chain, for its log line: with the log, nobody can remove the end of a chain
/// unnoticed. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Witness(Arc<Mutex<Vec<Head>>>);

impl Entry {
    /// An entry that writes no rows: for requests that show and change neither a patient nor an account nor a right.
    pub fn none() -> Self {
        Self(None)
    }

    pub fn new(trail: Arc<Trail>, witness: Witness, facts: Facts) -> Self {
        let state = Mutex::new(State { facts, ..State::default() });
        Self(Some(Arc::new(Parts { trail, witness, state })))
    }

    /// Returns what is known about the request.
    pub fn facts(&self) -> Facts {
        self.0.as_ref().map(|parts| parts.state().facts.clone()).unwrap_or_default()
    }

    /// Begins an attempt with what is known: what an earlier one found out, which lost a race, may no longer be right.
    pub fn begin_attempt(&self, known: &Facts) {
        self.note(|facts| facts.clone_from(known));
    }

    /// Adds what becomes known about the request.
    pub fn note(&self, add: impl FnOnce(&mut Facts)) {
        if let Some(parts) = &self.0 {
            add(&mut parts.state().facts);
        }
    }

    /// Puts a row ahead of the outcome, while the data are read. `expected` adds to the row what the request is expected
    /// to do. If it does something else, [`Entry::conclude`] corrects the row. Calls: PutItem.
    pub async fn put_ahead(&self, expected: impl FnOnce(&mut Facts)) -> Result<(), DynamoError> {
        let Some(parts) = &self.0 else { return Ok(()) };
        let mut facts = parts.state().facts.clone();
        facts.outcome = DONE;
        expected(&mut facts);
        let at = parts.trail.now();
        if let Some(head) = parts.trail.put(facts.clone(), None, at).await? {
            parts.state().ahead = Some((Corrected { place: head.place.clone(), at }, facts));
            parts.witness.note(head);
        }
        Ok(())
    }

    /// Puts a row that says that the answer shows these subjects beside what the request is about. It names the operation
    /// that shows them. Calls: PutItem.
    pub async fn put_beside(
        &self,
        operation: &'static str,
        subjects: Subjects,
    ) -> Result<(), DynamoError> {
        let Some(parts) = &self.0 else { return Ok(()) };
        let (operation, outcome) = (operation.into(), DONE);
        let shown = subjects.clone();
        let facts = Facts { operation, outcome, subjects, ..parts.state().facts.clone() };
        if let Some(head) = parts.trail.put(facts, None, parts.trail.now()).await? {
            parts.state().shown.extend(shown);
            parts.witness.note(head);
        }
        Ok(())
    }

    /// Commits a transaction with a row that names also these subjects. Calls: TransactWriteItems.
    pub async fn commit<R: Copy>(
        &self,
        transaction: Transaction<'_, R>,
        subjects: Subjects,
    ) -> Result<Outcome<R>, DynamoError> {
        let Some(parts) = &self.0 else { return transaction.commit().await };
        let mut facts = parts.state().facts.clone();
        facts.subjects.extend(subjects);
        facts.outcome = DONE;
        let subjects = facts.subjects.clone();
        let (outcome, head) = parts.trail.commit(transaction, facts).await?;
        if let Some(head) = head {
            let mut state = parts.state();
            state.has_committed = true;
            state.committed.extend(subjects);
            drop(state);
            parts.witness.note(head);
        }
        Ok(outcome)
    }

    /// Puts the row of the outcome, which names also the subjects whose data the answer discloses, unless the rows that
    /// were written say it already. Without it, the answer must not leave. Calls: PutItem, or none.
    pub async fn conclude(&self, outcome: Code, disclosed: Subjects) -> Result<(), DynamoError> {
        let Some(parts) = &self.0 else { return Ok(()) };
        let Some((facts, corrects)) = parts.state().missing(outcome, disclosed) else {
            return Ok(());
        };
        if let Some(head) = parts.trail.put(facts, corrects, parts.trail.now()).await? {
            parts.witness.note(head);
        }
        Ok(())
    }
}

impl Parts {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns what no row says yet, and the row that says something else.
    fn missing(
        &self,
        outcome: Code,
        mut disclosed: Subjects,
    ) -> Option<(Facts, Option<Corrected>)> {
        let mut facts = self.facts.clone();
        disclosed.remove(&self.shown);
        facts.subjects.extend(disclosed);
        facts.outcome = outcome;
        if let Some((row, ahead)) = &self.ahead {
            return (*ahead != facts).then(|| (facts, Some(row.clone())));
        }
        let is_said =
            self.has_committed && facts.outcome == DONE && self.committed.name_all(&facts.subjects);
        (!is_said).then_some((facts, None))
    }
}

impl Witness {
    fn note(&self, head: Head) {
        let mut heads = self.heads();
        heads.retain(|other| other.place.chain != head.place.chain);
        heads.push(head);
    }

    /// Returns the rows.
    pub fn take(&self) -> Vec<Head> {
        std::mem::take(&mut *self.heads())
    }

    fn heads(&self) -> MutexGuard<'_, Vec<Head>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
