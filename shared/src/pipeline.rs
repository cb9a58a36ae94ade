//! The pipeline of every request, in one order: verify the token, read account, session, target and relation in one
//! round, decide, run the handler, write what the audit trail does not say yet, answer.
//!
//! Nothing is built from a record before the decision. When a write loses a race, everything from the read on happens
//! again, so a decision is never older than the data that it is about.

mod recorded;

use std::future::{Future, ready};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use lambda_http::http::Method;

use self::recorded::{is_recorded, named, operation};
use crate::access::{
    About, Action, Actor, Allowed, Basis, Caller, Denied, Granted, Hint, Relation, treated_patient,
};
use crate::app::App;
use crate::audit::{Code, DONE, Disclosed};
use crate::auth::Verified;
use crate::auth::minimum_duration::MinimumDuration;
use crate::config::Settings;
use crate::context::Context;
use crate::cursor::Cursors;
use crate::dynamo::{DynamoError, Items, Key, backoff};
use crate::endpoint::HandlerFuture;
use crate::error::ApiError;
use crate::model::field::FieldErrors;
use crate::model::timestamp::Timestamp;
use crate::parameters::{NO_PARAMETERS, parameters};
use crate::request::Request;
use crate::response::{Answer, ApiResult};
use crate::store::{Load, StoreError};
use crate::targets::Target;

/// How often a request that loses races is tried.
const ATTEMPTS: u32 = 10;

/// No refusal of a valid token is faster, so that its time says nothing about a record or a list: a token whose hint is
/// outdated has them read, and the SDK has parsed them by then. Several times the round of reads at 256 MB.
const REFUSAL: Duration = Duration::from_millis(100);

/// Returns a handler behind the pipeline of its action.
pub fn protected<A, S, F>(
    settings: Arc<S>,
    handler: fn(Context<S>, Granted<A>) -> F,
) -> impl Fn(App, Request) -> HandlerFuture + Clone + Send + Sync + 'static
where
    A: Action<Target: Target>,
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    move |app, request| {
        let context = Context::new(app, request, settings.clone(), operation::<A>());
        Box::pin(run(context, handler))
    }
}

/// Returns a handler behind the pipeline, except for requests that `first` answers: they carry their own proof of what
/// they may do.
pub fn protected_after<A, S, F, G>(
    settings: Arc<S>,
    first: fn(Context<S>) -> G,
    handler: fn(Context<S>, Granted<A>) -> F,
) -> impl Fn(App, Request) -> HandlerFuture + Clone + Send + Sync + 'static
where
    A: Action<Target: Target>,
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
    G: Future<Output = Result<Option<Answer>, ApiError>> + Send + 'static,
{
    move |app, request| {
        let context = Context::new(app, request, settings.clone(), operation::<A>());
        Box::pin(async move {
            query_is_known::<A>(context.request()).map_err(ApiError::InvalidQuery)?;
            match first(context.clone()).await? {
                Some(answer) => Ok(answer),
                None => run(context, handler).await,
            }
        })
    }
}

/// Returns a handler that anyone may call. Public reads ignore the query: monitors and caches add parameters of their
/// own. The audit trail records its changes, and the logins that it refuses, if it is given the function's name.
pub fn public<S, F>(
    settings: Arc<S>,
    operation: Option<&'static str>,
    handler: fn(Context<S>) -> F,
) -> impl Fn(App, Request) -> HandlerFuture + Clone + Send + Sync + 'static
where
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    move |app, request| {
        if !request.is_read()
            && let Err(unknown) = request.check_parameters(&[])
        {
            let refusal: ApiResult = Err(ApiError::InvalidQuery(unknown));
            return Box::pin(ready(refusal)) as HandlerFuture;
        }
        let context = Context::new(app, request, settings.clone(), operation);
        Box::pin(async move {
            let entry = context.entry().clone();
            let outcome = handler(context).await;
            if let Err(error) = &outcome
                && error.is_refused_login()
            {
                let concluded = entry.conclude(error.code().into(), Disclosed::default());
                concluded.await.map_err(unrecorded)?;
            }
            outcome
        })
    }
}

