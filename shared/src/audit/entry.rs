//! The rows of one request.

use std::collections::BTreeMap;
use std::mem;
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
    /// The facts that are known so far. `other_bases` may have patients whom the answer leaves out; each row keeps only
    /// those of its own patients.
    facts: Facts,
    /// The row that was put ahead of the outcome, and its facts.
    ahead: Option<(Corrected, Facts)>,
    /// For each row of a part of the request, the subjects that it names. A part is a change, or the failed items of a
    /// batch. The subjects of failed items are left out: their row does not say that these were changed or shown.
    named: Vec<Subjects>,
    /// The subjects that rows beside these name.
    shown: Subjects,
}

/// The subjects of an answer. Rows name them in addition to the subjects of the request.
#[derive(Debug, Clone, Default)]
pub struct Disclosed {
    /// The subjects whose data the answer discloses: of a batch, those of each item; of any other answer, all together.
    pub items: Vec<Subjects>,
    /// The subjects of the failed items of a batch, by the codes of the items' problems.
    pub failed: BTreeMap<Code, Subjects>,
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

    /// Returns the facts about the request that are known so far.
    pub fn facts(&self) -> Facts {
        self.0.as_ref().map(|parts| parts.state().facts.clone()).unwrap_or_default()
    }

    /// Whether the request is about a patient, as far as is known.
    pub fn names_a_patient(&self) -> bool {
        self.0.as_ref().is_some_and(|parts| !parts.state().facts.subjects.patients.is_empty())
    }

    /// Begins an attempt with these facts. Facts that an earlier attempt noted, which lost a race, may be outdated.
    pub fn begin_attempt(&self, known: &Facts) {
        self.note(|facts| facts.clone_from(known));
    }

    /// Changes the facts about the request.
    pub fn note(&self, add: impl FnOnce(&mut Facts)) {
        if let Some(parts) = &self.0 {
            add(&mut parts.state().facts);
        }
    }

    /// Names the object that the request is about by a keyed digest of its id: for an id from which somebody could find
    /// out an address.
    pub fn note_digest(&self, id: &str) {
        if let Some(parts) = &self.0 {
            parts.state().facts.object = parts.trail.digest(id);
        }
    }

    /// Puts a row ahead of the outcome, while the data are read. `expected` adds to the row what the request is expected
    /// to do. If it does something else, [`Entry::conclude`] corrects the row. A request has one such row: if an attempt
    /// that put it has lost a race, the next one puts none. Calls: PutItem, or none.
    pub async fn put_ahead(&self, expected: impl FnOnce(&mut Facts)) -> Result<(), DynamoError> {
        let Some(parts) = &self.0 else { return Ok(()) };
        if parts.state().ahead.is_some() {
            return Ok(());
        }
        let mut facts = parts.state().facts.clone();
        facts.outcome = DONE;
        expected(&mut facts);
        facts.retain_bases_of_subjects();
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
        operation: impl Into<Code>,
        subjects: Subjects,
    ) -> Result<(), DynamoError> {
        let Some(parts) = &self.0 else { return Ok(()) };
        let (operation, outcome) = (operation.into(), DONE);
        let shown = subjects.clone();
        let mut facts = Facts { operation, outcome, subjects, ..parts.state().facts.clone() };
        facts.retain_bases_of_subjects();
        if let Some(head) = parts.trail.put(facts, None, parts.trail.now()).await? {
            parts.state().shown.extend(shown);
            parts.witness.note(head);
        }
        Ok(())
    }

    /// Commits a transaction with a row that names also these subjects. The changed fields are in this row only. Calls:
    /// TransactWriteItems.
    pub async fn commit<R: Copy>(
        &self,
        transaction: Transaction<'_, R>,
        subjects: Subjects,
    ) -> Result<Outcome<R>, DynamoError> {
        let Some(parts) = &self.0 else { return transaction.commit().await };
        let mut facts = {
            let mut state = parts.state();
            let fields = mem::take(&mut state.facts.fields);
            Facts { fields, ..state.facts.clone() }
        };
        facts.subjects.extend(subjects);
        facts.retain_bases_of_subjects();
        facts.outcome = DONE;
        let subjects = facts.subjects.clone();
        let (outcome, head) = parts.trail.commit(transaction, facts).await?;
        if let Some(head) = head {
            parts.state().named.push(subjects);
            parts.witness.note(head);
        }
        Ok(outcome)
    }

    /// Puts a row for each code with which items of a batch failed. Then puts the row of the outcome, which names also the
    /// subjects whose data the answer discloses, unless the rows that were written say it already. Without these rows, the
    /// answer must not leave. Calls: PutItem for each of them.
    pub async fn conclude(&self, outcome: Code, disclosed: Disclosed) -> Result<(), DynamoError> {
        let Some(parts) = &self.0 else { return Ok(()) };
        let Disclosed { items, failed } = disclosed;
        for (code, subjects) in failed {
            let facts = parts.state().of_failed(code, subjects);
            parts.put(facts, None).await?;
            parts.state().name_own();
        }
        let Some((facts, corrects)) = parts.state().missing(outcome, items) else {
            return Ok(());
        };
        parts.put(facts, corrects).await
    }
}

