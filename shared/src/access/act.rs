//! Everything that an account may be allowed to do.

/// One action of the API. [`super::decide()`] knows who may do it; audit rows name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    ReadOwnAccount,
    EndOwnSession,
    ChangeOwnPassword,
    ListOwnSessions,
    RevokeOwnSession,
    CreateDoctor,
    ReadDoctor,
    ListDoctors,
    UpdateDoctor,
    DeleteDoctor,
    CreatePatient,
    ReadPatient,
    ListPatients,
    UpdatePatient,
    DeletePatient,
    FindDuplicates,
    Assign,
    EndAssignment,
    ListAssignments,
    ListDoctorsOfPatient,
    ListPatientsOfDoctor,
    ListAccounts,
    UpdateAccount,
}

impl Act {
    /// All of them, in the order of the reference page.
    pub const ALL: [Self; 23] = [
        Self::ReadOwnAccount,
        Self::EndOwnSession,
        Self::ChangeOwnPassword,
        Self::ListOwnSessions,
        Self::RevokeOwnSession,
        Self::CreateDoctor,
        Self::ReadDoctor,
        Self::ListDoctors,
        Self::UpdateDoctor,
        Self::DeleteDoctor,
        Self::CreatePatient,
        Self::ReadPatient,
        Self::ListPatients,
        Self::UpdatePatient,
        Self::DeletePatient,
        Self::FindDuplicates,
        Self::Assign,
        Self::EndAssignment,
        Self::ListAssignments,
        Self::ListDoctorsOfPatient,
        Self::ListPatientsOfDoctor,
        Self::ListAccounts,
        Self::UpdateAccount,
    ];

    /// Returns the function whose action it is: `doctors-get`.
    pub const fn function(self) -> &'static str {
        match self {
            Self::ReadOwnAccount => "auth-me",
            Self::EndOwnSession => "auth-logout",
            Self::ChangeOwnPassword => "auth-password",
            Self::ListOwnSessions => "auth-sessions",
            Self::RevokeOwnSession => "auth-session-revoke",
            Self::CreateDoctor => "doctors-create",
            Self::ReadDoctor => "doctors-get",
            Self::ListDoctors => "doctors-list",
            Self::UpdateDoctor => "doctors-update",
            Self::DeleteDoctor => "doctors-delete",
            Self::CreatePatient => "patients-create",
            Self::ReadPatient => "patients-get",
            Self::ListPatients => "patients-list",
            Self::UpdatePatient => "patients-update",
            Self::DeletePatient => "patients-delete",
            Self::FindDuplicates => "patients-duplicates",
            Self::Assign => "mappings-assign",
            Self::EndAssignment => "mappings-remove",
            Self::ListAssignments => "mappings-list",
            Self::ListDoctorsOfPatient => "mappings-doctors",
            Self::ListPatientsOfDoctor => "mappings-patients",
            Self::ListAccounts => "users-list",
            Self::UpdateAccount => "users-update",
        }
    }
}
