//! The register of disclosures that 45 CFR 164.528 asks for: to whom a patient's data were given, and why. People keep
//! it, because the data leave by letter or by telephone; the audit trail records what the API shows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deserr::Deserr;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::disclosure::Disclosure;
use super::field::FieldErrors;
use super::id::{PatientId, UserId};
use super::optional_text::OptionalText;
use super::text::{Line, Text};
use super::text_id::text_id;
use super::timestamp::Timestamp;

text_id! {
    /// The id of a disclosure: a hash of what was disclosed, when, to whom and why. So the same request, sent again
    /// after a lost answer, names the disclosure that it added before.
    DisclosureId
}

/// The body of a request that adds a disclosure.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct NewDisclosure {
    pub disclosed_on: Date,
    /// A person or an organisation.
    pub recipient: Line<200>,
    #[deserr(default)]
    pub recipient_address: OptionalText<500>,
    /// Which of the patient's data.
    pub what: Text<500>,
    pub purpose: Text<500>,
}

/// A disclosure in the register, as it is stored and as administrators see it. It is never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredDisclosure {
    pub id: DisclosureId,
    pub patient_id: PatientId,
    pub disclosed_on: Date,
    pub recipient: Line<200>,
    /// `None` if it is unknown.
    pub recipient_address: Option<Text<500>>,
    pub what: Text<500>,
    pub purpose: Text<500>,
    pub added_at: Timestamp,
    pub added_by: UserId,
}

impl NewDisclosure {
    /// Returns every problem that depends on today's date.
    pub fn check(&self, today: Date) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        if self.disclosed_on > today {
            errors.add("disclosed_on", "must not be in the future");
        }
        errors.or(())
    }

    /// Returns the id that the disclosure has in the register of a patient.
    pub fn id(&self, patient: PatientId) -> Result<DisclosureId, serde_json::Error> {
        let Self { disclosed_on, recipient, recipient_address, what, purpose } = self;
        let content = (patient, disclosed_on, recipient, &recipient_address.0, what, purpose);
        let hash = digest(&SHA256, &serde_json::to_vec(&content)?);
        Ok(DisclosureId(URL_SAFE_NO_PAD.encode(hash)))
    }

    /// Returns the disclosure as the register has it.
    pub fn registered(
        self,
        id: DisclosureId,
        patient_id: PatientId,
        added_at: Timestamp,
        added_by: UserId,
    ) -> RegisteredDisclosure {
        RegisteredDisclosure {
            id,
            patient_id,
            disclosed_on: self.disclosed_on,
            recipient: self.recipient,
            recipient_address: self.recipient_address.0,
            what: self.what,
            purpose: self.purpose,
            added_at,
            added_by,
        }
    }
}

impl Disclosure for RegisteredDisclosure {
    fn patients(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::model::id::Id;

    fn body() -> Json {
        json!({
            "disclosed_on": "2026-01-14", "recipient": "Health Department",
            "what": "Test result", "purpose": "A duty to report",
        })
    }

    fn with(fields: &Json) -> Result<NewDisclosure, Json> {
        let mut body = body();
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        deserr::deserialize::<NewDisclosure, _, FieldErrors>(body).map_err(|errors| json!(errors))
    }

    fn patient(id: u64) -> PatientId {
        PatientId::new(id).unwrap()
    }

    #[test]
    fn id_depends_on_the_patient_and_on_every_field() {
        let id = |fields: Json| with(&fields).unwrap().id(patient(7)).unwrap();
        let first = id(json!({}));
        assert_eq!(first.as_str().parse(), Ok(first.clone()));
        let same = json!({"recipient": " Health Department ", "recipient_address": " "});
        assert_eq!(id(same), first);
        assert_ne!(with(&json!({})).unwrap().id(patient(8)).unwrap(), first);
        for other in [
            json!({"disclosed_on": "2026-01-13"}),
            json!({"recipient": "Court"}),
            json!({"recipient_address": "1 Main Street"}),
            json!({"what": "All of it"}),
            json!({"purpose": "A subpoena"}),
        ] {
            assert_ne!(id(other.clone()), first, "{other}");
        }
    }

    #[test]
    fn blank_address_is_none() {
        for address in [json!(null), json!(""), json!(" \n")] {
            let new = with(&json!({ "recipient_address": address })).unwrap();
            assert_eq!(new.recipient_address, OptionalText(None));
        }
        let errors = with(&json!({"recipient_address": "\u{200b}"})).unwrap_err();
        assert_eq!(errors, json!({"recipient_address": ["must have a visible character"]}));
        let errors = with(&json!({"recipient_address": 7})).unwrap_err();
        assert_eq!(errors, json!({"recipient_address": ["must be a string"]}));
    }

    #[test]
    fn disclosure_is_not_in_the_future() {
        let new = with(&json!({})).unwrap();
        let check = |today: &str| new.check(today.parse().unwrap());
        assert_eq!((check("2026-01-14"), check("2026-02-01")), (Ok(()), Ok(())));
        let errors = check("2026-01-13").unwrap_err();
        assert_eq!(json!(errors), json!({"disclosed_on": ["must not be in the future"]}));
    }

    #[test]
    fn debug_output_shows_no_content() {
        let text = format!("{:?}", with(&json!({"recipient_address": "1 Main Street"})).unwrap());
        for part in ["2026", "Health", "Main", "Test", "duty"] {
            assert!(!text.contains(part), "{text}");
        }
    }
}
