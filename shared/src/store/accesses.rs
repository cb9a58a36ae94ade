//! The accesses to a patient's record: who opened or changed it, when, and on what basis. The patient sees those that
//! took place, in plain words; administrators see all of them.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::assignments::name_in;
use super::error::StoreError;
use super::keys;
use super::load::Load;
use super::stored::not_found;
use super::tables::Store;
use super::trail_pages::RowPage;
use super::trail_reads::{TrailEntry, TrailReader};
use crate::access::{Allowed, Granted, action};
use crate::audit::{DONE, Row, TrailView};
use crate::dynamo::{self, Items, Key, ReadPlan};
use crate::model::access::{AccessAction, AccessedBy, sentence};
use crate::model::disclosure::Disclosure;
use crate::model::doctor::DoctorDetails;
use crate::model::field::unseen;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::page::{Page, Paging};
use crate::model::patient::PatientDetails;
use crate::model::user::Role;

/// The attributes of an account that say who it is.
const ACCOUNT_ATTRIBUTES: &[&str] = &["id", "username", "role", "doctor_id"];

/// The attributes of a doctor's name, and those of a tombstone.
const NAME_ATTRIBUTES: &[&str] = &["pk", "deleted_at", "first_name", "last_name"];

/// The attribute that whoever may not see refusals does not see.
const OUTCOME: &str = "outcome";

/// The first word of the operations of operators' commands.
const COMMANDS: &str = "ops ";

action! {
    /// Lists the accesses to a patient's record.
    ListAccesses: AccessPage
}

/// A page of the accesses to a patient's record, as a request asks for it.
#[derive(Debug, Clone)]
pub struct AccessesQuery {
    pub patient: PatientId,
    pub paging: Paging<String>,
    /// The list's label, for its cursors.
    pub label: String,
}

/// A page of the rows that name a patient.
#[derive(Debug)]
pub struct AccessPage {
    query: AccessesQuery,
    /// Whether there is or was such a patient: what was done is kept after the record is deleted.
    is_known: bool,
    /// The rows of the first read, also refusals.
    begun: RowPage,
}

/// An access to a patient's record.
#[derive(Serialize)]
pub struct Access {
    text: String,
    action: AccessAction,
    /// `None` if there was no account, or if it no longer exists.
    actor_name: Option<String>,
    actor_role: Option<Role>,
    #[serde(flatten)]
    entry: TrailEntry,
}

unseen!(Access);

impl Disclosure for Access {
    /// The request names the patient.
    fn patients(&self) -> Vec<PatientId> {
        Vec::new()
    }

    fn accounts(&self) -> Vec<UserId> {
        self.entry.actor.into_iter().collect()
    }
}

/// Who an account is.
struct Person {
    name: String,
    role: Role,
}

/// The attributes of an account that are read.
#[derive(Deserialize)]
struct AccountName {
    id: UserId,
    username: String,
    role: Role,
    #[serde(default)]
    doctor_id: Option<DoctorId>,
}

impl TrailReader<'_> {
    /// Returns the accesses to a patient's record, newest first, with the accounts' current names and roles. Calls:
    /// BatchGetItem of the accounts, BatchGetItem of the doctors among them; each only if there is any. Before these
    /// Query, up to 19 times, if refusals are left out.
    pub async fn accesses(
        &self,
        by: Granted<ListAccesses>,
    ) -> Result<Page<Access, String>, StoreError> {
        let leaves_out_refusals = by.view().hides(OUTCOME);
        let AccessPage { query, is_known, begun } = by.into_target();
        if !is_known {
            return Err(not_found::<PatientDetails>(query.patient));
        }
        let (view, limit) = (TrailView::Patient(query.patient), query.paging.limit);
        let is_shown = |row: &Row| !leaves_out_refusals || row.facts.outcome == DONE;
        let Page { results, next } = self.store.filled_page(view, limit, begun, is_shown).await?;
        let rows: Vec<Row> = results.into_iter().map(|(_, row)| row).collect();
        let actors: BTreeSet<UserId> = rows.iter().filter_map(|row| row.facts.actor).collect();
        for actor in &actors {
            self.store.note_account(*actor);
        }
        let people = self.store.showing([query.patient], self.people(actors)).await?;
        let results = rows.into_iter().map(|row| Access::of(row, &people)).collect();
        Ok(Page { results, next })
    }

    /// Returns who these accounts are. One that is linked to a doctor has the doctor's name; any other has its username,
    /// without the domain if it is an email address.
    async fn people(
        &self,
        accounts: BTreeSet<UserId>,
    ) -> Result<HashMap<UserId, Person>, StoreError> {
        let main = &self.store.main;
        let keys = accounts.into_iter().map(|id| Key::user(Some(id))).collect();
        let items = main.batch_get(ReadPlan { keys, attributes: ACCOUNT_ATTRIBUTES }).await?;
        let accounts = items.into_iter().map(dynamo::parse::<AccountName>);
        let accounts = accounts.collect::<Result<Vec<_>, _>>()?;

        let linked = accounts.iter().filter_map(|account| account.doctor_id);
        let keys = linked.map(Key::record::<DoctorDetails>).collect();
        let mut doctors: HashMap<DoctorId, String> = HashMap::new();
        for item in main.batch_get(ReadPlan { keys, attributes: NAME_ATTRIBUTES }).await? {
            let id = dynamo::string(&item, "pk").and_then(keys::record_id::<DoctorDetails>);
            doctors.extend(id.zip(name_in(&item)));
        }
        let people = accounts.into_iter().map(|account| {
            let name = account.doctor_id.and_then(|doctor| doctors.get(&doctor).cloned());
            let name = name.unwrap_or_else(|| without_domain(&account.username).to_owned());
            (account.id, Person { name, role: account.role })
        });
        Ok(people.collect())
    }
}

