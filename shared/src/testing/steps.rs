//! What an endpoint does in two steps, its look at what stands and its change of it, as one.

use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::record::{Details, Edit, Record};
use crate::model::timestamp::Timestamp;
use crate::model::user::UserChange;
use crate::model::version::IfMatch;
use crate::table::{Assign, Deleted, Stored, Table, TableError, Updated, UserUpdated};

impl Table {
    pub async fn record<D: Details>(&self, id: D::Id) -> Result<Option<Record<D>>, TableError> {
        self.look_up::<Stored<D>>(&id).await.map(Stored::alive)
    }

    pub async fn look_and_update<D: Details>(
        &self,
        id: D::Id,
        edit: &Edit<D>,
        if_match: &IfMatch,
        now: Timestamp,
    ) -> Result<Updated<D>, TableError> {
        let standing = self.look_up(&id).await?;
        self.update(id, standing, edit, if_match, now).await
    }

    pub async fn look_and_delete<D: Details>(
        &self,
        id: D::Id,
        if_match: &IfMatch,
        now: Timestamp,
        is_late: impl Fn() -> bool,
    ) -> Result<Deleted, TableError> {
        let standing: Stored<D> = self.look_up(&id).await?;
        self.delete(id, standing, if_match, now, is_late).await
    }

    pub async fn look_and_assign(
        &self,
        doctor: DoctorId,
        patient: PatientId,
        by: UserId,
        now: Timestamp,
    ) -> Result<Assign, TableError> {
        let pair = self.look_up(&(doctor, patient)).await?;
        self.assign(pair, by, now).await
    }

    pub async fn look_and_update_user(
        &self,
        id: UserId,
        change: UserChange,
        if_match: &IfMatch,
        now: Timestamp,
    ) -> Result<UserUpdated, TableError> {
        match self.look_up(&id).await? {
            Some(user) => self.update_user(user, change, if_match, now).await,
            None => Ok(UserUpdated::NotFound),
        }
    }
}
