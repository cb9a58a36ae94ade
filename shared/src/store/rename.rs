//! The operator's changes of values that must be unique: a username, an email, a licence number.

use std::collections::BTreeSet;

use super::accounts::KIND;
use super::error::StoreError;
use super::operator::Operator;
use super::registration::TAKEN;
use super::stored::UNCHANGED;
use super::subject::{Subject, is_owned, key_of, owner_attribute, subject_in};
use crate::dynamo::{self, AttributeValue, Expression, Item, Key, Outcome, ReadPlan, backoff};
use crate::model::doctor::DoctorDetails;
use crate::model::email::{Email, name_form};
use crate::model::field::FieldErrors;
use crate::model::id::{DoctorId, Id, UserId};
use crate::model::record::Details;
use crate::model::text::Line;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::model::username::{FOREIGN_ADDRESS, Username};

/// How often a change that lost a race is tried.
const ATTEMPTS: u32 = 10;

const USERNAME: &str = "username";
const EMAIL: &str = "email";
const EMAIL_VERIFIED: &str = "email_verified";
const LICENSE_NUMBER: &str = "license_number";

/// The change of an account; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct UserRename {
    pub username: Option<Username>,
    pub email: Option<Email>,
}

/// The change of a doctor; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct DoctorRename {
    pub license_number: Option<Line<100>>,
    pub email: Option<Email>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Changed,
    Taken(&'static str),
}

/// The item of a record, and what it becomes.
struct Change {
    old: Subject,
    new: Subject,
    expression: Expression,
}

impl Operator<'_> {
    /// Changes username, email or both of an account. Calls: GetItem, BatchGetItem, TransactWriteItems; only the first
    /// if nothing changes.
    pub async fn rename_user(
        &self,
        id: UserId,
        change: &UserRename,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let username = change.username.as_ref().map(Username::as_str);
        let email = change.email.as_ref().map(Email::as_str);
        self.rename(KIND, id.get(), &[(USERNAME, username), (EMAIL, email)], now).await
    }

    /// Changes licence number, email or both of a doctor. Calls: as [`Self::rename_user`].
    pub async fn rename_doctor(
        &self,
        id: DoctorId,
        change: &DoctorRename,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let license_number = change.license_number.as_ref().map(Line::as_str);
        let email = change.email.as_ref().map(Email::as_str);
        let values = [(LICENSE_NUMBER, license_number), (EMAIL, email)];
        self.rename(DoctorDetails::KIND, id.get(), &values, now).await
    }

    async fn rename(
        &self,
        kind: &'static str,
        id: u64,
        values: &[(&str, Option<&str>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let not_found = || StoreError::not_found(format!("{kind} {id}"));
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            let item = self.store.main.get(key_of(kind, id)).await?.ok_or_else(not_found)?;
            let mut renamed = item.clone();
            for (field, value) in values {
                if let Some(value) = value {
                    renamed.insert((*field).to_owned(), AttributeValue::S((*value).to_owned()));
                }
            }
            let old = subject_in(&item)?.ok_or_else(not_found)?;
            if renamed == item {
                return Ok(());
            }
            if kind == KIND {
                check_username(&renamed)?;
                renamed.insert(EMAIL_VERIFIED.to_owned(), still_verified(&item, &renamed));
            }
            let new = subject_in(&renamed)?.ok_or_else(not_found)?;
            let expression = expression(&new, &renamed, now)?;
            let changed = values.iter().map(|(field, _)| *field);
            let changed = changed.filter(|field| renamed.get(*field) != item.get(*field));
            let unverified = is_verified(&item) && !is_verified(&renamed);
            let changed = changed.chain(unverified.then_some(EMAIL_VERIFIED));
            self.store.note_fields(changed.map(str::to_owned));
            match self.replace(Change { old, new, expression }).await? {
                Outcome::Committed => return Ok(()),
                Outcome::Refused(refusals) if refusals.contains(&Refusal::Changed) => {}
                Outcome::Refused(refusals) => return Err(taken(&refusals)),
            }
        }
        Err(StoreError::Contended)
    }

    /// Changes the item, puts the new claims, and deletes the old ones, in the form of today and that of schema 1, if
    /// they are this record's.
    async fn replace(&self, change: Change) -> Result<Outcome<Refusal>, StoreError> {
        let Change { old, new, expression } = change;
        let table = &self.store.main;
        let kept = keys(&new);
        let obsolete: Vec<Key> = keys(&old).difference(&kept).cloned().collect();
        let mut items = table.batch_get(ReadPlan::whole(obsolete.clone())).await?;
        let mut transaction = table.transaction().update(new.key(), expression, Refusal::Changed);
        for claim in &new.claims {
            // A value that stays, or changes in its spelling only, may be in a collision.
            if old.claims.iter().all(|it| it.item != claim.item) {
                let refusal = Refusal::Taken(claim.field);
                transaction = transaction.put_if(claim.item.clone(), new.may_claim(), refusal);
            }
        }
        for key in obsolete {
            let item = items.take(&key);
            let owner = item.and_then(|it| dynamo::number(&it, owner_attribute(new.kind)));
            if owner == Some(new.id) {
                let is_owned = is_owned(new.kind, new.id);
                transaction = transaction.delete_if(key, is_owned, Refusal::Changed);
            }
        }
        Ok(self.store.commit(transaction).await?)
    }
}

