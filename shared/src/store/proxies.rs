//! Proxies: accounts that act for a patient, such as a parent for a child.
//!
//! A proxy is two rows, in the patient's and in the account's partition, which come and go together. Access ends with the
//! proxy's period. The next addition to the same patient or account removes the rows that are left.

use serde::Serialize;

use super::error::StoreError;
use super::keys::PROXY_PREFIX;
use super::load::Load;
use super::stored::{exists, is_version, not_found, record_in, unchanged};
use super::tables::Store;
use crate::access::{Allowed, Granted, action};
use crate::dynamo::{self, Expression, Items, Key, Outcome, Query, Rows};
use crate::model::conflict::Conflict;
use crate::model::field::FieldErrors;
use crate::model::id::{PatientId, UserId};
use crate::model::page::Page;
use crate::model::patient::{Patient, PatientDetails};
use crate::model::proxy::{NewProxy, Proxy, ProxyId, ProxyView};
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::model::version::Version;

/// The most proxies of a patient, and the most patients whom an account can act for.
const MAX_PROXIES: usize = 20;

/// The sort key of [`Additions`].
const ADDITIONS: &str = "PROXIES";

action! {
    /// Lists the proxies of a patient.
    ListProxies: ProxiesOfPatient
}

action! {
    /// Adds a proxy of a patient.
    AddProxy: ProxyToAdd
}

action! {
    /// Removes a proxy of a patient.
    RemoveProxy: ProxyIds
}

/// The proxies of all patients.
#[derive(Debug)]
pub struct Proxies<'a> {
    store: &'a Store,
}

/// The two ids that name a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyIds {
    pub patient_id: PatientId,
    pub user_id: UserId,
}

/// The proxy that a request adds, as the request names it.
#[derive(Debug, Clone)]
pub struct ProxyRequest {
    pub patient_id: PatientId,
    pub proxy: NewProxy,
}

impl ProxyRequest {
    fn ids(&self) -> ProxyIds {
        ProxyIds { patient_id: self.patient_id, user_id: self.proxy.user_id }
    }
}

/// A patient, an account, and the proxy that it is already, as one consistent read found them.
#[derive(Debug)]
pub struct ProxyToAdd {
    ids: ProxyIds,
    new: NewProxy,
    /// `None` if no such patient exists.
    patient: Option<Patient>,
    /// Whether the account exists and is active.
    is_active: bool,
    existing: Option<Proxy>,
    /// The versions of the items of additions to the patient and to the account; 0 if there was no addition.
    versions: [u64; 2],
}

/// The item that every addition to a patient or to an account replaces, so that two at the same time do not exceed the
/// limit.
#[derive(Debug, Serialize)]
struct Additions {
    version: u64,
}

/// The result of [`Proxies::add`].
#[derive(Debug)]
pub struct AddedProxy {
    pub proxy: ProxyView,
    /// Whether it was added now; otherwise it is returned as it was added before.
    pub is_new: bool,
}

/// The proxies of a patient.
#[derive(Debug)]
pub struct ProxiesOfPatient {
    patient_id: PatientId,
    patient_exists: bool,
    proxies: Vec<Proxy>,
}

impl Store {
    pub fn proxies(&self) -> Proxies<'_> {
        Proxies { store: self }
    }
}

