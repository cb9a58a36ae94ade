//! Doctors.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};

use super::draft::{Draft, Input, details};
use super::email::Email;
use super::field::{FieldErrors, invalid, whole_number};
use super::id::{DoctorId, PatientId};
use super::identifier::RecordIdentifier;
use super::intake::Intake;
use super::phone::{PhoneDisplay, PhoneNumber};
use super::record::{self, Details, Record};
use super::search::SearchTerms;
use super::text::Line;

pub type Doctor = Record<DoctorDetails>;

details! {
    pub struct DoctorDetails {
        #[serde(default)]
        optional first_name: Option<Line<100>>,
        #[serde(default)]
        optional last_name: Option<Line<100>>,
        required email: Email,
        required phone_number: PhoneNumber,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered phone_number_display: Option<PhoneDisplay>,
        required specialization: Line<100>,
        required license_number: Line<100>,
        required years_of_experience: YearsOfExperience,
        #[serde(default)]
        defaulted identifiers: Vec<RecordIdentifier>,
    }
}

impl Input for DoctorDetails {
    const PHONES: &'static [&'static str] = &["phone_number"];

    fn check(draft: &Draft<'_, Self>, _intake: &Intake, errors: &mut FieldErrors) {
        record::check_name(draft, errors);
        record::check_identifiers(draft, errors);
    }
}

impl Details for DoctorDetails {
    type Id = DoctorId;
    const KIND: &'static str = "doctor";
    const SEARCH_FIELDS: &'static [&'static str] =
        &["search", "phone", "identifier", "specialization"];

    fn patient(_id: DoctorId) -> Option<PatientId> {
        None
    }

    fn sort_name(&self) -> [String; 2] {
        record::sort_name(&self.first_name, &self.last_name)
    }

    fn search_terms(&self) -> SearchTerms {
        SearchTerms {
            name: record::full_name(&self.first_name, &self.last_name),
            phones: SearchTerms::phones_of([&self.phone_number]),
            identifiers: self.identifiers.iter().map(RecordIdentifier::unique_form).collect(),
            specialization: Some(self.specialization.search_key()),
            ..SearchTerms::default()
        }
    }

    fn unique(&self) -> Vec<(&'static str, String)> {
        vec![
            ("email", self.email.unique_form()),
            ("license_number", self.license_number.unique_form()),
        ]
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
