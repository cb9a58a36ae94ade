//! The care of one patient: the episodes of all doctors who have the patient now or later, in one item.
//!
//! Every change of an assignment replaces this item on the condition of its version, so all changes of one patient's
//! care are in one order. All other rows are made from it: the patient's row and the doctor's row of each episode, and
//! the row of the first end, by which a daily function finds the episodes that are over. They are written and removed in
//! the transaction of the change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::keys::{self, PANEL_PREFIX, SEPARATOR};
use super::stored::is_version;
use crate::dynamo::{self, Expression, Item, Items, Key, Transaction};
use crate::model::assignment::{CareRole, Episode, EpisodeId, PastEpisode};
use crate::model::conflict::Conflict;
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::patient::Patient;
use crate::model::period::Period;
use crate::model::reason::ReasonCode;
use crate::model::record::Details;
use crate::model::search::SearchTerms;
use crate::model::search_key::SEARCH_KEY_VERSION;
use crate::model::timestamp::Timestamp;

/// The most doctors who can have a patient now or later. A change of the patient's name, and the end of all periods, fit
/// into one transaction.
const MAX_DOCTORS: usize = 20;

/// The most bytes of the names by which a patient is found in a panel.
const MAX_NAMES: usize = 600;

/// The care of a patient as it was read, or as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Care {
    pub patient: PatientId,
    /// 0 if the item does not exist yet.
    version: u64,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    /// Whether the patient is deleted. No episode can begin then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    /// Whether the patient is restricted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    restricted: bool,
    /// The beginning of the patient's sort key in panels, which are in the order of names.
    place: String,
    /// The names by which the patient is found in panels.
    names: String,
    episodes: Vec<Episode>,
    /// The ends that were asked for ahead of their time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    planned: Vec<PlannedEnd>,
}

/// By whose request an episode ends later, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEnd {
    /// The episode.
    pub id: EpisodeId,
    pub by: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// The item.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u64,
    #[serde(flatten)]
    content: Content,
}

/// The content of the rows of an episode, beside their keys.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    episode: &'a Episode,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    restricted: bool,
    /// Only in the doctor's row.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<&'a str>,
}

impl Care {
    /// Returns the care of a patient who exists, as its item says, or without episodes if there is no item.
    pub fn of(patient: &Patient, item: Option<Item>) -> Result<Self, StoreError> {
        match item {
            Some(item) => Self::stored(patient.id, item),
            None => Ok(Self::new(patient)),
        }
    }

    fn new(patient: &Patient) -> Self {
        let content = Content {
            deleted: false,
            restricted: false,
            place: String::new(),
            names: String::new(),
            episodes: Vec::new(),
            planned: Vec::new(),
        };
        let mut care = Self { patient: patient.id, version: 0, content };
        care.describe(patient);
        care
    }

    /// Returns the care of a patient from its item, whether the patient exists or not.
    pub fn stored(patient: PatientId, item: Item) -> Result<Self, StoreError> {
        let Stored { version, content } = dynamo::parse(item)?;
        Ok(Self { patient, version, content })
    }

    /// Returns the care of a patient from its item among others.
    pub fn take(patient: PatientId, items: &mut Items) -> Result<Option<Self>, StoreError> {
        items.take(&Key::care(patient)).map(|item| Self::stored(patient, item)).transpose()
    }

    pub fn episodes(&self) -> &[Episode] {
        &self.content.episodes
    }

    /// Returns the episode of a doctor.
    pub fn episode(&self, doctor: DoctorId) -> Option<&Episode> {
        self.content.episodes.iter().find(|episode| episode.doctor_id == doctor)
    }

    /// Returns the end of an episode that was asked for ahead of its time.
    pub fn planned_end(&self, id: &EpisodeId) -> Option<&PlannedEnd> {
        self.content.planned.iter().find(|planned| planned.id == *id)
    }

    /// Returns the id of the episode of a doctor that the next change begins. No other change has this version.
    pub fn next_id(&self, doctor: DoctorId) -> Result<EpisodeId, StoreError> {
        let id = format!("{}-{}-{}", self.patient.get(), doctor.get(), self.version + 1);
        id.parse().map_err(|_| StoreError::unexpected("an episode's id is not valid"))
    }

    /// Takes over name and restriction of the patient.
    pub fn describe(&mut self, patient: &Patient) {
        let [last, first] = patient.details.sort_name();
        self.content.place = format!("{}{last}{SEPARATOR}{first}", panel_prefix());
        self.content.names = names(&patient.details.search_terms());
        self.content.restricted = patient.details.restricted;
    }