/// Returns the keys of all claims that a record has or, by the rule of schema 1, had.
fn keys(subject: &Subject) -> BTreeSet<Key> {
    let claims = subject.claims.iter().map(|claim| claim.key.clone());
    claims.chain(subject.old_claims.iter().cloned()).collect()
}

/// Checks what a registration checks: a username with `@` is the account's own address.
fn check_username(item: &Item) -> Result<(), StoreError> {
    let user: User = dynamo::parse(item.clone())?;
    if user.username.may_belong_to(&user.email) {
        return Ok(());
    }
    Err(StoreError::Invalid(FieldErrors::one(USERNAME, FOREIGN_ADDRESS)))
}

/// Returns whether the address of an account is verified after the change: another address is not, another spelling of
/// the same one is.
fn still_verified(item: &Item, renamed: &Item) -> AttributeValue {
    let form = |item: &Item| dynamo::string(item, EMAIL).map(name_form);
    AttributeValue::Bool(is_verified(item) && form(item) == form(renamed))
}

fn is_verified(item: &Item) -> bool {
    matches!(item.get(EMAIL_VERIFIED), Some(AttributeValue::Bool(true)))
}

/// Returns the change of the item's own attributes.
fn expression(new: &Subject, renamed: &Item, now: Timestamp) -> Result<Expression, StoreError> {
    const OF_USER: &str = "SET username = :name, email = :email, email_verified = :verified, \
        gsi2sk = :sort_key, version = :next, updated_at = :now";
    const OF_DOCTOR: &str = "SET license_number = :name, email = :email, gsi2sk = :sort_key, \
        version = :next, updated_at = :now";
    let (change, name) =
        if new.kind == KIND { (OF_USER, USERNAME) } else { (OF_DOCTOR, LICENSE_NUMBER) };
    let text = |field: &str| {
        dynamo::string(renamed, field).ok_or_else(|| StoreError::missing("a unique value"))
    };
    let expression = Expression::update(change)
        .only_if(UNCHANGED)
        .text(":name", text(name)?)
        .text(":email", text(EMAIL)?)
        .text(":sort_key", &new.sort_key)
        .number(":version", new.version)
        .number(":next", new.version.saturating_add(1))
        .text(":now", now);
    if new.kind == KIND {
        return Ok(expression.boolean(":verified", is_verified(renamed)));
    }
    Ok(expression)
}

fn taken(refusals: &[Refusal]) -> StoreError {
    let mut errors = FieldErrors::default();
    for refusal in refusals {
        if let Refusal::Taken(field) = refusal {
            errors.add(field, TAKEN);
        }
    }
    StoreError::Conflict(errors)
}