impl Proxies<'_> {
    /// Returns the proxies of a patient now and later, by account; all are on one page. Calls: none; the Query was the
    /// target.
    pub fn list(&self, by: Granted<ListProxies>) -> Result<Page<ProxyView, ()>, StoreError> {
        let now = by.at();
        let ProxiesOfPatient { patient_id, patient_exists, proxies } = by.into_target();
        if !patient_exists {
            return Err(not_found::<PatientDetails>(patient_id));
        }
        let open = proxies.into_iter().filter(|proxy| !proxy.period.has_ended(now));
        Ok(Page { results: open.map(ProxyView::from).collect(), next: None })
    }

    /// Adds a proxy with a new id, unless the account is one already. Calls: Query of the patient's and of the account's
    /// proxies, TransactWriteItems; none if the account is one.
    pub async fn add(&self, by: Granted<AddProxy>, id: ProxyId) -> Result<AddedProxy, StoreError> {
        let (now, added_by) = (by.at(), by.caller().id());
        let ProxyToAdd { ids, new, patient, is_active, existing, versions } = by.into_target();
        let ProxyIds { patient_id, user_id } = ids;
        let patient = match patient {
            Some(patient) if is_active => patient,
            patient => return Err(ids.missing(patient.is_none(), !is_active)),
        };
        let period = new.period(patient.details.date_of_birth, now);
        let period = period.map_err(StoreError::Invalid)?;
        if let Some(existing) = existing.filter(|existing| !existing.period.has_ended(now)) {
            if new.is_met_by(&existing, period) {
                return Ok(AddedProxy { proxy: existing.into(), is_new: false });
            }
            let errors = FieldErrors::one("user_id", "is a proxy already");
            return Err(StoreError::Conflict(errors));
        }
        let lapsed = self.lapsed(ids, now).await?;
        let (basis, scope) = (new.basis, new.scope());
        let proxy =
            Proxy { id, patient_id, user_id, basis, scope, period, added_at: now, added_by };
        self.put(&proxy, patient.version, lapsed, versions).await?;
        Ok(AddedProxy { proxy: proxy.into(), is_new: true })
    }

    /// Returns the other proxies of the patient and of the account that are over, or refuses one more. The versions that
    /// were read before this notice every addition after it.
    async fn lapsed(&self, ids: ProxyIds, now: Timestamp) -> Result<Vec<ProxyIds>, StoreError> {
        let keys = ids.keys();
        let queries =
            keys.each_ref().map(|key| Query::partition(&key.pk).beginning_with(PROXY_PREFIX));
        let mut lapsed = Vec::new();
        for rows in self.store.main.query_all(queries.into()).await? {
            let proxies = proxies_in(rows)?.into_iter();
            let (over, open): (Vec<Proxy>, Vec<Proxy>) =
                proxies.partition(|proxy| proxy.period.has_ended(now));
            if open.len() >= MAX_PROXIES {
                return Err(Conflict::TooManyProxies.into());
            }
            lapsed.extend(over.iter().map(ProxyIds::of));
        }
        lapsed.retain(|other| *other != ids);
        Ok(lapsed)
    }

    async fn put(
        &self,
        proxy: &Proxy,
        version: Version,
        lapsed: Vec<ProxyIds>,
        versions: [u64; 2],
    ) -> Result<(), StoreError> {
        let ids = ProxyIds::of(proxy);
        let is_active = Expression::only("active = :yes").boolean(":yes", true);
        let mut transaction = self
            .store
            .main
            .transaction()
            .require(Key::record::<PatientDetails>(ids.patient_id), unchanged(version), ())
            .require(Key::user(Some(ids.user_id)), is_active, ());
        for key in ids.keys() {
            transaction = transaction.put(dynamo::write(proxy, key)?);
        }
        for (key, version) in ids.version_keys().into_iter().zip(versions) {
            let next = dynamo::write(&Additions { version: version + 1 }, key)?;
            transaction = transaction.put_if(next, is_version(version), ());
        }
        for key in lapsed.into_iter().flat_map(ProxyIds::keys) {
            transaction = transaction.delete(key);
        }
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }

    /// Removes the proxy that the target names. Calls: TransactWriteItems.
    pub async fn remove(&self, by: Granted<RemoveProxy>) -> Result<(), StoreError> {
        let ids = by.into_target();
        let [of_patient, of_user] = ids.keys();
        let transaction = self.store.main.transaction();
        let transaction = transaction.delete_existing(of_patient, ()).delete(of_user);
        let outcome = self.store.commit(transaction).await?;
        match outcome {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => {
                let ProxyIds { patient_id, user_id } = ids;
                let proxy = format!("user {user_id} among the proxies of patient {patient_id}");
                Err(StoreError::not_found(proxy))
            }
        }
    }
}

impl ProxyIds {
    fn of(proxy: &Proxy) -> Self {
        Self { patient_id: proxy.patient_id, user_id: proxy.user_id }
    }

