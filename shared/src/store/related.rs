//! The few records that are related to an account: the patients for whom it acts, and the doctors of its patient.

use super::error::StoreError;
use super::keys::{PROXY_PREFIX, prefix, record_id, sort_key};
use super::panel::id_of_patient;
use super::tables::Store;
use crate::dynamo::{self, Key, Query, Rows};
use crate::model::assignment::Episode;
use crate::model::doctor::DoctorDetails;
use crate::model::id::{Id, PatientId, UserId};
use crate::model::page::{Page, Paging};
use crate::model::patient::PatientDetails;
use crate::model::period::Period;
use crate::model::proxy::{Proxy, ProxyScope};
use crate::model::record::{Details, Record};
use crate::model::search::Criteria;
use crate::model::timestamp::Timestamp;

/// Records by id, each with the period of the relation; `None` for the account's own record.
pub struct Related<D: Details>(Vec<(D::Id, Option<Period>)>);

impl Store {
    /// Reads the patients for whom an account acts: at most 20. Calls: Query.
    pub(super) async fn proxies_of(&self, user: UserId) -> Result<Rows, StoreError> {
        let partition = Key::user(Some(user)).pk;
        Ok(self.main.query(Query::partition(&partition).beginning_with(PROXY_PREFIX)).await?)
    }

    /// Reads the doctors who have a patient now or later. Calls: Query.
    pub(super) async fn care_team(&self, patient: PatientId) -> Result<Rows, StoreError> {
        let partition = Key::record::<PatientDetails>(patient).pk;
        let prefix = prefix(DoctorDetails::KIND);
        Ok(self.main.query(Query::partition(&partition).beginning_with(&prefix)).await?)
    }

    /// Returns a page of those of the records that are related now and meet the criteria, in the order of names. Calls:
    /// BatchGetItem.
    pub(super) async fn related_records<D: Details>(
        &self,
        Related(related): Related<D>,
        attributes: &'static [&'static str],
        criteria: &Criteria,
        paging: &Paging<String>,
        now: Timestamp,
    ) -> Result<Page<Record<D>, String>, StoreError> {
        let is_current = |period: Option<Period>| period.is_none_or(|it| it.contains(now));
        let current = related.into_iter().filter(|(_, period)| is_current(*period));
        let ids: Vec<D::Id> = current.map(|(id, _)| id).collect();
        let records = self.records_with::<D>(&ids, attributes);
        let expected = ids.iter().filter_map(|id| D::patient(*id));
        let records = self.showing(expected, records).await?.into_values();
        let mut found: Vec<(String, Record<D>)> = records
            .filter(|record| criteria.matches(&record.details.search_terms()))
            .map(|record| (sort_key(&record.details.sort_name(), record.id.get()), record))
            .filter(|(place, _)| paging.after.as_ref().is_none_or(|after| place > after))
            .collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let limit = usize::try_from(paging.limit).unwrap_or_default();
        let is_last = found.len() <= limit;
        found.truncate(limit);
        let next = found.last().filter(|_| !is_last).map(|(place, _)| place.clone());
        Ok(Page { results: found.into_iter().map(|(_, record)| record).collect(), next })
    }
}

impl<D: Details> Related<D> {
    /// Returns nobody.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// Returns the account's own patient and the other patients whom it acts for. Those whose contacts it may see, and
    /// nothing else, are in no list, because a list shows the same attributes of all.
    pub(super) fn represented(own: Option<PatientId>, proxies: Rows) -> Result<Self, StoreError> {
        let itself = own.and_then(id_of_patient::<D>).map(|id| (id, None));
        let mut related: Vec<_> = itself.into_iter().collect();
        for item in proxies.items {
            let Proxy { patient_id, scope, period, .. } = dynamo::parse(item)?;
            if scope == ProxyScope::All && own != Some(patient_id) {
                related.extend(id_of_patient::<D>(patient_id).map(|id| (id, Some(period))));
            }
        }
        Ok(Self(related))
    }

    /// Returns the patients whom the account represents, except its own.
    pub(super) fn represented_by_proxy(&self) -> Vec<PatientId> {
        let others = self.0.iter().filter(|(_, period)| period.is_some());
        others.filter_map(|(id, _)| D::patient(*id)).collect()
    }

    /// Returns the doctors of a patient.
    pub(super) fn care_team(rows: Rows) -> Result<Self, StoreError> {
        let mut related = Vec::new();
        for row in rows.items {
            let doctor = dynamo::string(&row, "sk").and_then(record_id::<D>);
            let episode: Episode = dynamo::parse(row)?;
            related.extend(doctor.map(|id| (id, Some(episode.period))));
        }
        Ok(Self(related))
    }
}
