//! Accounts and their roles.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};

use super::disclosure::Disclosure;
use super::email::Email;
use super::field::FieldErrors;
use super::id::{DoctorId, PatientId, UserId};
use super::timestamp::Timestamp;
use super::username::Username;
use super::version::Version;

/// The role of an account; `access::decide` says which role may do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "lowercase")]
#[deserr(error = FieldErrors, rename_all = lowercase)]
pub enum Role {
    Admin,
    Staff,
    /// A doctor, who sees the patients assigned to them.
    Doctor,
    /// A patient or a patient's guardian.
    Patient,
    Pending,
}

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Admin, Self::Staff, Self::Doctor, Self::Patient, Self::Pending];

    /// Returns the name that clients see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Staff => "staff",
            Self::Doctor => "doctor",
            Self::Patient => "patient",
            Self::Pending => "pending",
        }
    }
}

/// A stored account, without its password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    pub email: Email,
    pub role: Role,
    /// The doctor who the account's owner is. No two accounts have the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_id: Option<DoctorId>,
    /// The patient who the account's owner is. No two accounts have the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_id: Option<PatientId>,
    pub active: bool,
    /// Whether the account's owner has proved to read mail to the address. Accounts of earlier versions and those
    /// imported from another system have not, until a reset.
    #[serde(default)]
    pub email_verified: bool,
    /// The number of times that all sessions were ended. A session of an earlier epoch is invalid.
    pub epoch: u64,
    pub version: Version,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Whether an import or a smoke test made the account, and not its owner's registration. Only imported accounts have
    /// the attribute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
}

impl User {
    /// Returns a new account: active, unchanged, its address not verified.
    pub fn new(id: UserId, username: Username, email: Email, role: Role, now: Timestamp) -> Self {
        Self {
            id,
            username,
            email,
            role,
            doctor_id: None,
            patient_id: None,
            active: true,
            email_verified: false,
            epoch: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            imported: false,
        }
    }

    /// Returns whether the account is active and an administrator.
    pub fn is_active_admin(&self) -> bool {
        self.active && self.role == Role::Admin
    }

    /// Returns whether the role needs a linked doctor and there is none.
    pub fn lacks_doctor(&self) -> bool {
        self.role == Role::Doctor && self.doctor_id.is_none()
    }
}

/// The change that an administrator asks for. The default changes nothing.
#[derive(Debug, Clone, Copy, Default, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct UserChange {
    /// `None` leaves the role unchanged.
    #[deserr(default)]
    pub role: Option<Role>,
    /// `None` leaves it unchanged.
    #[deserr(default)]
    pub active: Option<bool>,
    #[deserr(default)]
    pub doctor_id: LinkChange<DoctorId>,
    #[deserr(default)]
    pub patient_id: LinkChange<PatientId>,
}

/// The change of an account's link to a doctor or a patient, as a merge patch states it (RFC 7396).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LinkChange<I> {
    /// The field is absent.
    #[default]
    Keep,
    /// The field is null.
    Remove,
    Set(I),
}

impl<I> LinkChange<I> {
    /// Returns the link after the change.
    pub fn apply(self, current: Option<I>) -> Option<I> {
        match self {
            Self::Keep => current,
            Self::Remove => None,
            Self::Set(id) => Some(id),
        }
    }
}

impl<I: Deserr<FieldErrors>> Deserr<FieldErrors> for LinkChange<I> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let id = <Option<I> as Deserr<FieldErrors>>::deserialize_from_value(value, location)?;
        Ok(id.map_or(Self::Remove, Self::Set))
    }
}

/// An account as its owner and administrators see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    pub id: UserId,
    pub username: Username,
    pub email: Email,
    /// Absent from accounts of earlier versions in the index.
    #[serde(default)]
    pub email_verified: bool,
    pub role: Role,
    #[serde(default)]
    pub doctor_id: Option<DoctorId>,
    #[serde(default)]
    pub patient_id: Option<PatientId>,
    pub active: bool,
    pub version: Version,
    pub created_at: Timestamp,
}

impl Disclosure for Account {
    fn patients(&self) -> Vec<PatientId> {
        Vec::new()
    }

    fn accounts(&self) -> Vec<UserId> {
        vec![self.id]
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email,
            email_verified: user.email_verified,
            role: user.role,
            doctor_id: user.doctor_id,
            patient_id: user.patient_id,
            active: user.active,
            version: user.version,
            created_at: user.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::id::Id;

    fn change(body: serde_json::Value) -> Result<UserChange, serde_json::Value> {
        deserr::deserialize::<UserChange, _, FieldErrors>(body).map_err(|errors| json!(errors))
    }

    #[test]
    fn link_is_set_by_an_id_removed_by_null_and_kept_otherwise() {
        let links = |body| change(body).map(|change| (change.doctor_id, change.patient_id));
        let (doctor, patient) = (DoctorId::new(7).unwrap(), PatientId::new(8).unwrap());
        assert_eq!(links(json!({})), Ok((LinkChange::Keep, LinkChange::Keep)));
        let body = json!({"doctor_id": 7, "patient_id": null});
        assert_eq!(links(body), Ok((LinkChange::Set(doctor), LinkChange::Remove)));
        let body = json!({"doctor_id": null, "patient_id": 8});
        assert_eq!(links(body), Ok((LinkChange::Remove, LinkChange::Set(patient))));
        let invalid =
            json!({"doctor_id": ["must be a positive integer of at most 9007199254740991"]});
        assert_eq!(links(json!({"doctor_id": "7"})), Err(invalid));
    }

    #[test]
    fn link_change_is_applied_to_the_current_link() {
        for (change, next) in
            [(LinkChange::Keep, Some(7)), (LinkChange::Remove, None), (LinkChange::Set(8), Some(8))]
        {
            assert_eq!(change.apply(Some(7)), next);
        }
    }
}