    /// Returns the keys of the two rows: in the patient's and in the account's partition.
    fn keys(self) -> [Key; 2] {
        let Self { patient_id, user_id } = self;
        [Key::proxy_of_patient(patient_id, user_id), Key::proxy_of_user(patient_id, user_id)]
    }

    /// Returns the keys of the items that every addition to the two partitions replaces.
    fn version_keys(self) -> [Key; 2] {
        self.keys().map(|key| Key { sk: ADDITIONS.to_owned(), ..key })
    }

    /// Names the side that does not exist, or both.
    fn missing(self, no_patient: bool, no_user: bool) -> StoreError {
        let Self { patient_id, user_id } = self;
        StoreError::not_found(match (no_patient, no_user) {
            (true, true) => format!("patient {patient_id} and no user {user_id}"),
            (true, false) => format!("patient {patient_id}"),
            _ => format!("user {user_id}"),
        })
    }
}

fn proxies_in(rows: Rows) -> Result<Vec<Proxy>, StoreError> {
    Ok(rows.items.into_iter().map(dynamo::parse).collect::<Result<_, _>>()?)
}

impl Load for ProxiesOfPatient {
    type Name = PatientId;
    type Found = Rows;

    fn keys(patient: &PatientId) -> Vec<Key> {
        vec![Key::record::<PatientDetails>(*patient)]
    }

    fn patient(patient: &PatientId) -> Option<PatientId> {
        Some(*patient)
    }

    /// Calls: Query.
    async fn find(
        store: &Store,
        patient: &PatientId,
        _allowed: &Allowed,
    ) -> Result<Rows, StoreError> {
        let partition = Key::record::<PatientDetails>(*patient).pk;
        let query = Query::partition(&partition).beginning_with(PROXY_PREFIX);
        Ok(store.main.query(query).await?)
    }

    fn build(
        patient_id: PatientId,
        _allowed: &Allowed,
        items: &mut Items,
        found: Rows,
    ) -> Result<Self, StoreError> {
        let patient_exists = exists::<PatientDetails>(patient_id, items);
        Ok(Self { patient_id, patient_exists, proxies: proxies_in(found)? })
    }
}

impl ProxyToAdd {
    /// The account that shall be a proxy.
    pub fn user_id(&self) -> UserId {
        self.ids.user_id
    }
}

impl Load for ProxyToAdd {
    type Name = ProxyRequest;
    type Found = ();

    fn keys(request: &ProxyRequest) -> Vec<Key> {
        let ids = request.ids();
        let [of_patient, _] = ids.keys();
        let (patient, user) =
            (Key::record::<PatientDetails>(ids.patient_id), Key::user(Some(ids.user_id)));
        [patient, user, of_patient].into_iter().chain(ids.version_keys()).collect()
    }

    fn patient(request: &ProxyRequest) -> Option<PatientId> {
        Some(request.patient_id)
    }

    fn account(request: &ProxyRequest) -> Option<UserId> {
        Some(request.ids().user_id)
    }

    fn build(
        request: ProxyRequest,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let ids = request.ids();
        let [of_patient, _] = ids.keys();
        let patient = items.take(&Key::record::<PatientDetails>(ids.patient_id));
        let patient = patient.map(record_in::<PatientDetails>).transpose()?.flatten();
        let user = items.take(&Key::user(Some(ids.user_id)));
        let user: Option<User> = user.map(dynamo::parse).transpose()?;
        let existing = items.take(&of_patient).map(dynamo::parse).transpose()?;
        let versions = ids.version_keys().map(|key| {
            let item = items.take(&key);
            item.and_then(|item| dynamo::number(&item, "version")).unwrap_or_default()
        });
        let is_active = user.is_some_and(|user| user.active);
        Ok(Self { ids, new: request.proxy, patient, is_active, existing, versions })
    }
}

impl Load for ProxyIds {
    type Name = Self;
    type Found = ();

    fn patient(ids: &Self) -> Option<PatientId> {
        Some(ids.patient_id)
    }

    fn account(ids: &Self) -> Option<UserId> {
        Some(ids.user_id)
    }

    fn build(
        ids: Self,
        _allowed: &Allowed,
        _items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        Ok(ids)
    }
}
