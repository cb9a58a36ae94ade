//! The list of all assignments, within the caller's reach. `assignments_of` lists those of one patient or doctor.
//!
//! It takes two rounds: a page of rows, beside the read of the caller, and then the names of both sides.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::assignments::{Assignments, name_in};
use super::care::panel_prefix;
use super::error::StoreError;
use super::keys::{self, GSI1, id_in, id_in_sort_key};
use super::load::Load;
use super::stored::{RESTRICTED, UNRESTRICTED};
use super::tables::Store;
use crate::access::{Allowed, Granted, Reach, action};
use crate::dynamo::{self, Item, Items, Key, Query, ReadPlan, Rows};
use crate::model::assignment::{AssignmentView, Episode};
use crate::model::doctor::DoctorDetails;
use crate::model::field::unseen;
use crate::model::id::{DoctorId, PatientId};
use crate::model::page::{Page, Paging};
use crate::model::patient::PatientDetails;
use crate::model::record::Details;

/// The attributes of a name, and those of a tombstone and of a restricted patient.
const NAME_ATTRIBUTES: &[&str] = &["pk", "deleted_at", "first_name", "last_name", RESTRICTED];

action! {
    /// Lists all assignments.
    ListAssignments: AssignmentPage
}

/// The end of a page of assignments.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AssignmentPosition {
    Ids(DoctorId, PatientId),
    /// The place of a patient in a doctor's panel.
    Panel(String),
}

unseen!(AssignmentPosition);

/// A page of all assignments that the caller may see.
#[derive(Debug)]
pub struct AssignmentPage {
    page: Page<(PatientId, Episode), AssignmentPosition>,
    /// Whether assignments of restricted patients are left out.
    leaves_out_restricted: bool,
}

impl Assignments<'_> {
    /// Returns the assignments of now, in no particular order, with the current names of both sides. Rows whose doctor
    /// or patient is deleted are left out. Calls: BatchGetItem for every 100 keys.
    pub async fn list(
        &self,
        by: Granted<ListAssignments>,
    ) -> Result<Page<AssignmentView, AssignmentPosition>, StoreError> {
        let now = by.at();
        let AssignmentPage { page, leaves_out_restricted } = by.into_target();
        let Page { results: mut assignments, next } = page;
        assignments.retain(|(_, episode)| episode.period.contains(now));
        let doctors: BTreeSet<_> = assignments.iter().map(|(_, it)| it.doctor_id).collect();
        let patients: BTreeSet<_> = assignments.iter().map(|(patient, _)| *patient).collect();
        let doctors = doctors.into_iter().map(Key::record::<DoctorDetails>);
        let patients = patients.into_iter().map(Key::record::<PatientDetails>);
        let keys = doctors.chain(patients).collect();
        let plan = ReadPlan { keys, attributes: NAME_ATTRIBUTES };
        let shown: Vec<_> = assignments.iter().map(|(patient, _)| *patient).collect();
        let read = async { Ok(self.store.main.batch_get(plan).await?) };
        let items = self.store.showing(shown, read).await?.into_iter();
        // The index may not know yet that a patient is restricted.
        let shown = items.filter(|item| !(leaves_out_restricted && item.contains_key(RESTRICTED)));
        Ok(Page { results: with_names(assignments, shown), next })
    }
}

impl Load for AssignmentPage {
    type Name = Paging<AssignmentPosition>;
    type Found = Rows;

