//! Store methods, called as the pipeline calls them, for a made-up administrator: load, decide, act, and again when
//! another request changed the data at the same time.

use super::settings::{RECORD_SETTINGS, SESSION_LIMITS};
use crate::access::{Action, Actor, Caller, Granted, Relation, decide};
use crate::auth::minter::Minter;
use crate::auth::sessions::{self, TokenPair};
use crate::dynamo::backoff;
use crate::error::ApiError;
use crate::model::assignment::AssignmentView;
use crate::model::doctor::DoctorDetails;
use crate::model::duplicate::{Created, PossibleDuplicates};
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::idempotency::IdempotencyKey;
use crate::model::invitation::{Invitation, InvitationId};
use crate::model::page::{Page, Paging};
use crate::model::precondition::Preconditions;
use crate::model::record::{Edit, Record};
use crate::model::search::{Criteria, SearchTerms};
use crate::model::session::{SessionId, UserAgent};
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User, UserChange};
use crate::store::{
    Assigned, AssignmentIds, AssignmentPosition, AssignmentsQuery, EndingAssignment, List, Load,
    NewAssignment, Position, ProxyIds, Read, RecordActs, RecordQuery, RecordsOf, ShownEpisodes,
    Store, StoreError,
};
use crate::system::System;

/// How often a step that loses races is tried.
const ATTEMPTS: u32 = 10;

/// Returns the made-up administrator of this id.
fn administrator(id: UserId, now: Timestamp) -> Result<Caller, StoreError> {
    let made_up = |_| StoreError::unexpected("a made-up name is not valid");
    let (username, email) = ("made-up".parse(), "made-up@example.com".parse());
    let (username, email) = (username.map_err(|_| made_up(()))?, email.map_err(|_| made_up(()))?);
    let session = "made-up".parse().map_err(|_| made_up(()))?;
    Ok(Caller::made_up(User::new(id, username, email, Role::Admin, now), session))
}

/// Returns the grant of an action for the made-up administrator with this id.
pub async fn grant<A: Action<Target: Load>>(
    store: &Store,
    by: UserId,
    now: Timestamp,
    name: <A::Target as Load>::Name,
) -> Result<Granted<A>, StoreError> {
    let caller = administrator(by, now)?;
    let mut items = store.accounts().read_items(A::Target::keys(&name)).await?;
    let actor = Actor::of(caller.user());
    let allowed = decide(A::ID, &actor, &Relation::default())
        .map_err(|_| StoreError::unexpected("an administrator is denied"))?;
    let rows = A::Target::find(store, &name, &allowed).await?;
    let target = A::Target::build(name, &allowed, &mut items, rows)?;
    let granted = Granted::new(caller, allowed, Vec::new(), target, now);
    granted.ok_or_else(|| StoreError::missing("the act"))
}

/// Repeats a step while it loses races. A macro, because the future of a closure would not be `Send`.
macro_rules! repeated {
    ($step:expr) => {{
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            match $step {
                Err(StoreError::Contended) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended)
    }};
}

fn first() -> Result<UserId, StoreError> {
    UserId::new(1).ok_or_else(|| StoreError::missing("an id"))
}