/// Without its row, no answer leaves.
fn unrecorded(error: DynamoError) -> ApiError {
    ApiError::unavailable(format!("the audit trail: {error}"))
}

async fn run<A, S, F>(context: Context<S>, handler: fn(Context<S>, Granted<A>) -> F) -> ApiResult
where
    A: Action<Target: Target>,
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    let refusal = MinimumDuration::start(REFUSAL);
    let (app, entry) = (context.app(), context.entry());
    let token = context.request().bearer().ok_or(ApiError::NotAuthenticated)?;
    let verified = app.verifier().verify(app.store(), app.now(), token).await?;
    let cursor_keys = app.verifier().cursor_keys().await;
    let cursors = Cursors::new(cursor_keys, verified.user_id, app.system().clone());
    context.request().set_cursors(cursors);
    let name = A::Target::name(context.request());
    entry.note(|facts| {
        facts.actor = Some(verified.user_id);
        facts.session = Some(verified.session_id.clone());
        facts.subjects.extend(named::<A>(context.request(), name.as_ref().ok()));
        facts.subjects.accounts.extend(A::ID.shows_own_account().then_some(verified.user_id));
        let patient = hinted_actor(&verified).and_then(|actor| treated_patient(A::ID, &actor));
        facts.subjects.patients.extend(patient);
    });
    let known = entry.facts();
    let mut outcome = Err(ApiError::Contended);
    for attempt in 1..=ATTEMPTS {
        entry.begin_attempt(&known);
        outcome = attempt_once(&context, handler, &verified, name.clone()).await;
        if !matches!(outcome, Err(ApiError::Contended)) || attempt == ATTEMPTS {
            break;
        }
        backoff(attempt).await;
    }
    let (code, disclosed): (Code, Disclosed) = match &mut outcome {
        Ok(answer) => (DONE, mem::take(&mut answer.disclosed)),
        // All items of a batch failed, except those whose changes have rows.
        Err(error) => {
            let items = name.as_ref().map(A::Target::batch).unwrap_or_default();
            (error.code().into(), Disclosed { items, ..Disclosed::default() })
        }
    };
    let recorded = match &outcome {
        // It was counted, and nothing was looked at.
        Err(ApiError::TooManyAttempts { .. }) => Ok(()),
        _ if !is_recorded(A::ID, entry) => Ok(()),
        _ => entry.conclude(code, disclosed).await,
    };
    if outcome.as_ref().is_err_and(ApiError::refuses_the_caller) {
        refusal.wait().await;
    }
    recorded.map_err(unrecorded)?;
    outcome
}

/// Reads, decides and acts, once.
async fn attempt_once<A, S, F>(
    context: &Context<S>,
    handler: fn(Context<S>, Granted<A>) -> F,
    verified: &Verified,
    name: Result<<A::Target as Load>::Name, ApiError>,
) -> ApiResult
where
    A: Action<Target: Target>,
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    let app = context.app();
    let (caller, early) = read_caller::<A, S>(context, verified, name.as_ref().ok()).await?;
    let patient = treated_patient(A::ID, &Actor::of(caller.user()));
    context.entry().note(|facts| facts.subjects.patients.extend(patient));
    let now = app.now();
    match decide::<A>(app, caller, early, name, now).await? {
        Decision::Allowed(basis, granted) => {
            context.entry().note(|facts| facts.basis = Some(basis.code().into()));
            let granted = with_query(query_is_known::<A>(context.request()), granted)?;
            let is_recorded = is_recorded(A::ID, context.entry());
            let context = if is_recorded { context.clone() } else { context.unrecorded() };
            handler(context, granted).await
        }
        Decision::Denied(denied) => Err(denied.into()),
    }
}

/// The data that were read beside the caller, because the token's hint permits it.
struct Early<F> {
    /// The items at the target's keys, and those that state the relation.
    items: Items,
    /// The rows of a list that were read, and the decision within whose reach.
    list: Option<(Allowed, Result<F, StoreError>)>,
}