    /// Calls: Scan of gsi1; Query of the doctor's panel, or of the patient's partition. The two are consistent, because
    /// they are the rows that give access.
    async fn find(
        store: &Store,
        Paging { limit, after }: &Self::Name,
        allowed: &Allowed,
    ) -> Result<Rows, StoreError> {
        let found = match allowed.reach() {
            Reach::All => store.main.scan_index(GSI1, *limit, in_index(after.as_ref()), None).await,
            Reach::Unrestricted => {
                let after = in_index(after.as_ref());
                store.main.scan_index(GSI1, *limit, after, Some(UNRESTRICTED)).await
            }
            Reach::Panels(doctors) => {
                // The only one is the caller's own: whoever covers a doctor does not have that doctor's assignments.
                let Some(doctor) = doctors.first() else { return Ok(Rows::default()) };
                let (pk, prefix) = (Key::record::<DoctorDetails>(*doctor).pk, panel_prefix());
                let after = match after {
                    Some(AssignmentPosition::Panel(place)) => {
                        let sk = format!("{prefix}{place}");
                        Some(Item::from(Key { pk: pk.clone(), sk }))
                    }
                    Some(AssignmentPosition::Ids(..)) | None => None,
                };
                let query = Query::partition(&pk).beginning_with(&prefix);
                store.main.query(query.limit(*limit).after(after)).await
            }
            Reach::CareTeam(Some(patient)) => {
                let pk = Key::record::<PatientDetails>(*patient).pk;
                let prefix = keys::prefix(DoctorDetails::KIND);
                let after = match after {
                    Some(AssignmentPosition::Ids(doctor, _)) => {
                        Some(Item::from(Key::assignment(*patient, *doctor)))
                    }
                    Some(AssignmentPosition::Panel(_)) | None => None,
                };
                let query = Query::partition(&pk).beginning_with(&prefix);
                store.main.query(query.limit(*limit).after(after)).await
            }
            Reach::CareTeam(None) | Reach::Represented { .. } => return Ok(Rows::default()),
        };
        Ok(found?)
    }

    fn build(
        _paging: Self::Name,
        allowed: &Allowed,
        _items: &mut Items,
        found: Rows,
    ) -> Result<Self, StoreError> {
        let next = found.next(position)?;
        let results = found.items.into_iter().map(assignment_in).collect::<Result<_, _>>()?;
        let leaves_out_restricted = *allowed.reach() == Reach::Unrestricted;
        Ok(Self { page: Page { results, next }, leaves_out_restricted })
    }
}

/// Returns the keys in gsi1 at which a page of it ends.
fn in_index(after: Option<&AssignmentPosition>) -> Option<Item> {
    match after {
        Some(AssignmentPosition::Ids(doctor, patient)) => Some(keys::in_gsi1(*patient, *doctor)),
        Some(AssignmentPosition::Panel(_)) | None => None,
    }
}

/// Returns the position of a row: of a panel, or of a patient's partition.
fn position(row: &Item) -> Option<AssignmentPosition> {
    let sk = dynamo::string(row, "sk")?;
    Some(match sk.strip_prefix(&panel_prefix()) {
        Some(place) => AssignmentPosition::Panel(place.to_owned()),
        None => AssignmentPosition::Ids(id_in(sk)?, id_in(dynamo::string(row, "pk")?)?),
    })
}

/// Reads a row of a panel, or of a patient's partition.
fn assignment_in(row: Item) -> Result<(PatientId, Episode), StoreError> {
    let patient = match position(&row) {
        Some(AssignmentPosition::Ids(_, patient)) => Some(patient),
        Some(AssignmentPosition::Panel(place)) => id_in_sort_key(&place),
        None => None,
    };
    let patient = patient.ok_or_else(|| StoreError::missing("an id"))?;
    Ok((patient, dynamo::parse(row)?))
}

fn with_names(
    assignments: Vec<(PatientId, Episode)>,
    items: impl Iterator<Item = Item>,
) -> Vec<AssignmentView> {
    let mut doctors: HashMap<DoctorId, String> = HashMap::new();
    let mut patients: HashMap<PatientId, String> = HashMap::new();
    for item in items {
        let (Some(pk), Some(name)) = (dynamo::string(&item, "pk"), name_in(&item)) else {
            continue;
        };
        if let Some(id) = keys::record_id::<DoctorDetails>(pk) {
            doctors.insert(id, name);
        } else if let Some(id) = keys::record_id::<PatientDetails>(pk) {
            patients.insert(id, name);
        }
    }
    let with_names = |(patient, episode): (PatientId, Episode)| {
        let doctor_name = doctors.get(&episode.doctor_id)?.clone();
        let patient_name = patients.get(&patient)?.clone();
        Some(episode.named(patient, doctor_name, patient_name))
    };
    assignments.into_iter().filter_map(with_names).collect()
}
