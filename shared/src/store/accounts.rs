//! Accounts: read by id or by name, listed, changed. `registration` makes them.

use serde::{Deserialize, Serialize};

use super::admins::AdminCount;
use super::error::StoreError;
use super::keys::id_in_sort_key;
use super::links::{self, LinkRefusal, relink};
use super::load::{Load, Nothing};
use super::name_index::{NameQuery, page_by_name};
use super::sessions::EndOwnSession;
use super::tables::Store;
use crate::access::{Allowed, Granted, action, changed_fields};
use crate::dynamo::{self, Expression, Items, Key, Outcome, ReadPlan, Rows};
use crate::model::doctor::DoctorDetails;
use crate::model::field::FieldErrors;
use crate::model::id::{Id, UserId};
use crate::model::page::Page;
use crate::model::patient::PatientDetails;
use crate::model::precondition::Preconditions;
use crate::model::session::{Session, SessionId};
use crate::model::timestamp::Timestamp;
use crate::model::user::{Account, User, UserChange};

pub(super) const KIND: &str = "user";

/// More bytes than the form of any username or email has.
const MAX_IDENTIFIER: usize = 1024;

action! {
    /// Reads the caller's own account.
    ReadOwnAccount: Nothing
}

action! {
    /// Lists the accounts.
    ListAccounts: AccountPage
}

action! {
    /// Changes an account's role, its links, or whether it is active.
    UpdateAccount: StoredAccount
}

/// All accounts.
#[derive(Debug)]
pub struct Accounts<'a> {
    pub(super) store: &'a Store,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The account changed since it was read.
    Changed,
    LastAdmin,
    Link(LinkRefusal),
}

/// The item under each name of an account, and under the name that its username looks like.
#[derive(Serialize, Deserialize)]
pub(super) struct Identifier {
    pub user_id: UserId,
    /// Whether the account only keeps others from this name: nobody finds it by this item.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub look_alike: bool,
}

impl Store {
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts { store: self }
    }
}

