//! The doctors of a patient, and the patients of a doctor: now, at another moment, or ever.
//!
//! Each list takes two rounds: a page of rows, beside the read of the caller and the owner, and then the records at
//! their ids. The rows are in two streams: the episodes that are current or begin later, and those that have ended.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::assignments::Assignments;
use super::care::panel_prefix;
use super::error::StoreError;
use super::keys::{self, MAX_SORT_KEY, PAST_PREFIX, id_in_sort_key, record_id};
use super::load::Load;
use super::search::Position;
use super::stored::{
    LISTED_DOCTOR_ATTRIBUTES, LISTED_PATIENT_ATTRIBUTES, UNRESTRICTED, doctor_id, exists,
    not_found, record_in,
};
use super::tables::Store;
use crate::access::{Allowed, Basis, Granted, Reach, action};
use crate::dynamo::{self, Item, Items, Key, Query, ReadPlan, Rows};
use crate::model::assignment::{
    CareRole, Episode, EpisodeId, PastEpisode, TermsView, WithAssignment,
};
use crate::model::doctor::DoctorDetails;
use crate::model::field::unseen;
use crate::model::id::{DoctorId, PatientId};
use crate::model::page::{Page, Paging};
use crate::model::patient::PatientDetails;
use crate::model::period::Period;
use crate::model::record::{Details, Record};
use crate::model::timestamp::Timestamp;

action! {
    /// Lists the doctors of a patient.
    ListDoctorsOfPatient: AssignmentsOf<PatientDetails>
}

action! {
    /// Lists the patients of a doctor.
    ListPatientsOfDoctor: AssignmentsOf<DoctorDetails>
}

/// Which episodes a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShownEpisodes {
    pub when: When,
    /// Those in this role only.
    pub role: Option<CareRole>,
}

/// The time of the episodes that a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    /// The moment of the request.
    #[default]
    Now,
    /// This moment, as it is recorded now: without episodes that were entered in error.
    At(Timestamp),
    /// Any time: also later, and also those that were entered in error.
    Ever,
}

/// A page of the assignments of one doctor or patient, as a request names it.
#[derive(Clone)]
pub struct AssignmentsQuery<Owner: Details> {
    pub owner: Owner::Id,
    pub shown: ShownEpisodes,
    pub paging: Paging<Position>,
    /// The label of this list; cursors are valid for their label only.
    pub label: String,
}

unseen!(AssignmentsQuery<Owner>, Owner: Details);

/// A page of the rows in an owner's partition.
pub struct AssignmentsOf<Owner: Side> {
    query: AssignmentsQuery<Owner>,
    owner_exists: bool,
    page: Page<Row<Owner::Other>, Position>,
    /// Whether restricted patients are left out.
    leaves_out_restricted: bool,
    /// Whether only the role gives the access. Otherwise an episode gives it, and only while it lasts.
    is_by_role: bool,
}

unseen!(AssignmentsOf<Owner>, Owner: Side);

/// An episode, and the record on its other side.
struct Row<Other: Details> {
    other: Other::Id,
    terms: TermsView,
}

/// The records on the other side of one owner's assignments.
pub type RecordsOf<Other> = Page<WithAssignment<Record<Other>>, Position>;

/// One side of assignments.
pub trait Side: Details {
    /// The other side.
    type Other: Details;

    /// The attributes of the other side's records that lists show; all if empty.
    const SHOWN: &'static [&'static str];

    /// Returns the prefix of the sort keys of the episodes that are current or begin later.
    fn open_prefix() -> String;

    /// Returns the other side in such a sort key.
    fn open(sort_key: &str) -> Option<<Self::Other as Details>::Id>;

    /// Returns the other side of an episode that has ended.
    fn past(episode: &PastEpisode) -> <Self::Other as Details>::Id;
}

impl Side for PatientDetails {
    type Other = DoctorDetails;
    const SHOWN: &'static [&'static str] = LISTED_DOCTOR_ATTRIBUTES;

    fn open_prefix() -> String {
        keys::prefix(DoctorDetails::KIND)
    }

    fn open(sort_key: &str) -> Option<DoctorId> {
        record_id::<DoctorDetails>(sort_key)
    }

    fn past(past: &PastEpisode) -> DoctorId {
        past.episode.doctor_id
    }
}

impl Side for DoctorDetails {
    type Other = PatientDetails;
    const SHOWN: &'static [&'static str] = LISTED_PATIENT_ATTRIBUTES;

    fn open_prefix() -> String {
        panel_prefix()
    }

    fn open(sort_key: &str) -> Option<PatientId> {
        id_in_sort_key(sort_key)
    }

    fn past(past: &PastEpisode) -> PatientId {
        past.patient_id
    }
}

