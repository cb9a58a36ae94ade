//! The register of disclosures in a world.

use super::World;
use crate::model::disclosure_register::{NewDisclosure, RegisteredDisclosure};
use crate::model::id::{Id, UserId};
use crate::model::optional_text::OptionalText;
use crate::model::patient::Patient;
use crate::store::DisclosureRequest;
use crate::testing::steps;

impl World {
    /// Adds a disclosure of a patient's data on this day, such as `2026-01-14`, on behalf of account 1. It differs from
    /// others of the same day by its recipient.
    pub async fn disclosure(
        &self,
        patient: &Patient,
        day: &str,
        recipient: &str,
    ) -> RegisteredDisclosure {
        let disclosure = NewDisclosure {
            disclosed_on: day.parse().expect("a date"),
            recipient: recipient.parse().expect("a line"),
            recipient_address: OptionalText::default(),
            what: "Test result of 12 January".parse().expect("a text"),
            purpose: "Duty to report".parse().expect("a text"),
        };
        let id = disclosure.id(patient.id).expect("an id");
        let request = DisclosureRequest { patient_id: patient.id, disclosure, id };
        let (store, now) = (self.app.store(), self.app.now());
        let first = UserId::new(1).expect("an id");
        let by = steps::grant(store, first, now, request).await.expect("a grant");
        let added = store.disclosures().add(by).await.expect("a disclosure");
        assert!(added.is_new);
        added.disclosure
    }
}
