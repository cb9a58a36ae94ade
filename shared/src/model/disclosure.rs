//! The patients and the accounts whose data an answer discloses.

use super::id::{PatientId, UserId};

/// The body of an answer. The audit trail names the patients and the accounts whose data an answer discloses. Therefore
/// every type of body implements this trait; an endpoint whose answer does not implement it does not compile.
pub trait Disclosure {
    /// Returns the patients whose data the body discloses.
    fn patients(&self) -> Vec<PatientId>;

    /// Returns the accounts that the body shows. An account's id alone shows nothing of it.
    fn accounts(&self) -> Vec<UserId> {
        Vec::new()
    }
}

/// Implements `Disclosure` for types that contain no patient's data and show no account.
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
