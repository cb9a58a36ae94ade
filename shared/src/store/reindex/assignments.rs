//! Gives the assignments of a patient today's form: an item for the patient's care, the rows of its episodes, and the
//! row of their first end.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::dynamo::{self, Item, Key, Outcome, Query, ReadPlan, backoff, key_in};
use crate::model::assignment::{CareRole, Episode};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::patient::PatientDetails;
use crate::model::period::Period;
use crate::model::record::Details;
use crate::model::timestamp::Timestamp;
use crate::store::care::Care;
use crate::store::error::StoreError;
use crate::store::keys;
use crate::store::stored::{alive, record_in, unchanged};
use crate::store::tables::Store;

/// The most episodes that a transaction adds. Each takes four of its 100 actions.
const EPISODES: usize = 20;

/// How often it is tried while requests change the patient.
const ATTEMPTS: u32 = 10;

/// The attributes that tell whether a doctor exists.
const OF_TOMBSTONE: &[&str] = &["pk", "deleted_at"];

/// An assignment of schema 2.
struct OldAssignment {
    doctor: DoctorId,
    content: OldRow,
}

/// The content of its row in the patient's partition.
#[derive(Deserialize)]
struct OldRow {
    assigned_at: Timestamp,
    assigned_by: UserId,
}

/// How a step ended.
enum Step {
    Done,
    /// Something has changed, and there may be more to change.
    More,
    /// A request changed the patient or a doctor at the same time.
    Refused,
}

/// Makes an episode of each assignment of schema 2 whose doctor exists, puts the rows in the doctors' panels in their
/// place by today's rule for names, makes past ones of the episodes whose period is over, and puts the row of the first
/// end, which schema 3 did not have. Does nothing for a patient who does not exist. Calls: BatchGetItem and Query, then
/// TransactWriteItems if there is an end; before that, BatchGetItem, Query, BatchGetItem and TransactWriteItems for every
/// 20 of such assignments, for every 20 of such episodes, and if the place is another one.
pub async fn migrate(store: &Store, patient: PatientId, now: Timestamp) -> Result<(), StoreError> {
    let mut refusals = 0;
    while refusals < ATTEMPTS {
        backoff(refusals).await;
        match step(store, patient, now).await? {
            Step::Done => return Ok(()),
            Step::More => refusals = 0,
            Step::Refused => refusals += 1,
        }
    }
    Err(StoreError::Contended)
}

async fn step(store: &Store, id: PatientId, now: Timestamp) -> Result<Step, StoreError> {
    let [record, care] = [Key::record::<PatientDetails>(id), Key::care(id)];
    let plan = ReadPlan::whole(vec![record.clone(), care.clone()]);
    let mut items = store.main.batch_get(plan).await?;
    let patient = items.take(&record).map(record_in::<PatientDetails>).transpose()?.flatten();
    let Some(patient) = patient else { return Ok(Step::Done) };
    let before = Care::of(&patient, items.take(&care))?;
    let mut after = before.clone();
    after.describe(&patient);
    // One kind of change at a time: each of them alone may fill a transaction.
    let past = if after == before { after.take_lapsed(now) } else { Vec::new() };
    let mut old = old_assignments(store, &before).await?;
    old.truncate(if after == before { EPISODES } else { 0 });

    let transaction = store.main.transaction();
    let mut transaction = transaction.require(record, unchanged(patient.version), ());
    for OldAssignment { doctor, content } in old {
        transaction = transaction
            .require(Key::record::<DoctorDetails>(doctor), alive(), ())
            .delete(Key::assignment_of_doctor(id, doctor));
        let episode_id = before.next_id(doctor)?;
        after.add_migrated(Episode {
            id: episode_id,
            doctor_id: doctor,
            role: CareRole::Treating,
            period: Period { starts_at: content.assigned_at, ends_at: None },
            reason: None,
            assigned_at: content.assigned_at,
            assigned_by: content.assigned_by,
            version: 1,
        });
    }
    if after == before {
        return put_first_end(store, &before).await;
    }
    match before.replace(&after, &past, transaction, ())?.commit().await? {
        Outcome::Committed => Ok(Step::More),
        Outcome::Refused(_) => Ok(Step::Refused),
    }
}

/// Puts the row of the first end, if there is an end.
async fn put_first_end(store: &Store, care: &Care) -> Result<Step, StoreError> {
    let Some(row) = care.first_end() else { return Ok(Step::Done) };
    let transaction = store.main.transaction();
    let transaction = transaction.require(Key::care(care.patient), care.is_unchanged(), ());
    match transaction.put(row.into()).commit().await? {
        Outcome::Committed => Ok(Step::Done),
        Outcome::Refused(_) => Ok(Step::Refused),
    }
}

/// Returns the patient's assignments of schema 2 whose doctors exist, by doctor.
async fn old_assignments(store: &Store, care: &Care) -> Result<Vec<OldAssignment>, StoreError> {
    let partition = Key::record::<PatientDetails>(care.patient).pk;
    let prefix = keys::prefix(DoctorDetails::KIND);
    let mut old = Vec::new();
    let mut after = None;
    loop {
        let query = Query::partition(&partition).beginning_with(&prefix).after(after);
        let page = store.main.query(query).await?;
        after = page.next(key_in)?.map(Item::from);
        for item in page.items {
            let doctor = dynamo::string(&item, "sk").and_then(keys::record_id::<DoctorDetails>);
            let doctor = doctor.ok_or_else(|| StoreError::missing("an id"))?;
            if is_old(&item) && care.episode(doctor).is_none() {
                old.push(OldAssignment { doctor, content: dynamo::parse(item)? });
            }
        }
        if after.is_none() {
            break;
        }
    }
    let doctors = old.iter().map(|it| Key::record::<DoctorDetails>(it.doctor)).collect();
    let plan = ReadPlan { keys: doctors, attributes: OF_TOMBSTONE };
    let mut existing = BTreeSet::new();
    for item in store.main.batch_get(plan).await? {
        if !item.contains_key("deleted_at") {
            existing.extend(dynamo::string(&item, "pk").and_then(keys::record_id::<DoctorDetails>));
        }
    }
    old.retain(|it| existing.contains(&it.doctor));
    Ok(old)
}

/// Whether the patient's row of an assignment is one of schema 2, which has no id.
pub fn is_old(row: &Item) -> bool {
    !row.contains_key("id")
}
