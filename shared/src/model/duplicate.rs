//! Other records that may be of the same patient.

use deserr::Deserr;
use serde::Serialize;
use serde_json::Value;

use super::disclosure::Disclosure;
use super::draft::Input;
use super::field::{self, FieldErrors, JsonObject, is_blank};
use super::id::PatientId;
use super::identifier::RecordIdentifier;
use super::intake::Intake;
use super::partial_date::PartialDate;
use super::patient::{self, Patient, PatientDetails};
use super::phone::PhoneNumber;
use super::record::{Details, Record, full_name};
use super::search::SearchTerms;
use super::text::Line;

/// The fields that are no texts.
const LISTS: [&str; 2] = ["former_names", "identifiers"];

/// The known facts about a person before a record is made. Every field may be absent or null, and a text may be blank.
#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Person {
    #[deserr(default)]
    first_name: Option<Line<100>>,
    #[deserr(default)]
    last_name: Option<Line<100>>,
    #[deserr(default)]
    former_names: Option<Vec<Line<100>>>,
    #[deserr(default)]
    date_of_birth: Option<PartialDate>,
    #[deserr(default)]
    contact_number: Option<PhoneNumber>,
    #[deserr(default)]
    emergency_number: Option<PhoneNumber>,
    #[deserr(default)]
    identifiers: Option<Vec<RecordIdentifier>>,
}

/// Reads the known facts about a person, as the terms by which records of the same person are found.
pub fn known_person(mut body: JsonObject, intake: &Intake) -> Result<SearchTerms, FieldErrors> {
    for (_, value) in body.iter_mut().filter(|(field, _)| !LISTS.contains(&field.as_str())) {
        if is_blank(value) {
            *value = Value::Null;
        }
    }
    for field in PatientDetails::PHONES {
        if let Some(value) = body.get_mut(*field) {
            PhoneNumber::read_in(value, intake.phone_country);
        }
    }
    let person: Person = field::parse(body, |_, _| ())?;
    let (former_names, identifiers) =
        (person.former_names.unwrap_or_default(), person.identifiers.unwrap_or_default());
    let mut errors = FieldErrors::default();
    patient::check_former_names(former_names.len(), &mut errors);
    RecordIdentifier::check("identifiers", &identifiers, &mut errors);
    let numbers = [&person.contact_number, &person.emergency_number];
    errors.or(SearchTerms {
        name: full_name(&person.first_name, &person.last_name),
        former_names: former_names.iter().map(Line::search_key).collect(),
        birth_date: person.date_of_birth,
        phones: SearchTerms::phones_of(numbers.into_iter().flatten()),
        identifiers: identifiers.iter().map(RecordIdentifier::unique_form).collect(),
        specialization: None,
    })
}

/// A patient who may be the same person: what it takes to recognize them.
#[derive(Debug, Clone, Serialize)]
pub struct PossibleDuplicate {
    pub id: PatientId,
    pub first_name: Option<Line<100>>,
    pub last_name: Option<Line<100>>,
    pub date_of_birth: Option<PartialDate>,
}

/// The answer to the question who may be the same person.
#[derive(Debug, Clone, Serialize)]
pub struct PossibleDuplicates {
    pub possible_duplicates: Vec<PossibleDuplicate>,
}

/// A new record. The answer to a patient's creation names the possible duplicates; that to a doctor's does not.
#[derive(Debug, Clone, Serialize)]
#[serde(bound = "")]
pub struct Created<D: Details> {
    #[serde(flatten)]
    pub record: Record<D>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible_duplicates: Option<Vec<PossibleDuplicate>>,
}

impl PossibleDuplicate {
    pub fn of(patient: Patient) -> Self {
        let Record { id, details, .. } = patient;
        Self {
            id,
            first_name: details.first_name,
            last_name: details.last_name,
            date_of_birth: details.date_of_birth,
        }
    }
}

impl Disclosure for PossibleDuplicates {
    fn patients(&self) -> Vec<PatientId> {
        self.possible_duplicates.iter().map(|duplicate| duplicate.id).collect()
    }
}

impl<D: Details> Disclosure for Created<D> {
    fn patients(&self) -> Vec<PatientId> {
        let duplicates = self.possible_duplicates.iter().flatten().map(|duplicate| duplicate.id);
        self.record.patients().into_iter().chain(duplicates).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<SearchTerms, Value> {
        let intake =
            Intake { today: "2026-01-31".parse().unwrap(), phone_country: "US".parse().ok() };
        known_person(body.as_object().unwrap().clone(), &intake).map_err(|errors| json!(errors))
    }

    #[test]
    fn every_field_may_be_unknown() {
        let nothing = json!({"first_name": " ", "former_names": null, "contact_number": ""});
        assert_eq!(read(nothing), Ok(SearchTerms::default()));
        let person = json!({
            "last_name": "Roe", "former_names": ["Jane Doe"], "date_of_birth": "1985",
            "contact_number": "(202) 555-0147", "emergency_number": "+1 202 555 0147",
            "identifiers": [{"system": "MRN", "value": "A-7"}],
        });
        let expected = SearchTerms {
            name: "roe".to_owned(),
            former_names: vec!["jane doe".to_owned()],
            birth_date: "1985".parse().ok(),
            phones: vec!["12025550147".to_owned()],
            identifiers: vec![("mrn".to_owned(), "a-7".to_owned())],
            specialization: None,
        };
        assert_eq!(read(person), Ok(expected));
    }

    #[test]
    fn wrong_fields_are_named() {
        let twice = json!([{"system": "MRN", "value": "1"}, {"system": "mrn", "value": "2"}]);
        for (body, fields) in [
            (
                json!({"gender": "Female", "contact_number": "call me"}),
                ["contact_number", "gender"],
            ),
            (
                json!({"former_names": ["a", "b", "c", "d", "e", "f"], "identifiers": twice}),
                ["former_names", "identifiers"],
            ),
        ] {
            let errors = read(body).unwrap_err();
            assert!(errors.as_object().unwrap().keys().eq(fields), "{errors}");
        }
    }
}
