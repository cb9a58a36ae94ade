//! Why access is allowed.

/// Why access is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The account's role.
    Role,
    /// The account or the record is the caller's own.
    Own,
    /// The caller's doctor treats the patient, or the doctor treats the caller.
    Assignment,
    /// The caller's doctor covers a doctor who treats the patient.
    Covering,
    /// The caller acts for the patient.
    Proxy,
}
