//! Whose data an answer discloses.

use super::id::PatientId;

/// The body of an answer. Every type that is answered with implements it, because the audit trail names the patients
/// whose data left: a new type does not compile without it.
pub trait Disclosure {
    /// Returns the patients whose data the body discloses.
    fn patients(&self) -> Vec<PatientId>;
}

/// States that answers of these types disclose no patient's data.
#[macro_export]
macro_rules! discloses_no_patient {
    ($($type:ty),+ $(,)?) => {
        $(
            impl $crate::model::disclosure::Disclosure for $type {
                fn patients(&self) -> Vec<$crate::model::id::PatientId> {
                    Vec::new()
                }
            }
        )+
    };
}
