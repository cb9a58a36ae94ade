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
    CreateInvitation,
    ListInvitations,
    RevokeInvitation,
    UpdateAssignment,
    VoidAssignment,
    AssignMany,
    TransferPatients,
    ReadOwnPatient,
    ReadOwnDoctor,
    ListProxies,
    AddProxy,
    RemoveProxy,
    SetCover,
    EndCover,
    HandOver,
    ReadHandover,
    CancelHandover,
    ListAccesses,
    ReadTrail,
    ListDisclosures,
    AddDisclosure,
    LookUpPatients,
    GrantEmergencyAccess,
    ListEmergencyAccess,
    ReviewEmergencyAccess,
}

impl Act {
    /// All of them, in the order of the reference page.
    pub const ALL: [Self; 48] = [
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
        Self::CreateInvitation,
        Self::ListInvitations,
        Self::RevokeInvitation,
        Self::UpdateAssignment,
        Self::VoidAssignment,
        Self::AssignMany,
        Self::TransferPatients,
        Self::ReadOwnPatient,
        Self::ReadOwnDoctor,
        Self::ListProxies,
        Self::AddProxy,
        Self::RemoveProxy,
        Self::SetCover,
        Self::EndCover,
        Self::HandOver,
        Self::ReadHandover,
        Self::CancelHandover,
        Self::ListAccesses,
        Self::ReadTrail,
        Self::ListDisclosures,
        Self::AddDisclosure,
        Self::LookUpPatients,
        Self::GrantEmergencyAccess,
        Self::ListEmergencyAccess,
        Self::ReviewEmergencyAccess,
    ];

    /// Whether the audit trail records it: it shows or changes a patient, an account or a right. An act about
    /// doctors ([`Act::shows_doctors`]) is recorded only for callers to whom it tells who treats a patient.
    pub const fn is_recorded(self) -> bool {
        !matches!(
            self,
            Self::CreateDoctor | Self::UpdateDoctor | Self::ReadOwnDoctor | Self::ReadHandover
        )
    }

    /// Whether it shows doctors: all of them, or to a patient only those who treat this patient.
    pub const fn shows_doctors(self) -> bool {
        matches!(self, Self::ReadDoctor | Self::ListDoctors)
    }

    /// Whether it shows what the request names. Then its row is put while the data are read; otherwise it follows the
    /// data, or is part of the change.
    pub const fn shows_what_it_names(self) -> bool {
        matches!(
            self,
            Self::ReadPatient
                | Self::ListDoctorsOfPatient
                | Self::ListProxies
                | Self::ListDisclosures
                | Self::ReadOwnAccount
                | Self::ListOwnSessions
        )
    }

    /// Whether it shows the caller's own account, which its rows of the audit trail name.
    pub const fn shows_own_account(self) -> bool {
        matches!(self, Self::ReadOwnAccount | Self::ListOwnSessions)
    }

    /// Whether its answer is a list of many people, all of whom one row of the audit trail names. The view of a patient
    /// leaves such rows out.
    pub const fn is_list(self) -> bool {
        matches!(
            self,
            Self::ListPatients
                | Self::ListDoctors
                | Self::FindDuplicates
                | Self::ListAssignments
                | Self::ListPatientsOfDoctor
                | Self::ListAccounts
                | Self::ListInvitations
                | Self::ReadTrail
                | Self::ListEmergencyAccess
        )
    }

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
            Self::CreateInvitation => "invitations-create",
            Self::ListInvitations => "invitations-list",
            Self::RevokeInvitation => "invitations-revoke",
            Self::UpdateAssignment => "mappings-update",
            Self::VoidAssignment => "mappings-void",
            Self::AssignMany => "mappings-bulk",
            Self::TransferPatients => "mappings-transfer",
            Self::ReadOwnPatient => "patients-me",
            Self::ReadOwnDoctor => "doctors-me",
            Self::ListProxies => "proxies-list",
            Self::AddProxy => "proxies-create",
            Self::RemoveProxy => "proxies-delete",
            Self::SetCover => "covers-set",
            Self::EndCover => "covers-end",
            Self::HandOver => "handovers-create",
            Self::ReadHandover => "handovers-get",
            Self::CancelHandover => "handovers-cancel",
            Self::ListAccesses => "accesses-list",
            Self::ReadTrail => "audit-list",
            Self::ListDisclosures => "disclosures-list",
            Self::AddDisclosure => "disclosures-create",
            Self::LookUpPatients => "patients-lookup",
            Self::GrantEmergencyAccess => "emergency-grant",
            Self::ListEmergencyAccess => "emergency-list",
            Self::ReviewEmergencyAccess => "emergency-review",
        }
    }
}