impl Accounts<'_> {
    /// Returns the id of the account whose username or email has this form. Calls: GetItem.
    pub(super) async fn id_of(&self, form: &str) -> Result<Option<UserId>, StoreError> {
        // No account has a longer name, and it would not fit into a key.
        let form = if form.len() <= MAX_IDENTIFIER { form } else { "" };
        let item = self.store.main.get(Key::identifier(form)).await?;
        let identifier: Option<Identifier> = item.map(dynamo::parse).transpose()?;
        let name = identifier.filter(|identifier| !identifier.look_alike);
        Ok(name.map(|name| name.user_id))
    }

    /// Returns the account whose username or email has this form (`model::email::name_form`). The calls are the same
    /// whether it exists or not: GetItem of the identifier, GetItem of the account.
    pub async fn named(&self, form: &str) -> Result<Option<User>, StoreError> {
        let id = self.id_of(form).await?;
        self.get(id).await
    }

    /// Returns an account. Calls: GetItem.
    pub async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.get(Some(id)).await
    }

    async fn get(&self, id: Option<UserId>) -> Result<Option<User>, StoreError> {
        let item = self.store.main.get(Key::user(id)).await?;
        Ok(item.map(dynamo::parse).transpose()?)
    }

    /// Returns an account and one of its sessions. Calls: BatchGetItem.
    pub async fn with_session(
        &self,
        user_id: UserId,
        session_id: &SessionId,
    ) -> Result<Option<(User, Session)>, StoreError> {
        let (found, _) = self.read_with_session(user_id, session_id, Vec::new()).await?;
        Ok(found)
    }

    /// Reads an account, one of its sessions, and the items at other keys, in one consistent call. Calls: BatchGetItem.
    pub(crate) async fn read_with_session(
        &self,
        user_id: UserId,
        session_id: &SessionId,
        mut keys: Vec<Key>,
    ) -> Result<(Option<(User, Session)>, Items), StoreError> {
        let user_key = Key::user(Some(user_id));
        let session_key = Key::session(user_id, session_id);
        // An administrator may change their own account: then its item is also among the others.
        let is_target = keys.contains(&user_key);
        keys.extend([user_key.clone(), session_key.clone()]);
        let mut items = self.store.main.batch_get(ReadPlan::whole(keys)).await?;
        let user = if is_target { items.get(&user_key).cloned() } else { items.take(&user_key) };
        let found = match user.zip(items.take(&session_key)) {
            Some((user, session)) => Some((dynamo::parse(user)?, dynamo::parse(session)?)),
            None => None,
        };
        Ok((found, items))
    }

    /// Reads the items at these keys, consistently. Calls: BatchGetItem; none without keys.
    pub(crate) async fn read_items(&self, keys: Vec<Key>) -> Result<Items, StoreError> {
        Ok(self.store.main.batch_get(ReadPlan::whole(keys)).await?)
    }

    /// Returns a page of accounts by username. Calls: none; the Query was the target.
    pub fn list(&self, by: Granted<ListAccounts>) -> Page<Account, String> {
        by.into_target().0
    }

    /// Ends all sessions of the caller's account. Calls: TransactWriteItems.
    pub async fn end_all_sessions(&self, by: Granted<EndOwnSession>) -> Result<(), StoreError> {
        self.store.sessions().end_all(by.caller().id(), by.at()).await
    }

    /// Ends all sessions of an account, and its open resets. Returns whether the account exists. Calls: TransactWriteItems.
    pub(super) async fn raise_epoch(&self, id: UserId, now: Timestamp) -> Result<bool, StoreError> {
        let raise = Expression::update("SET updated_at = :now ADD epoch :one, version :one")
            .only_if("attribute_exists(pk)")
            .text(":now", now)
            .number(":one", 1);
        let transaction = self.store.main.transaction().update(Key::user(Some(id)), raise, ());
        Ok(self.store.commit(transaction).await? == Outcome::Committed)
    }

    /// Changes role, activity and links of the account that was read with the caller. A deactivation ends all sessions.
    /// Calls: TransactWriteItems; none if nothing changes.
    pub async fn update(
        &self,
        by: Granted<UpdateAccount>,
        change: UserChange,
        preconditions: &Preconditions,
    ) -> Result<User, StoreError> {
        let now = by.at();
        let current = by.into_target().existing()?;
        self.change(current, change, preconditions, now).await
    }

    pub(super) async fn change(
        &self,
        current: User,
        change: UserChange,
        preconditions: &Preconditions,
        now: Timestamp,
    ) -> Result<User, StoreError> {
        let mut next = current.clone();
        next.role = change.role.unwrap_or(current.role);
        next.active = change.active.unwrap_or(current.active);
        next.doctor_id = change.doctor_id.apply(current.doctor_id);
        next.patient_id = change.patient_id.apply(current.patient_id);
        let state = |user: &User| (user.role, user.active, user.doctor_id, user.patient_id);
        let is_done = state(&next) == state(&current);
        preconditions.permit_change(current.version, is_done)?;
        if is_done {
            return Ok(current);
        }
        // An account whose doctor was deleted lacks one already. It can still be deactivated.
        if next.lacks_doctor() && !current.lacks_doctor() {
            let message = "is required for the role doctor";
            return Err(StoreError::Invalid(FieldErrors::one("doctor_id", message)));
        }
        self.store.note_fields(changed_fields(&current, &next));
        next.version += 1;
        next.updated_at = now;
        next.epoch += u64::from(current.active && !next.active);
        match self.put_change(&current, &next).await? {
            Outcome::Committed => Ok(next),
            Outcome::Refused(refusals) => Err(refused(&refusals, &next)),
        }
    }

    async fn put_change(
        &self,
        current: &User,
        next: &User,
    ) -> Result<Outcome<Refusal>, StoreError> {
        let id = current.id;
        let change =
            change_to(next)?.only_if("version = :current").number(":current", current.version);
        let user = Key::user(Some(id));
        let mut transaction = self.store.main.transaction().update(user, change, Refusal::Changed);
        if let Some(expression) = AdminCount::between(current, next).expression() {
            transaction = transaction.update(Key::admins(), expression, Refusal::LastAdmin);
        }
        let (old, new) = (current.doctor_id, next.doctor_id);
        transaction = relink::<DoctorDetails, _>(transaction, id, old, new, Refusal::Link)?;
        let (old, new) = (current.patient_id, next.patient_id);
        transaction = relink::<PatientDetails, _>(transaction, id, old, new, Refusal::Link)?;
        Ok(self.store.commit(transaction).await?)
    }
}