    /// Prevents new episodes. The patient's names leave the item with the last episode.
    pub fn delete(&mut self) {
        self.content.deleted = true;
    }

    /// Removes and returns the episodes whose period is over: at most 20, so that a transaction has room for them and for
    /// a change. Only a patient of an earlier version can have more.
    pub fn take_lapsed(&mut self, now: Timestamp) -> Vec<PastEpisode> {
        let is_over = |episode: &mut Episode| episode.period.has_ended(now);
        let over = self.content.episodes.extract_if(.., is_over).take(MAX_DOCTORS);
        let over: Vec<Episode> = over.collect();
        over.into_iter().map(|episode| self.past(episode)).collect()
    }

    fn past(&mut self, episode: Episode) -> PastEpisode {
        let planned = self.forget_end(&episode.id);
        PastEpisode {
            episode,
            patient_id: self.patient,
            ended_by: planned.as_ref().map(|planned| planned.by),
            end_reason: planned.and_then(|planned| planned.reason),
            voided: None,
        }
    }

    fn forget_end(&mut self, id: &EpisodeId) -> Option<PlannedEnd> {
        let planned = &mut self.content.planned;
        let position = planned.iter().position(|it| it.id == *id)?;
        Some(planned.remove(position))
    }

    /// Removes the episode of a doctor and returns it, ended at this moment.
    pub fn take_episode(&mut self, doctor: DoctorId, now: Timestamp) -> Option<PastEpisode> {
        let mut episode = self.remove(doctor)?;
        let Period { starts_at, ends_at } = episode.period;
        let end = ends_at.map_or(now, |end| end.min(now));
        // An episode that was to begin later has no time at all.
        episode.period = Period { starts_at: starts_at.min(end), ends_at: Some(end) };
        Some(self.past(episode))
    }

    fn remove(&mut self, doctor: DoctorId) -> Option<Episode> {
        let episodes = &mut self.content.episodes;
        let position = episodes.iter().position(|it| it.doctor_id == doctor)?;
        Some(episodes.remove(position))
    }

    /// Adds an episode of a doctor who has none. Take the lapsed ones first.
    pub fn add(&mut self, episode: Episode) -> Result<(), Conflict> {
        if self.episode(episode.doctor_id).is_some() {
            return Err(Conflict::PeriodOverlaps);
        }
        if self.episodes().len() >= MAX_DOCTORS {
            return Err(Conflict::TooManyDoctors);
        }
        self.insert(episode)
    }

    fn insert(&mut self, episode: Episode) -> Result<(), Conflict> {
        let is_primary = |it: &Episode| it.role == CareRole::Primary;
        let overlaps = |it: &Episode| it.period.overlaps(&episode.period);
        if is_primary(&episode) && self.episodes().iter().any(|it| is_primary(it) && overlaps(it)) {
            return Err(Conflict::PrimaryTaken);
        }
        self.content.episodes.push(episode);
        self.content.episodes.sort_by_key(|episode| episode.doctor_id);
        Ok(())
    }

    /// Puts an episode in place of the one that its doctor has. Another end replaces the end that was planned.
    pub fn change(&mut self, next: Episode) -> Result<(), Conflict> {
        let current = self.remove(next.doctor_id);
        if current.is_some_and(|current| current.period.ends_at != next.period.ends_at) {
            self.forget_end(&next.id);
        }
        self.insert(next)
    }

    /// As [`Care::change`], for an episode that somebody asks to end later.
    pub fn plan_end(
        &mut self,
        next: Episode,
        by: UserId,
        reason: Option<ReasonCode>,
    ) -> Result<(), Conflict> {
        let planned = PlannedEnd { id: next.id.clone(), by, reason };
        self.change(next)?;
        self.forget_end(&planned.id);
        self.content.planned.push(planned);
        Ok(())
    }

    /// Returns the key of the row of the first end; `None` if no episode has an end. One row for all ends, because each
    /// one more would be an action in the transaction in which all of them are over.
    pub fn first_end(&self) -> Option<Key> {
        let first = self.episodes().iter().filter_map(|episode| episode.period.ends_at).min()?;
        Some(Key::first_end(self.patient, first))
    }

