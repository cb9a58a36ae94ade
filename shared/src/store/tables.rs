//! The tables of the product.

use super::error::StoreError;
use super::keys::subjects_of;
use crate::access::Basis;
use crate::audit::{Code, Entry, Subjects};
use crate::dynamo::{Client, DynamoError, Key, Outcome, Table, Transaction};
use crate::model::id::{PatientId, UserId};
use crate::model::session::SessionId;

/// The tables, and the entry of the request in the audit trail. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) main: Table,
    pub(super) keys: Table,
    /// For readers of the trail: `entry` writes it.
    pub(super) audit: Table,
    pub(super) entry: Entry,
}

impl Store {
    /// `names` are the physical names of the main table, the keys table and the audit trail's table.
    pub fn new(client: Client, names: [String; 3]) -> Self {
        let [main, keys, audit] = names.map(|name| Table::new(client.clone(), name));
        Self { main, keys, audit, entry: Entry::none() }
    }

    /// Returns the store whose changes this entry records.
    #[must_use]
    pub fn recorded_by(&self, entry: Entry) -> Self {
        Self { entry, ..self.clone() }
    }

    /// Names the account that makes the request, for the audit trail: of a request that comes before any decision.
    pub(crate) fn acts_for(&self, account: UserId, session: &SessionId) {
        self.entry.note(|facts| {
            facts.actor = Some(account);
            facts.session = Some(session.clone());
        });
    }

    /// Names the account that asked for work without a request, for the audit trail.
    pub(super) fn works_for(&self, account: UserId) {
        self.entry.note(|facts| facts.actor = Some(account));
    }

    /// Names an account that the request is about, for the audit trail.
    pub fn note_account(&self, account: UserId) {
        self.entry.note(|facts| facts.subjects.accounts.extend([account]));
    }

    /// Names the fields that the next transaction changes, for the audit trail, in place of those that were named before.
    pub(super) fn note_fields(&self, fields: impl IntoIterator<Item = impl Into<Code>>) {
        self.entry.note(|facts| facts.fields = fields.into_iter().map(Into::into).collect());
    }

    /// Names the object that the request is about, beside patients, doctors and accounts, for the audit trail. No id that
    /// the client may have made up.
    pub(super) fn note_object(&self, object: &impl ToString) {
        self.entry.note(|facts| facts.object = Some(object.to_string()));
    }

    /// Names the basis on which the request may see these patients, for the audit trail, if it is another one than that
    /// of the decision. A row has the bases of the patients whom it names; the others are in no row.
    pub(super) fn note_basis(&self, patients: impl IntoIterator<Item = PatientId>, basis: Basis) {
        let basis = basis.code().into();
        self.entry.note(|facts| facts.other_bases.entry(basis).or_default().extend(patients));
    }

    /// Awaits a read for an answer that is expected to show these patients, while the row that names them is put: the
    /// answer waits for the longer of the two. If it shows others, or if the request fails, the row is corrected. Calls:
    /// PutItem, beside those of the read.
    pub(super) async fn showing<T>(
        &self,
        patients: impl IntoIterator<Item = PatientId>,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let row = self.entry.put_ahead(|facts| facts.subjects.patients.extend(patients));
        // Both are awaited: dropping a call would close its connection.
        let (read, row) = tokio::join!(read, row);
        row?;
        read
    }

    /// Commits a transaction together with its row of the audit trail, which names all patients, doctors and accounts
    /// whose items the transaction changes or depends on. Calls: TransactWriteItems.
    pub(super) async fn commit<R: Copy>(
        &self,
        transaction: Transaction<'_, R>,
    ) -> Result<Outcome<R>, DynamoError> {
        let mut subjects = Subjects::default();
        for partition in transaction.partitions() {
            subjects.extend(subjects_of(partition));
        }
        self.entry.commit(transaction, subjects).await
    }

    /// Commits a transaction as [`Store::commit`] does, with a row that names this object: one that the transaction
    /// creates, or one whose id the client may have made up. Unless the transaction is committed, later rows of the
    /// request do not name the object. Calls: TransactWriteItems.
    pub(super) async fn commit_of<R: Copy>(
        &self,
        object: &impl ToString,
        transaction: Transaction<'_, R>,
    ) -> Result<Outcome<R>, DynamoError> {
        self.note_object(object);
        let outcome = self.commit(transaction).await;
        if !matches!(outcome, Ok(Outcome::Committed)) {
            self.entry.note(|facts| facts.object = None);
        }
        outcome
    }

    /// Whether the main table answers. Calls: GetItem.
    pub async fn ping(&self) -> Result<(), DynamoError> {
        self.main.ping(Key::counter("health")).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::Item;
    use crate::testing::{World, run};

    #[test]
    fn changed_fields_are_in_the_row_of_their_transaction_only() {
        run(async |world: World| {
            let (store, _) = world.app.store_of("a-function");
            let key = Key::counter("a-test");
            let put = || store.main.transaction().put_new(Item::from(key.clone()), ());
            // The first attempt loses a race; the second one changes less.
            store.note_fields(["active", "role"]);
            store.note_fields(["role"]);
            assert_eq!(store.commit(put()).await.unwrap(), Outcome::Committed);
            store.note_fields(["active"]);
            assert_eq!(store.commit(put()).await.unwrap(), Outcome::Refused(vec![()]));
            let delete = store.main.transaction::<()>().delete(key.clone());
            assert_eq!(store.commit(delete).await.unwrap(), Outcome::Committed);
            let rows = world.audited("a-function").await;
            let fields: Vec<Vec<&str>> =
                rows.iter().map(|facts| facts.fields.iter().map(|it| &**it).collect()).collect();
            assert_eq!(fields, [vec!["role"], vec![]]);
        });
    }

    #[test]
    fn object_that_was_not_created_is_in_no_later_row() {
        run(async |world: World| {
            let (store, _) = world.app.store_of("a-function");
            let put = || store.main.transaction().put_new(Item::from(Key::counter("a-test")), ());
            let outcome = store.commit_of(&"first", put()).await.unwrap();
            assert_eq!(outcome, Outcome::Committed);
            assert_eq!(store.entry.facts().object.as_deref(), Some("first"));
            let outcome = store.commit_of(&"second", put()).await.unwrap();
            assert_eq!(outcome, Outcome::Refused(vec![()]));
            assert_eq!(store.entry.facts().object, None);
        });
    }
}
