//! Gives one doctor, patient or account its place in lists, its index rows and its claims, and the id of an active
//! administrator its place among the others.

use crate::dynamo::{self, Expression, Key, Outcome, ReadPlan, backoff};
use crate::store::admins::add_id;
use crate::store::error::StoreError;
use crate::store::subject::{Claim, Subject, is_owned, owner_attribute};
use crate::store::tables::Store;

/// How often it is tried while requests change the record.
const ATTEMPTS: u32 = 10;

/// Two records of which both have a value that must be unique. Only the second one has the claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collision {
    /// `doctor` or `user`
    pub kind: &'static str,
    pub field: &'static str,
    pub id: u64,
    pub other: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Changed,
    Taken,
}

/// How a record gets a claim.
enum Claiming {
    /// The claim is free or the record's own.
    Free,
    /// The claim's owner does not have the value any more.
    From(u64),
    Collision(Collision),
}

/// Changes no attribute that clients see, and neither version nor time. The displays of phone numbers are not made:
/// they belong to a number as somebody typed it. Returns the values that another record has, too; then the record keeps
/// only its old claims of them. Calls: TransactWriteItems; BatchGetItem and GetItem if another record has a claim.
pub async fn rewrite(store: &Store, mut subject: Subject) -> Result<Vec<Collision>, StoreError> {
    let mut claiming: Vec<Claiming> = subject.claims.iter().map(|_| Claiming::Free).collect();
    for attempt in 0..ATTEMPTS {
        backoff(attempt).await;
        match commit(store, &subject, &claiming).await? {
            Outcome::Committed => return Ok(collisions(claiming)),
            Outcome::Refused(refusals) if refusals.contains(&Refusal::Changed) => {
                match store.subject(subject.kind, subject.id).await? {
                    Some(changed) => subject = changed,
                    // Deleted, with its rows and claims.
                    None => return Ok(Vec::new()),
                }
            }
            Outcome::Refused(_) => {}
        }
        claiming = read_claims(store, &subject).await?;
    }
    Err(StoreError::Contended)
}

fn collisions(claiming: Vec<Claiming>) -> Vec<Collision> {
    let collision = |it| match it {
        Claiming::Collision(collision) => Some(collision),
        Claiming::Free | Claiming::From(_) => None,
    };
    claiming.into_iter().filter_map(collision).collect()
}

async fn commit(
    store: &Store,
    subject: &Subject,
    claiming: &[Claiming],
) -> Result<Outcome<Refusal>, StoreError> {
    let transaction = store.main.transaction();
    let mut transaction = transaction.update(subject.key(), subject.relisted(), Refusal::Changed);
    for row in &subject.rows {
        transaction = transaction.put(row.clone().into());
    }
    for (claim, claiming) in subject.claims.iter().zip(claiming) {
        let condition: Expression = match claiming {
            Claiming::Free => subject.may_claim(),
            Claiming::From(owner) => is_owned(subject.kind, *owner),
            Claiming::Collision(_) => continue,
        };
        transaction = transaction.put_if(claim.item.clone(), condition, Refusal::Taken);
    }
    if let Some(id) = subject.admin {
        // Before schema 5, the item had no ids. Its change has no condition.
        transaction = transaction.update(Key::admins(), add_id(id), Refusal::Changed);
    }
    Ok(transaction.commit().await?)
}

/// Reads who has the claims of a record.
async fn read_claims(store: &Store, subject: &Subject) -> Result<Vec<Claiming>, StoreError> {
    let keys = subject.claims.iter().map(|claim| claim.key.clone()).collect();
    let mut items = store.main.batch_get(ReadPlan::whole(keys)).await?;
    let mut claiming = Vec::with_capacity(subject.claims.len());
    for claim in &subject.claims {
        let item = items.take(&claim.key);
        let owner = item.and_then(|it| dynamo::number(&it, owner_attribute(subject.kind)));
        claiming.push(match owner.filter(|owner| *owner != subject.id) {
            Some(owner) => from_other(store, subject, claim, owner).await?,
            None => Claiming::Free,
        });
    }
    Ok(claiming)
}

async fn from_other(
    store: &Store,
    subject: &Subject,
    Claim { field, key, .. }: &Claim,
    other: u64,
) -> Result<Claiming, StoreError> {
    let Subject { kind, id, .. } = *subject;
    let owner = store.subject(kind, other).await?;
    if owner.is_some_and(|it| it.has(key) || it.old_claims.contains(key)) {
        Ok(Claiming::Collision(Collision { kind, field, id, other }))
    } else {
        Ok(Claiming::From(other))
    }
}
