//! Removes the rows of assignments that the care of their patient does not have: those of schema 2, and those in panels
//! by an older rule for names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::assignments::{is_old, migrate};
use crate::dynamo::{self, Expression, Item, Key, MAX_ACTIONS, Outcome, ReadPlan, key_in};
use crate::model::doctor::DoctorDetails;
use crate::model::id::PatientId;
use crate::model::patient::PatientDetails;
use crate::model::timestamp::Timestamp;
use crate::store::care::Care;
use crate::store::error::StoreError;
use crate::store::keys::{PANEL_PREFIX, id_in_sort_key, record_id};
use crate::store::tables::Store;

/// Removes those of these items. An item of another kind is left alone, as are the rows of past episodes. Returns
/// `Contended` if a request changed a patient's assignments at the same time. Calls: BatchGetItem; TransactWriteItems
/// for each patient with such rows; those of [`migrate`] for each patient with a row of schema 2.
pub async fn remove_stale_assignments(
    store: &Store,
    items: &[Item],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut rows: BTreeMap<PatientId, Vec<Key>> = BTreeMap::new();
    let mut unmigrated = BTreeSet::new();
    for item in items {
        if let Some((patient, key)) = row_in(item) {
            if record_id::<DoctorDetails>(&key.sk).is_some() && is_old(item) {
                unmigrated.insert(patient);
            }
            rows.entry(patient).or_default().push(key);
        }
    }
    // A function of the earlier version may have assigned a doctor since the patient was migrated.
    for patient in unmigrated {
        migrate(store, patient, now).await?;
    }
    let keys = rows.keys().map(|patient| Key::care(*patient)).collect();
    let mut cares = HashMap::new();
    for item in store.main.batch_get(ReadPlan::whole(keys)).await? {
        let patient = dynamo::string(&item, "pk").and_then(record_id::<PatientDetails>);
        let patient = patient.ok_or_else(|| StoreError::missing("an id"))?;
        cares.insert(patient, Care::stored(patient, item)?);
    }
    for (patient, mut keys) in rows {
        let care = cares.get(&patient);
        keys.retain(|key| care.is_none_or(|care| !care.has_row(key)));
        // The care itself is in each transaction, too.
        for keys in keys.chunks(MAX_ACTIONS - 1) {
            remove(store, patient, care, keys).await?;
        }
    }
    Ok(())
}

async fn remove(
    store: &Store,
    patient: PatientId,
    care: Option<&Care>,
    keys: &[Key],
) -> Result<(), StoreError> {
    let condition = care.map_or_else(Expression::absent, Care::is_unchanged);
    let mut transaction = store.main.transaction().require(Key::care(patient), condition, ());
    for key in keys {
        transaction = transaction.delete(key.clone());
    }
    match transaction.commit().await? {
        Outcome::Committed => Ok(()),
        Outcome::Refused(_) => Err(StoreError::Contended),
    }
}

/// Returns the patient and the key of a row of an assignment: the patient's row, the doctor's row of schema 2, or a row
/// of a panel.
fn row_in(item: &Item) -> Option<(PatientId, Key)> {
    let key = key_in(item)?;
    let patient = if let Some(patient) = record_id::<PatientDetails>(&key.pk) {
        record_id::<DoctorDetails>(&key.sk)?;
        patient
    } else {
        record_id::<DoctorDetails>(&key.pk)?;
        let in_panel = || id_in_sort_key(&key.sk).filter(|_| key.sk.starts_with(PANEL_PREFIX));
        record_id::<PatientDetails>(&key.sk).or_else(in_panel)?
    };
    Some((patient, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{DoctorId, Id};

    #[test]
    fn rows_of_assignments_are_told_from_all_others() {
        let row = |pk: &str, sk: &str| {
            let key = Key { pk: pk.to_owned(), sk: sk.to_owned() };
            row_in(&key.into()).map(|(patient, _)| patient)
        };
        let (patient, doctor) = (PatientId::new(7).unwrap(), DoctorId::new(3).unwrap());
        let old = Key::assignment_of_doctor(patient, doctor);
        let panel = Key::panel(doctor, "NAME#0#roe\u{1f}ana", patient);
        for Key { pk, sk } in [Key::assignment(patient, doctor), old, panel] {
            assert_eq!(row(&pk, &sk), Some(patient), "{sk}");
        }
        let [of_patient, of_doctor] = ["PATIENT#0000000000000007", "DOCTOR#0000000000000003"];
        for sk in ["#", "CARE", "PAST#2026-01-31T12:00:00.000Z#7-3-1", "PROXY#0000000000000001"] {
            assert_eq!(row(of_patient, sk), None, "{sk}");
        }
        for sk in ["#", "COVER", "COVERS", "HANDOVER", "PAST#2026-01-31T12:00:00.000Z#7-3-1"] {
            assert_eq!(row(of_doctor, sk), None, "{sk}");
        }
        assert_eq!(row("NAME#patient#ro", "roe ana\u{1f}0000000000000007"), None);
        assert_eq!(row("LINK#doctor#0000000000000003", "#"), None);
    }
}