/// The data that were read early of an action's target.
type EarlyOf<A> = Early<<<A as Action>::Target as Load>::Found>;

#[allow(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
enum Decision<A: Action> {
    /// With the grant, or with the problem of a request whose target cannot be named or loaded.
    Allowed(Basis, Result<Granted<A>, ApiError>),
    Denied(Denied),
}

/// Reads account and session, consistently, so that the end of a session and a change of a role take effect on the
/// next request. What the hint permits is read in the same round; if the account contradicts the hint, that is
/// discarded.
///
/// The row of a request that shows what it names, or who treats the caller, is put in this round, too. It says what the
/// hint lets expect.
async fn read_caller<A: Action<Target: Target>, S>(
    context: &Context<S>,
    verified: &Verified,
    name: Option<&<A::Target as Load>::Name>,
) -> Result<(Caller, Option<EarlyOf<A>>), ApiError> {
    let Verified { user_id, session_id, hint } = verified;
    let (app, store) = (context.app(), context.store());
    let hinted = hinted_actor(verified)
        .and_then(|actor| Some((actor, may_be_allowed::<A>(app, &actor).ok()?)));
    let early = name.zip(hinted);
    let keys = match &early {
        Some((name, (actor, _))) => keys::<A>(app, actor, name),
        None => Vec::new(),
    };
    let list = async {
        let (name, (_, allowed)) = early.as_ref()?;
        Some(A::Target::find(store, name, allowed).await)
    };
    let row = async {
        let expected = match &early {
            Some((name, (actor, _)))
                if A::ID.shows_what_it_names() || treated_patient(A::ID, actor).is_some() =>
            {
                expected_basis::<A>(app, actor, &about::<A>(name))
            }
            _ => None,
        };
        let Some(basis) = expected else { return Ok(()) };
        context.entry().put_ahead(|facts| facts.basis = Some(basis.code().into())).await
    };
    // All are awaited: dropping a call would close its connection.
    let accounts = store.accounts();
    let read = accounts.read_with_session(*user_id, session_id, keys);
    let (read, list, recorded) = tokio::join!(read, list, row);
    recorded.map_err(unrecorded)?;
    let (found, items) = read?;
    let (user, session) = found.ok_or(ApiError::TokenNotValid)?;
    let is_right = hint.as_ref().is_some_and(|hint| *hint == Hint::of(&user));
    let caller = Caller::new(user, session, app.now()).ok_or(ApiError::TokenNotValid)?;
    let early = early.filter(|_| is_right).map(|(_, (_, allowed))| {
        let list = list.map(|rows| (allowed, rows));
        Early { items, list }
    });
    Ok((caller, early))
}

/// Decides, and builds the target of a caller who is allowed. This takes one round more without anything read early, and
/// one more for a relation by cover.
async fn decide<A: Action<Target: Target>>(
    app: &App,
    caller: Caller,
    early: Option<EarlyOf<A>>,
    name: Result<<A::Target as Load>::Name, ApiError>,
    now: Timestamp,
) -> Result<Decision<A>, ApiError> {
    let store = app.store();
    let actor = Actor::of(caller.user());
    let closest = match may_be_allowed::<A>(app, &actor) {
        Ok(allowed) => allowed,
        Err(denied) => return Ok(Decision::Denied(denied)),
    };
    let Early { mut items, list } = match (early, &name) {
        (Some(early), _) => early,
        (None, Err(_)) => Early { items: Items::default(), list: None },
        (None, Ok(name)) => {
            let (keys, accounts) = (keys::<A>(app, &actor, name), store.accounts());
            let (items, rows) =
                tokio::join!(accounts.read_items(keys), A::Target::find(store, name, &closest));
            Early { items: items?, list: Some((closest, rows)) }
        }
    };
    let relation = match &name {
        Ok(name) => read_relation(app, &actor, &about::<A>(name), &mut items, now).await?,
        // A path without an id names nobody. Any other problem says nothing about a record.
        Err(ApiError::NotFound(_)) => Relation::default(),
        Err(_) => Relation::closest(),
    };
    let allowed = match (app.rules().decide)(A::ID, &actor, &relation) {
        Ok(allowed) => allowed,
        Err(denied) => return Ok(Decision::Denied(denied)),
    };
    let basis = allowed.basis();
    let target = async {
        let name = name?;
        let rows = match list {
            Some((hinted, rows)) if hinted.reach() == allowed.reach() => rows?,
            _ => A::Target::find(store, &name, &allowed).await?,
        };
        Ok(A::Target::build(name, &allowed, &mut items, rows)?)
    };
    let target = target.await;
    let granted = target.and_then(|target| {
        let granted = Granted::new(caller, allowed, relation.proofs, target, now);
        granted.ok_or_else(|| ApiError::internal("the decision is about another act"))
    });
    Ok(Decision::Allowed(basis, granted))
}