impl AccessPage {
    /// The list's label, for its cursors.
    pub fn label(&self) -> &str {
        &self.query.label
    }
}

impl Access {
    fn of(row: Row, people: &HashMap<UserId, Person>) -> Self {
        let facts = &row.facts;
        let person = facts.actor.and_then(|actor| people.get(&actor));
        let by = match (person, facts.actor) {
            (Some(person), _) => AccessedBy::Account { name: &person.name, role: person.role },
            (None, Some(_)) => AccessedBy::FormerAccount,
            (None, None) if facts.operation.starts_with(COMMANDS) => AccessedBy::Operator,
            (None, None) => AccessedBy::Service,
        };
        let action = AccessAction::of(&facts.operation);
        let problem = Some(&*facts.outcome).filter(|outcome| *outcome != DONE);
        Self {
            text: sentence(by, action, &facts.fields, facts.basis.as_deref(), problem),
            action,
            actor_name: person.map(|person| person.name.clone()),
            actor_role: person.map(|person| person.role),
            entry: TrailEntry::from(row),
        }
    }
}

impl Load for AccessPage {
    type Name = AccessesQuery;
    type Found = Option<RowPage>;

    fn keys(query: &AccessesQuery) -> Vec<Key> {
        vec![Key::record::<PatientDetails>(query.patient)]
    }

    fn patient(query: &AccessesQuery) -> Option<PatientId> {
        Some(query.patient)
    }

    /// Reads no further before the decision: the time of a refused request does not depend on the patient's rows. Calls:
    /// Query.
    async fn find(
        store: &Store,
        query: &AccessesQuery,
        _allowed: &Allowed,
    ) -> Result<Option<RowPage>, StoreError> {
        let AccessesQuery { patient, paging: Paging { limit, after }, .. } = query;
        let view = TrailView::Patient(*patient);
        store.begun_page(view, *limit, after.as_deref()).await.map(Some)
    }

    fn build(
        query: AccessesQuery,
        _allowed: &Allowed,
        items: &mut Items,
        found: Option<RowPage>,
    ) -> Result<Self, StoreError> {
        let is_known = items.get(&Key::record::<PatientDetails>(query.patient)).is_some();
        let begun = found.ok_or_else(|| StoreError::missing("a page of rows"))?;
        Ok(Self { query, is_known, begun })
    }
}

/// Returns a username without the domain of an email address, at which the account can be reached.
fn without_domain(username: &str) -> &str {
    username.split_once('@').map_or(username, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Facts, Place};
    use crate::model::id::Id;
    use crate::model::timestamp::Timestamp;

    /// Returns an access by nobody who is known.
    fn access(operation: &'static str, actor: Option<UserId>) -> serde_json::Value {
        let facts = Facts { operation: operation.into(), actor, outcome: DONE, ..Facts::default() };
        let place = Place { chain: "a".to_owned(), seq: 7 };
        let at = Timestamp::from_millisecond(0);
        let row = Row::new(place, String::new(), at, facts, None, Vec::new(), 0);
        serde_json::to_value(Access::of(row, &HashMap::new())).unwrap()
    }

    #[test]
    fn access_without_an_account_names_nobody() {
        for (operation, actor, text) in [
            ("patients-get", UserId::new(3), "An account that no longer exists read the record."),
            ("ops rename", None, "An operator of this service worked with the record."),
            ("handovers-run", None, "The service changed the patient's doctors."),
        ] {
            let access = access(operation, actor);
            assert_eq!(access["text"], text);
            assert!(access["actor_name"].is_null() && access["actor_role"].is_null());
            assert_eq!(access["actor"], serde_json::json!(actor));
        }
    }
}