/// Returns the change that gives an item the account's role, activity and links.
fn change_to(next: &User) -> Result<Expression, StoreError> {
    macro_rules! change {
        ($links:literal) => {
            concat!(
                "SET #role = :role, active = :active, epoch = :epoch, version = :version, ",
                "updated_at = :now",
                $links
            )
        };
    }
    let (doctor, patient) = (next.doctor_id, next.patient_id);
    let mut change = Expression::update(match (doctor, patient) {
        (Some(_), Some(_)) => change!(", doctor_id = :doctor, patient_id = :patient"),
        (Some(_), None) => change!(", doctor_id = :doctor REMOVE patient_id"),
        (None, Some(_)) => change!(", patient_id = :patient REMOVE doctor_id"),
        (None, None) => change!(" REMOVE doctor_id, patient_id"),
    });
    // DynamoDB refuses a value that the expression does not name.
    if let Some(doctor) = doctor {
        change = change.number(":doctor", doctor.get());
    }
    if let Some(patient) = patient {
        change = change.number(":patient", patient.get());
    }
    Ok(change
        .value(":role", &next.role)?
        .boolean(":active", next.active)
        .number(":epoch", next.epoch)
        .number(":version", next.version)
        .text(":now", next.updated_at))
}

/// Returns the error of a refused change to `next`.
fn refused(refusals: &[Refusal], next: &User) -> StoreError {
    // When the account changed, it may be no administrator any more.
    if refusals.contains(&Refusal::Changed) {
        return StoreError::Contended;
    }
    let links: Vec<LinkRefusal> = refusals
        .iter()
        .filter_map(|refusal| match refusal {
            Refusal::Link(link) => Some(*link),
            Refusal::Changed | Refusal::LastAdmin => None,
        })
        .collect();
    links::refused(&links).unwrap_or_else(|| {
        let field = if next.active { "role" } else { "active" };
        let message = "cannot change: this is the last active administrator";
        StoreError::Conflict(FieldErrors::one(field, message))
    })
}

/// An account that a request names.
#[derive(Debug)]
pub struct StoredAccount {
    id: UserId,
    user: Option<User>,
}

impl StoredAccount {
    fn existing(self) -> Result<User, StoreError> {
        self.user.ok_or_else(|| StoreError::not_found(format!("user {}", self.id)))
    }
}

impl Load for StoredAccount {
    type Name = UserId;
    type Found = ();

    fn keys(id: &UserId) -> Vec<Key> {
        vec![Key::user(Some(*id))]
    }

    fn account(id: &UserId) -> Option<UserId> {
        Some(*id)
    }

    fn build(
        id: UserId,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let user = items.take(&Key::user(Some(id))).map(dynamo::parse).transpose()?;
        Ok(Self { id, user })
    }
}

/// A page of accounts by username.
#[derive(Debug)]
pub struct AccountPage(Page<Account, String>);

impl Load for AccountPage {
    type Name = NameQuery;
    type Found = Rows;

    async fn find(
        store: &Store,
        query: &NameQuery,
        _allowed: &Allowed,
    ) -> Result<Rows, StoreError> {
        let key_of = |sort_key: &str| Some(Key::user(Some(id_in_sort_key(sort_key)?)));
        store.rows_by_name(KIND, query, None, key_of).await
    }

    fn build(
        _query: NameQuery,
        _allowed: &Allowed,
        _items: &mut Items,
        rows: Rows,
    ) -> Result<Self, StoreError> {
        page_by_name(rows).map(Self)
    }
}

/// Ends the sessions of an account that is active and of this epoch, by giving it the next epoch.
pub(super) fn next_epoch(epoch: u64, now: Timestamp) -> Expression {
    const CHANGE: &str = "SET epoch = :next, updated_at = :now ADD version :one";
    ending(CHANGE, "epoch = :epoch AND active = :yes", epoch, now)
}

/// As [`next_epoch`]; the account's address is verified, too, if it is still this one.
pub(super) fn verified_in_next_epoch(user: &User, now: Timestamp) -> Expression {
    const CHANGE: &str =
        "SET epoch = :next, updated_at = :now, email_verified = :yes ADD version :one";
    let condition = "epoch = :epoch AND active = :yes AND email = :email";
    ending(CHANGE, condition, user.epoch, now).text(":email", user.email.as_str())
}

fn ending(change: &'static str, condition: &'static str, epoch: u64, now: Timestamp) -> Expression {
    Expression::update(change)
        .only_if(condition)
        .number(":epoch", epoch)
        .number(":next", epoch.saturating_add(1))
        .text(":now", now)
        .number(":one", 1)
        .boolean(":yes", true)
}
