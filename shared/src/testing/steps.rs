//! What an endpoint does in two steps, a look at what stands and a change of it, or a list found and then read, as one.

use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::mapping::Mapping;
use crate::model::page::{Page, Paging};
use crate::model::record::{Details, Edit, Record};
use crate::model::timestamp::Timestamp;
use crate::model::user::UserChange;
use crate::model::version::IfMatch;
use crate::table::{Assign, Deleted, Related, Stored, Table, TableError, Updated, UserUpdated};

pub async fn record<D: Details>(table: &Table, id: D::Id) -> Result<Option<Record<D>>, TableError> {
    table.look_up::<Stored<D>>(&id).await.map(Stored::alive)
}

pub async fn update<D: Details>(
    table: &Table,
    id: D::Id,
    edit: &Edit<D>,
    if_match: &IfMatch,
    now: Timestamp,
) -> Result<Updated<D>, TableError> {
    let standing = table.look_up(&id).await?;
    table.update(id, standing, edit, if_match, now).await
}

pub async fn delete<D: Details>(
    table: &Table,
    id: D::Id,
    if_match: &IfMatch,
    now: Timestamp,
    is_late: impl Fn() -> bool,
) -> Result<Deleted, TableError> {
    let standing: Stored<D> = table.look_up(&id).await?;
    table.delete(id, standing, if_match, now, is_late).await
}

pub async fn assign(
    table: &Table,
    doctor: DoctorId,
    patient: PatientId,
    by: UserId,
    now: Timestamp,
) -> Result<Assign, TableError> {
    let pair = table.look_up(&(doctor, patient)).await?;
    table.assign(pair, by, now).await
}

pub async fn doctors_of(
    table: &Table,
    patient: PatientId,
    paging: Paging<DoctorId>,
) -> Result<Option<Related<DoctorDetails>>, TableError> {
    table.read(table.doctors_of(patient, paging).await?).await
}

pub async fn mappings(
    table: &Table,
    paging: Paging<(DoctorId, PatientId)>,
) -> Result<Page<Mapping, (DoctorId, PatientId)>, TableError> {
    table.read(table.mappings(paging).await?).await
}

pub async fn update_user(
    table: &Table,
    id: UserId,
    change: UserChange,
    if_match: &IfMatch,
    now: Timestamp,
) -> Result<UserUpdated, TableError> {
    match table.look_up(&id).await? {
        Some(user) => table.update_user(user, change, if_match, now).await,
        None => Ok(UserUpdated::NotFound),
    }
}