    /// Returns the rows that these episodes have.
    fn rows(&self) -> Result<BTreeMap<Key, Item>, StoreError> {
        let Content { restricted, place, names, episodes, .. } = &self.content;
        let first_end = self.first_end().map(|key| (key.clone(), Item::from(key)));
        let mut rows: BTreeMap<Key, Item> = first_end.into_iter().collect();
        for episode in episodes {
            let doctor = episode.doctor_id;
            let restricted = *restricted;
            let key = Key::assignment(self.patient, doctor);
            let mut row = dynamo::write(&Row { episode, restricted, names: None }, key.clone())?;
            row.extend(keys::in_gsi1(self.patient, doctor));
            rows.insert(key, row);
            let key = Key::panel(doctor, place, self.patient);
            let row = Row { episode, restricted, names: Some(names) };
            rows.insert(key.clone(), dynamo::write(&row, key)?);
        }
        Ok(rows)
    }

    fn item(&self, version: u64) -> Result<Item, StoreError> {
        let mut content = self.content.clone();
        if content.deleted && content.episodes.is_empty() {
            content.place.clear();
            content.names.clear();
        }
        Ok(dynamo::write(&Stored { version, content }, Key::care(self.patient))?)
    }

    /// Adds to a transaction what makes `next` of this care: the item, on the condition that it is unchanged, its rows,
    /// and the rows of past episodes.
    pub fn replace<'a, R: Copy>(
        &self,
        next: &Self,
        past: &[PastEpisode],
        transaction: Transaction<'a, R>,
        refusal: R,
    ) -> Result<Transaction<'a, R>, StoreError> {
        let item = next.item(self.version + 1)?;
        let mut transaction = transaction.put_if(item, self.is_unchanged(), refusal);
        let (old, new) = (self.rows()?, next.rows()?);
        for (key, row) in &new {
            if old.get(key) != Some(row) {
                transaction = transaction.put(row.clone());
            }
        }
        for key in old.into_keys().filter(|key| !new.contains_key(key)) {
            transaction = transaction.delete(key);
        }
        for episode in past {
            transaction = put_past(episode, transaction)?;
        }
        Ok(transaction)
    }

    /// A condition: the item is still the version that was read.
    pub fn is_unchanged(&self) -> Expression {
        is_version(self.version)
    }

    /// Whether the patient is deleted.
    pub fn is_deleted(&self) -> bool {
        self.content.deleted
    }
}

#[cfg(feature = "operator")]
impl Care {
    /// Adds an episode of a doctor who has none, whatever their number: earlier versions had no limit.
    pub fn add_migrated(&mut self, episode: Episode) {
        self.content.episodes.push(episode);
        self.content.episodes.sort_by_key(|episode| episode.doctor_id);
    }

    /// Whether one of the episodes has this row.
    pub fn has_row(&self, key: &Key) -> bool {
        let doctors = self.content.episodes.iter().map(|episode| episode.doctor_id);
        let mut keys = doctors.flat_map(|doctor| {
            let panel = Key::panel(doctor, &self.content.place, self.patient);
            [Key::assignment(self.patient, doctor), panel]
        });
        keys.any(|it| it == *key)
    }
}

/// Adds the two rows of a past episode, in place of those that it has.
pub fn put_past<'a, R: Copy>(
    past: &PastEpisode,
    transaction: Transaction<'a, R>,
) -> Result<Transaction<'a, R>, StoreError> {
    let mut transaction = transaction;
    for key in past_keys(past)? {
        transaction = transaction.put(dynamo::write(past, key)?);
    }
    Ok(transaction)
}

/// Returns the keys of the rows of a past episode: the patient's and the doctor's.
pub fn past_keys(past: &PastEpisode) -> Result<[Key; 2], StoreError> {
    let episode = &past.episode;
    let end = episode.period.ends_at.ok_or_else(|| StoreError::missing("the end"))?;
    Ok([
        Key::past_of_patient(past.patient_id, end, &episode.id),
        Key::past_of_doctor(episode.doctor_id, end, &episode.id),
    ])
}

/// Returns the prefix of the sort keys of a panel's rows.
pub fn panel_prefix() -> String {
    format!("{PANEL_PREFIX}{SEARCH_KEY_VERSION}#")
}

/// Returns the names of a patient, and the same without spaces, because a search may join or divide words.
fn names(terms: &SearchTerms) -> String {
    let mut names = String::new();
    for name in [&terms.name].into_iter().chain(&terms.former_names) {
        let words: Vec<&str> = name.split(' ').collect();
        let reversed: Vec<&str> = words.iter().rev().copied().collect();
        for form in [name.clone(), words.concat(), reversed.concat()] {
            let is_new = names.split('|').all(|known| known != form);
            if is_new && names.len() + form.len() < MAX_NAMES {
                names.push_str(&form);
                names.push('|');
            }
        }
    }
    names
}

#[cfg(test)]
mod tests;
