//! The patients whose data an answer discloses.

use super::id::PatientId;

/// The body of an answer. The audit trail names the patients whose data an answer discloses. Therefore every type of
/// body implements this trait; an endpoint whose answer does not implement it does not compile.
pub trait Disclosure {
    /// Returns the patients whose data the body discloses.
    fn patients(&self) -> Vec<PatientId>;
}

/// Implements `Disclosure` for types that contain no patient's data.
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