pub async fn create<D: RecordActs>(
    store: &Store,
    details: D,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<Record<D>, StoreError> {
    created(store, details, key, now).await.map(|created| created.record)
}

/// Creates a record, and returns it with its possible duplicates.
pub async fn created<D: RecordActs>(
    store: &Store,
    details: D,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<Created<D>, StoreError> {
    store.records().create(grant(store, first()?, now, ()).await?, details, key).await
}

/// Returns `None` for a record that does not exist.
pub async fn record<D: RecordActs>(
    store: &Store,
    id: D::Id,
) -> Result<Option<Record<D>>, StoreError> {
    let now = Timestamp::from_millisecond(0);
    let by = grant::<Read<D>>(store, first()?, now, id).await?;
    existing(store.records().read(by))
}

pub async fn list<D: RecordActs>(
    store: &Store,
    criteria: Criteria,
    paging: Paging<Position>,
) -> Result<Page<Record<D>, Position>, StoreError> {
    let now = Timestamp::from_millisecond(0);
    let query = RecordQuery { criteria, paging, label: "a list".to_owned() };
    store.records().list(grant::<List<D>>(store, first()?, now, query).await?).await
}

/// Returns the patients who may be the same person.
pub async fn possible_duplicates(
    store: &Store,
    terms: &SearchTerms,
) -> Result<PossibleDuplicates, StoreError> {
    let now = Timestamp::from_millisecond(0);
    store.possible_duplicates(grant(store, first()?, now, ()).await?, terms).await
}

pub async fn update<D: RecordActs>(
    store: &Store,
    id: D::Id,
    edit: &Edit<D>,
    preconditions: &Preconditions,
    now: Timestamp,
) -> Result<Record<D>, StoreError> {
    let records = store.records();
    let intake = RECORD_SETTINGS.intake(now);
    repeated!(
        records.update(grant(store, first()?, now, id).await?, edit, &intake, preconditions).await
    )
}

pub async fn delete<D: RecordActs>(
    store: &Store,
    id: D::Id,
    preconditions: &Preconditions,
    now: Timestamp,
    is_late: impl Fn() -> bool + Send + Sync,
) -> Result<(), StoreError> {
    let records = store.records::<D>();
    repeated!(records.delete(grant(store, first()?, now, id).await?, preconditions, &is_late).await)
}

pub async fn assign(
    store: &Store,
    doctor_id: DoctorId,
    patient_id: PatientId,
    by: UserId,
    now: Timestamp,
) -> Result<Assigned, StoreError> {
    let new = NewAssignment::of(AssignmentIds { doctor_id, patient_id });
    let assignments = store.assignments();
    repeated!(assignments.assign(grant(store, by, now, new.clone()).await?).await)
}

/// Ends an assignment in 1970: what is recorded of it contains no moment of a test. Otherwise use
/// [`end_assignment_at`].
pub async fn end_assignment(
    store: &Store,
    doctor_id: DoctorId,
    patient_id: PatientId,
) -> Result<(), StoreError> {
    end_assignment_at(store, doctor_id, patient_id, Timestamp::from_millisecond(0)).await
}

pub async fn end_assignment_at(
    store: &Store,
    doctor_id: DoctorId,
    patient_id: PatientId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ending = EndingAssignment::of(AssignmentIds { doctor_id, patient_id });
    let assignments = store.assignments();
    repeated!(assignments.end(grant(store, first()?, now, ending.clone()).await?).await)
}

/// Returns the doctors of today, which is later than the time of a world. `None` for a patient who does not exist.
pub async fn doctors_of(
    store: &Store,
    owner: PatientId,
    paging: Paging<Position>,
) -> Result<Option<RecordsOf<DoctorDetails>>, StoreError> {
    let (shown, label) = (ShownEpisodes::default(), "a list".to_owned());
    let query = AssignmentsQuery { owner, shown, paging, label };
    let by = grant(store, first()?, Timestamp::system(), query).await?;
    existing(store.assignments().doctors_of(by).await)
}

/// Returns the assignments of today, which is later than the time of a world.
pub async fn assignments(
    store: &Store,
    paging: Paging<AssignmentPosition>,
) -> Result<Page<AssignmentView, AssignmentPosition>, StoreError> {
    store.assignments().list(grant(store, first()?, Timestamp::system(), paging).await?).await
}

/// Removes a proxy: one transaction, and no read before it.
pub async fn remove_proxy(
    store: &Store,
    patient_id: PatientId,
    user_id: UserId,
) -> Result<(), StoreError> {
    let now = Timestamp::from_millisecond(0);
    store
        .proxies()
        .remove(grant(store, first()?, now, ProxyIds { patient_id, user_id }).await?)
        .await
}

pub async fn update_account(
    store: &Store,
    id: UserId,
    change: UserChange,
    preconditions: &Preconditions,
    now: Timestamp,
) -> Result<User, StoreError> {
    let accounts = store.accounts();
    repeated!(accounts.update(grant(store, first()?, now, id).await?, change, preconditions).await)
}

/// Stores an invitation.
pub async fn invite(
    store: &Store,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let by = grant(store, invitation.invited_by, now, ()).await?;
    store.invitations().create(by, invitation).await
}

/// Revokes an invitation.
pub async fn revoke_invitation(
    store: &Store,
    by: UserId,
    id: &InvitationId,
    now: Timestamp,
) -> Result<(), StoreError> {
    store.invitations().revoke(grant(store, by, now, ()).await?, id).await
}

/// Ends all sessions of an account, which exists.
pub async fn end_all_sessions(store: &Store, id: UserId, now: Timestamp) -> Result<(), StoreError> {
    let exists = store.operator().end_sessions_of(id, now).await?;
    if exists { Ok(()) } else { Err(StoreError::missing("the account")) }
}

/// Opens a session of an account, as a login with the right password does.
pub async fn open_session(
    store: &Store,
    system: &System,
    minter: &Minter,
    user: &User,
    agent: Option<UserAgent>,
) -> Result<TokenPair, ApiError> {
    let found = store.credentials().named(&user.username.unique_form()).await?;
    let hash = found.and_then(|found| found.password_hash);
    let hash = hash.ok_or_else(|| ApiError::internal("the account has no password"))?;
    let opened = sessions::open(store, system, minter, &SESSION_LIMITS, user, &hash, agent).await?;
    Ok(opened.tokens)
}

/// Ends one session.
pub async fn end_session(
    store: &Store,
    user: UserId,
    session: &SessionId,
) -> Result<(), StoreError> {
    store.sessions().end(user, session).await
}

/// Returns `None` in place of the refusal that something does not exist.
fn existing<T>(outcome: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