/// Reports the parameters of the query that the action does not have. A list that is read by POST has them in its body.
fn query_is_known<A: Action>(request: &Request) -> Result<(), FieldErrors> {
    let known = if request.method() == Method::POST { NO_PARAMETERS } else { parameters(A::ID) };
    request.check_parameters(&known)
}

/// Adds the unknown parameters of a query to its other problems.
fn with_query<T>(
    query: Result<(), FieldErrors>,
    granted: Result<T, ApiError>,
) -> Result<T, ApiError> {
    match (query, granted) {
        (Ok(()), granted) => granted,
        (Err(unknown), Ok(_)) => Err(ApiError::InvalidQuery(unknown)),
        (Err(unknown), Err(ApiError::InvalidQuery(mut errors))) => {
            errors.extend(unknown);
            Err(ApiError::InvalidQuery(errors))
        }
        (Err(_), Err(problem)) => Err(problem),
    }
}

/// Returns the account as it was when the token was signed.
fn hinted_actor(Verified { user_id, hint, .. }: &Verified) -> Option<Actor> {
    hint.as_ref().and_then(|hint| Actor::hinted(*user_id, hint))
}

/// Decides for the relation that permits the most: a caller who is denied even so is refused without a further read.
fn may_be_allowed<A: Action>(app: &App, actor: &Actor) -> Result<Allowed, Denied> {
    (app.rules().decide)(A::ID, actor, &Relation::closest())
}

/// Returns the basis on which an account can be expected to see what it asks for.
fn expected_basis<A: Action>(app: &App, actor: &Actor, about: &About) -> Option<Basis> {
    let own = about.patient.is_none() || about.patient == actor.patient_id;
    let relation = Relation { own, ..Relation::closest() };
    (app.rules().decide)(A::ID, actor, &relation).ok().map(|allowed| allowed.basis())
}

fn about<A: Action<Target: Target>>(name: &<A::Target as Load>::Name) -> About {
    About { act: A::ID, patient: A::Target::patient(name), doctor: A::Target::doctor(name) }
}

/// Returns the keys of the target, and of the items that state the caller's relation to it.
fn keys<A: Action<Target: Target>>(
    app: &App,
    actor: &Actor,
    name: &<A::Target as Load>::Name,
) -> Vec<Key> {
    let mut keys = A::Target::keys(name);
    keys.extend(app.rules().relations.keys(actor, &about::<A>(name)));
    keys
}

/// Returns the caller's relation to the patient or doctor.
async fn read_relation(
    app: &App,
    actor: &Actor,
    about: &About,
    items: &mut Items,
    now: Timestamp,
) -> Result<Relation, ApiError> {
    let relations = &app.rules().relations;
    let further = relations.further_keys(actor, about, items, now)?;
    if !further.is_empty() {
        items.extend(app.store().accounts().read_items(further).await?);
    }
    Ok(relations.relation(actor, about, items, now)?)
}

#[cfg(test)]
mod tests;
