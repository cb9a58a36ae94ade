//! Doctors.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::field::{FieldErrors, invalid, whole_number};
use super::id::{DoctorId, PatientId};
use super::phone::PhoneNumber;
use super::record::{Details, Record};
use super::text::Line;

pub type Doctor = Record<DoctorDetails>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct DoctorDetails {
    pub first_name: Line<100>,
    pub last_name: Line<50>,
    pub email: Email,
    pub phone_number: PhoneNumber,
    pub specialization: Line<100>,
    pub license_number: Line<100>,
    pub years_of_experience: YearsOfExperience,
}

impl Details for DoctorDetails {
    type Id = DoctorId;
    const KIND: &'static str = "doctor";
    const PARTNER: &'static str = "patient";

    fn patient(_id: DoctorId) -> Option<PatientId> {
        None
    }

    fn sort_name(&self) -> [String; 2] {
        [self.last_name.folded(), self.first_name.folded()]
    }

    fn unique(&self) -> Vec<(&'static str, String)> {
        vec![("email", self.email.folded()), ("license_number", self.license_number.folded())]
    }
}

/// A whole number of years, from 0 to 80.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct YearsOfExperience(u8);

impl Deserr<FieldErrors> for YearsOfExperience {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let years = whole_number(&value).filter(|years| *years <= 80);
        years
            .and_then(|years| u8::try_from(years).ok())
            .map(Self)
            .ok_or_else(|| invalid("must be an integer from 0 to 80", location))
    }
}
