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
    /// The caller has opened emergency access to the patient, or opens it.
    Emergency,
}

impl Basis {
    /// The stable name, as rows of the audit trail have it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Own => "self",
            Self::Assignment => "assignment",
            Self::Covering => "covering",
            Self::Proxy => "proxy",
            Self::Emergency => "emergency",
        }
    }
}