impl Assignments<'_> {
    /// Returns the doctors of a patient: by id, and then those whose episodes have ended, by the end. Calls: BatchGetItem.
    pub async fn doctors_of(
        &self,
        by: Granted<ListDoctorsOfPatient>,
    ) -> Result<RecordsOf<DoctorDetails>, StoreError> {
        let now = by.at();
        self.records_of(by.into_target().shown(now)?).await
    }

    /// Returns the patients of a doctor without their histories: by name, and then those whose episodes have ended, by
    /// the end. An episode shows its patient to a doctor only while the doctor of the list has the patient. Calls:
    /// BatchGetItem; one more if a doctor asks for another moment than now.
    pub async fn patients_of(
        &self,
        by: Granted<ListPatientsOfDoctor>,
    ) -> Result<RecordsOf<PatientDetails>, StoreError> {
        let now = by.at();
        let mut list = by.into_target().shown(now)?;
        // The episodes of now give the access themselves.
        if !list.is_by_role && list.query.shown.when != When::Now {
            let doctor = list.query.owner;
            let patients = list.page.results.iter().map(|row| row.other).collect();
            let treated = self.store.treated(&[doctor], &patients, now).await?;
            list.page.results.retain(|row| treated.contains_key(&row.other));
        }
        let patients: Vec<PatientId> = list.page.results.iter().map(|row| row.other).collect();
        self.store.showing(patients, self.records_of(list)).await
    }

    async fn records_of<Owner: Side>(
        &self,
        list: AssignmentsOf<Owner>,
    ) -> Result<RecordsOf<Owner::Other>, StoreError> {
        let AssignmentsOf { page: Page { results: rows, next }, leaves_out_restricted, .. } = list;
        let keys = rows.iter().map(|row| Key::record::<Owner::Other>(row.other)).collect();
        let plan = ReadPlan { keys, attributes: Owner::SHOWN };
        let mut others: HashMap<_, Record<Owner::Other>> = HashMap::new();
        for item in self.store.main.batch_get(plan).await? {
            // The rows of past episodes do not say which patients are restricted.
            let shown =
                |it: &Record<Owner::Other>| !(leaves_out_restricted && it.details.is_restricted());
            if let Some(record) = record_in::<Owner::Other>(item)?.filter(shown) {
                others.insert(record.id, record);
            }
        }
        let with_record = |Row { other, terms }: Row<Owner::Other>| {
            let record = others.get(&other)?.clone();
            Some(WithAssignment { record, assigned_at: terms.assigned_at, assignment: terms })
        };
        Ok(Page { results: rows.into_iter().filter_map(with_record).collect(), next })
    }
}

impl<Owner: Side> AssignmentsOf<Owner> {
    /// The label under which the request's cursor was read.
    pub fn label(&self) -> &str {
        &self.query.label
    }

    /// Returns the list with the rows that it shows, or reports that the owner does not exist.
    fn shown(mut self, now: Timestamp) -> Result<Self, StoreError> {
        if !self.owner_exists {
            return Err(not_found::<Owner>(self.query.owner));
        }
        let shown = self.query.shown;
        self.page.results.retain(|row| shown.contains(&row.terms, row.period(), now));
        Ok(self)
    }
}

impl<Other: Details> Row<Other> {
    fn period(&self) -> Period {
        Period { starts_at: self.terms.starts_at, ends_at: self.terms.ends_at }
    }
}

impl ShownEpisodes {
    /// Returns the streams of rows, each by the prefix of its sort keys, and the sort key after which it begins.
    fn streams<Owner: Side>(&self) -> Vec<(String, Option<String>)> {
        let open = (Owner::open_prefix(), None);
        let past = |after| (PAST_PREFIX.to_owned(), after);
        match self.when {
            When::Now => vec![open],
            // An episode that ended earlier does not contain the moment.
            When::At(moment) => vec![open, past(Some(format!("{PAST_PREFIX}{moment}")))],
            When::Ever => vec![open, past(None)],
        }
    }

    /// Whether the list can have returned the position.
    pub fn is_position<Owner: Side>(&self, (stream, sort_key): &Position) -> bool {
        let streams = self.streams::<Owner>();
        let prefix = streams.get(*stream).map(|(prefix, _)| prefix);
        prefix.is_some_and(|it| sort_key.starts_with(it) && sort_key.len() <= MAX_SORT_KEY)
    }

    fn contains(&self, terms: &TermsView, period: Period, now: Timestamp) -> bool {
        let is_of = |moment| terms.voided.is_none() && period.contains(moment);
        self.role.is_none_or(|role| role == terms.role)
            && match self.when {
                When::Now => is_of(now),
                When::At(moment) => is_of(moment),
                When::Ever => true,
            }
    }
}

