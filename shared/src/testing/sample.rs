//! Sample doctors and patients.

use serde_json::{Value, json};

use crate::model::doctor::DoctorDetails;
use crate::model::patient::PatientDetails;
use crate::model::record::Details;

/// Details of which tests can create any number.
pub trait Sample: Details {
    /// The first part of the endpoints' names: `doctors`.
    const ENDPOINTS: &'static str;
    /// A field and a different value for it.
    const CHANGE: (&'static str, &'static str);

    /// Returns the body that creates number `n`. Unique fields have unique values. The last name ends in `n` in three
    /// digits, so that names sort like numbers.
    fn sample(n: u32) -> Value;
}

impl Sample for DoctorDetails {
    const ENDPOINTS: &'static str = "doctors";
    const CHANGE: (&'static str, &'static str) = ("specialization", "Cardiology");

    fn sample(n: u32) -> Value {
        json!({
            "first_name": "Grace",
            "last_name": format!("Okafor {n:03}"),
            "email": format!("grace.{n}@example.com"),
            "phone_number": "+442079460123",
            "specialization": "Internal Medicine",
            "license_number": format!("LIC-{n}"),
            "years_of_experience": 12,
        })
    }
}

impl Sample for PatientDetails {
    const ENDPOINTS: &'static str = "patients";
    const CHANGE: (&'static str, &'static str) = ("address", "1 Main Street");

    fn sample(n: u32) -> Value {
        json!({
            "first_name": "Jane",
            "last_name": format!("Roe {n:03}"),
            "date_of_birth": "1985-04-12",
            "gender": "Female",
            "contact_number": "+12025550147",
            "address": "12 Elm Street",
            "medical_history": "Asthma since childhood.",
        })
    }
}