impl Parts {
    /// Calls: PutItem.
    async fn put(&self, facts: Facts, corrects: Option<Corrected>) -> Result<(), DynamoError> {
        if let Some(head) = self.trail.put(facts, corrects, self.trail.now()).await? {
            self.witness.note(head);
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes that a row names the subjects of the request itself.
    fn name_own(&mut self) {
        self.named.push(self.facts.subjects.clone());
    }

    /// Returns the facts about items of a batch that failed with this code.
    fn of_failed(&self, outcome: Code, subjects: Subjects) -> Facts {
        let mut facts = Facts { outcome, ..self.facts.clone() };
        facts.subjects.extend(subjects);
        facts.retain_bases_of_subjects();
        facts
    }

    /// Returns the facts of the row that is still to be put, and the row that it corrects; `None` if the rows say all.
    fn missing(
        &self,
        outcome: Code,
        disclosed: Vec<Subjects>,
    ) -> Option<(Facts, Option<Corrected>)> {
        let mut facts = self.facts.clone();
        for mut subjects in disclosed {
            subjects.remove(&self.shown);
            // Rows of changes name some of them already, but the correction of a row must name all.
            if self.ahead.is_some() || !self.is_named(&subjects) {
                facts.subjects.extend(subjects);
            }
        }
        facts.outcome = outcome;
        if let Some((_, ahead)) = self.ahead.as_ref().filter(|_| facts.outcome != DONE) {
            // In the views of patients, a correcting row takes the place of the corrected one only if it names them.
            facts.subjects.patients.extend(&ahead.subjects.patients);
        }
        facts.retain_bases_of_subjects();
        if let Some((row, ahead)) = &self.ahead {
            return (*ahead != facts).then(|| (facts, Some(row.clone())));
        }
        let is_said = facts.outcome == DONE && self.is_named(&facts.subjects);
        (!is_said).then_some((facts, None))
    }

    /// Whether the row of one part names all of these subjects. Rows of several parts do not say that they belong
    /// together.
    fn is_named(&self, subjects: &Subjects) -> bool {
        self.named.iter().any(|named| named.name_all(subjects))
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
        mem::take(&mut *self.heads())
    }

    fn heads(&self) -> MutexGuard<'_, Vec<Head>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::row::Place;
    use super::*;
    use crate::model::id::{DoctorId, Id, PatientId};
    use crate::model::timestamp::Timestamp;

    fn of_patients(ids: &[u64]) -> Subjects {
        let patients: BTreeSet<_> = ids.iter().filter_map(|id| PatientId::new(*id)).collect();
        Subjects { patients, ..Subjects::default() }
    }

    #[test]
    fn correction_names_fewer_patients_only_if_the_request_succeeded() {
        let place = Place { chain: "a".to_owned(), seq: 5 };
        let row = Corrected { place, at: Timestamp::from_millisecond(0) };
        let covering =
            |ids: &[u64]| BTreeMap::from([(Code::from("covering"), of_patients(ids).patients)]);
        let facts = Facts { other_bases: covering(&[8, 9]), ..Facts::default() };
        let ahead = Facts {
            subjects: of_patients(&[7, 8]),
            other_bases: covering(&[8]),
            outcome: DONE,
            ..Facts::default()
        };
        let state = State { facts, ahead: Some((row.clone(), ahead.clone())), ..State::default() };

        assert_eq!(state.missing(DONE, vec![of_patients(&[7, 8])]), None);
        let fewer = Facts { subjects: of_patients(&[7]), outcome: DONE, ..Facts::default() };
        assert_eq!(state.missing(DONE, vec![of_patients(&[7])]), Some((fewer, Some(row.clone()))));
        // Without these patients, their views would say for good that the request succeeded.
        let failed = Facts { outcome: "unavailable".into(), ..ahead };
        let missing = state.missing("unavailable".into(), Vec::new());
        assert_eq!(missing, Some((failed, Some(row))));
    }

    #[test]
    fn row_of_a_batch_names_only_patients_whom_no_row_of_a_change_names() {
        let facts = |outcome: Code| Facts { outcome, ..Facts::default() };
        let named = vec![of_patients(&[7]), of_patients(&[8])];
        let state = State { named, ..State::default() };
        let items = |ids: &[u64]| ids.iter().map(|id| of_patients(&[*id])).collect();
        assert_eq!(state.missing(DONE, items(&[7, 8])), None);
        for outcome in [DONE, "unavailable".into()] {
            let missing = state.missing(outcome.clone(), items(&[7, 9]));
            let expected = Facts { subjects: of_patients(&[9]), ..facts(outcome) };
            assert_eq!(missing, Some((expected, None)));
        }
        let missing = state.missing("unavailable".into(), items(&[8]));
        assert_eq!(missing, Some((facts("unavailable".into()), None)));
    }

    #[test]
    fn row_of_a_batch_names_a_patient_whose_other_doctor_is_in_the_row_of_a_change() {
        let item = |doctor, patient| Subjects {
            doctors: DoctorId::new(doctor).into_iter().collect(),
            ..of_patients(&[patient])
        };
        let state = State { named: vec![item(1, 7), item(2, 8)], ..State::default() };
        assert_eq!(state.missing(DONE, vec![item(1, 7), item(2, 8)]), None);
        // Each of the two is in a row, but not in the same one.
        let expected = Facts { subjects: item(2, 7), outcome: DONE, ..Facts::default() };
        assert_eq!(state.missing(DONE, vec![item(1, 7), item(2, 7)]), Some((expected, None)));
    }
}