/// Writes different ones differently, and the usual one as nothing.
impl fmt::Display for ShownEpisodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.when {
            When::Now => {}
            When::At(moment) => write!(f, " at {moment}")?,
            When::Ever => write!(f, " ever")?,
        }
        match self.role {
            Some(role) => write!(f, " {role:?}"),
            None => Ok(()),
        }
    }
}

impl<Owner: Side> Load for AssignmentsOf<Owner> {
    type Name = AssignmentsQuery<Owner>;
    /// The rows of each stream, beginning with that of the position.
    type Found = Vec<Rows>;

    fn keys(query: &Self::Name) -> Vec<Key> {
        vec![Key::record::<Owner>(query.owner)]
    }

    fn patient(query: &Self::Name) -> Option<PatientId> {
        Owner::patient(query.owner)
    }

    fn doctor(query: &Self::Name) -> Option<DoctorId> {
        doctor_id::<Owner>(query.owner)
    }

    /// Calls: Query; for another moment than now two, at the same time.
    async fn find(
        store: &Store,
        query: &Self::Name,
        allowed: &Allowed,
    ) -> Result<Vec<Rows>, StoreError> {
        let filter = match allowed.reach() {
            Reach::All => None,
            Reach::Unrestricted => Some(UNRESTRICTED),
            // No decision about these lists has such a reach.
            Reach::Panels(_) | Reach::Represented { .. } | Reach::CareTeam(_) => {
                return Ok(Vec::new());
            }
        };
        let partition = Key::record::<Owner>(query.owner).pk;
        let streams = query.shown.streams::<Owner>();
        let (start, mut position) = query.paging.after.clone().unzip();
        let mut queries = Vec::with_capacity(streams.len());
        for (prefix, beginning) in streams.iter().skip(start.unwrap_or_default()) {
            let after = position.take().or_else(|| beginning.clone());
            let after = after.map(|sk| Item::from(Key { pk: partition.clone(), sk }));
            let rows = Query::partition(&partition).beginning_with(prefix);
            let rows = rows.limit(query.paging.limit).after(after);
            queries.push(match filter {
                Some(filter) => rows.filter(filter),
                None => rows,
            });
        }
        Ok(store.main.query_all(queries).await?)
    }

    fn build(
        query: Self::Name,
        allowed: &Allowed,
        items: &mut Items,
        found: Vec<Rows>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            owner_exists: exists::<Owner>(query.owner, items),
            page: page_of::<Owner>(found, &query.paging)?,
            leaves_out_restricted: *allowed.reach() == Reach::Unrestricted,
            is_by_role: allowed.basis() == Basis::Role,
            query,
        })
    }
}

/// Takes the rows of the streams, one stream after the other. An episode that ends meanwhile can be in both: it is
/// shown once.
fn page_of<Owner: Side>(
    found: Vec<Rows>,
    paging: &Paging<Position>,
) -> Result<Page<Row<Owner::Other>, Position>, StoreError> {
    let limit = usize::try_from(paging.limit).unwrap_or_default();
    let first = paging.after.as_ref().map_or(0, |(stream, _)| *stream);
    let (mut results, mut last) = (Vec::new(), None);
    let mut ids: HashSet<EpisodeId> = HashSet::new();
    for (stream, rows) in (first..).zip(found) {
        let rest = rows.next(|last| dynamo::string(last, "sk").map(str::to_owned))?;
        for item in rows.items {
            if results.len() == limit {
                return Ok(Page { results, next: last });
            }
            let sort_key = dynamo::string(&item, "sk").map(str::to_owned);
            let sort_key = sort_key.ok_or_else(|| StoreError::missing("a key"))?;
            let row = row::<Owner>(&sort_key, item)?;
            last = Some((stream, sort_key));
            if ids.insert(row.terms.id.clone()) {
                results.push(row);
            }
        }
        if let Some(sort_key) = rest {
            return Ok(Page { results, next: Some((stream, sort_key)) });
        }
    }
    Ok(Page { results, next: None })
}

fn row<Owner: Side>(sort_key: &str, item: Item) -> Result<Row<Owner::Other>, StoreError> {
    if sort_key.starts_with(PAST_PREFIX) {
        let past: PastEpisode = dynamo::parse(item)?;
        return Ok(Row { other: Owner::past(&past), terms: past.into() });
    }
    let other = Owner::open(sort_key).ok_or_else(|| StoreError::missing("an id"))?;
    let episode: Episode = dynamo::parse(item)?;
    Ok(Row { other, terms: episode.into() })
}
