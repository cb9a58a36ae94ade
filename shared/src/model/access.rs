//! An access to a patient's record, in plain words for the patient.

use std::collections::BTreeSet;

use serde::Serialize;

use super::field::unseen;
use super::user::Role;

/// The deed of a request that is about a patient's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessAction {
    Read,
    Created,
    Changed,
    Deleted,
    DoctorRead,
    DoctorsRead,
    DoctorsChanged,
    ProxiesRead,
    ProxiesChanged,
    AccessesRead,
    DisclosuresRead,
    DisclosureAdded,
    PatientFound,
    EmergencyOpened,
    EmergencyReviewed,
    AccountChanged,
    /// The action of every other operation, such as an operator's command.
    Other,
}

impl AccessAction {
    /// Returns the action of an operation, as rows of the audit trail name it.
    pub fn of(operation: &str) -> Self {
        match operation {
            "patients-get" | "patients-me" => Self::Read,
            "patients-create" => Self::Created,
            "patients-update" => Self::Changed,
            "patients-delete" => Self::Deleted,
            "doctors-get" => Self::DoctorRead,
            "mappings-doctors" => Self::DoctorsRead,
            "assignments-lapse" | "doctors-delete" | "handovers-run" | "mappings-assign"
            | "mappings-bulk" | "mappings-remove" | "mappings-transfer" | "mappings-update"
            | "mappings-void" => Self::DoctorsChanged,
            "proxies-list" => Self::ProxiesRead,
            "proxies-create" | "proxies-delete" => Self::ProxiesChanged,
            "accesses-list" => Self::AccessesRead,
            "disclosures-list" => Self::DisclosuresRead,
            "disclosures-create" => Self::DisclosureAdded,
            "patients-lookup" => Self::PatientFound,
            "emergency-grant" => Self::EmergencyOpened,
            "emergency-review" => Self::EmergencyReviewed,
            "auth-invitation-accept" | "users-update" => Self::AccountChanged,
            _ => Self::Other,
        }
    }

    /// Returns the words for what was done, and for what was tried.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Read => ["read the record", "read the record"],
            Self::Created => ["created the record", "create the record"],
            Self::Changed => ["changed the record", "change the record"],
            Self::Deleted => ["deleted the record", "delete the record"],
            Self::DoctorRead => ["read about a doctor", "read about a doctor"],
            Self::DoctorsRead => {
                ["read the list of the patient's doctors", "read the list of the patient's doctors"]
            }
            Self::DoctorsChanged => {
                ["changed the patient's doctors", "change the patient's doctors"]
            }
            Self::ProxiesRead => ["read who acts for the patient", "read who acts for the patient"],
            Self::ProxiesChanged => {
                ["changed who acts for the patient", "change who acts for the patient"]
            }
            Self::AccessesRead => {
                ["read who has accessed the record", "read who has accessed the record"]
            }
            Self::DisclosuresRead => {
                ["read the register of disclosures", "read the register of disclosures"]
            }
            Self::DisclosureAdded => [
                "added a disclosure to the register of disclosures",
                "add a disclosure to the register of disclosures",
            ],
            Self::PatientFound => [
                "looked up the patient by name and date of birth",
                "look up the patient by name and date of birth",
            ],
            Self::EmergencyOpened => {
                ["opened emergency access to the record", "open emergency access to the record"]
            }
            Self::EmergencyReviewed => [
                "reviewed an emergency access to the record",
                "review an emergency access to the record",
            ],
            Self::AccountChanged => [
                "changed an account that is linked to the record",
                "change an account that is linked to the record",
            ],
            Self::Other => ["worked with the record", "work with the record"],
        }
    }
}

/// Who accessed a record, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AccessedBy<'a> {
    Account {
        name: &'a str,
        role: Role,
    },
    /// An account that no longer exists.
    FormerAccount,
    /// An operator's command.
    Operator,
    /// The service itself, without a request.
    Service,
}

unseen!(AccessedBy<'_>);

impl AccessedBy<'_> {
    fn words(self) -> String {
        match self {
            Self::Account { name, role } => format!("{name} ({})", role.name()),
            Self::FormerAccount => "An account that no longer exists".to_owned(),
            Self::Operator => "An operator of this service".to_owned(),
            Self::Service => "The service".to_owned(),
        }
    }
}

/// Returns the words for why an access was allowed; none for a basis that this version does not know.
fn reason(basis: &str) -> &'static str {
    match basis {
        "role" => ", because their role permits it",
        "self" => ", because the record is their own",
        "assignment" => ", because they treat the patient",
        "covering" => ", because they cover a doctor who treats the patient",
        "proxy" => ", because they act for the patient",
        "emergency" => ", because of an emergency",
        _ => "",
    }
}

/// Returns the words for a field.
fn name_of(field: &str) -> String {
    match field {
        "starts_at" => "start".to_owned(),
        "ends_at" => "end".to_owned(),
        "end_reason" => "reason for the end".to_owned(),
        "voided" => "entered in error".to_owned(),
        "doctor_id" => "linked doctor".to_owned(),
        "patient_id" => "linked patient".to_owned(),
        "active" => "active or not".to_owned(),
        _ => field.replace('_', " "),
    }
}

/// Returns the sentence about an access. `problem` is the code of the problem if the request did not do what it was
/// asked for.
pub fn sentence<F: AsRef<str>>(
    by: AccessedBy<'_>,
    action: AccessAction,
    fields: &BTreeSet<F>,
    basis: Option<&str>,
    problem: Option<&str>,
) -> String {
    let (by, [done, tried]) = (by.words(), action.words());
    if let Some(problem) = problem {
        return format!("{by} tried to {tried}, without success ({problem}).");
    }
    let fields: Vec<String> = fields.iter().map(|it| name_of(it.as_ref())).collect();
    let fields =
        if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
    let reason = match (action, basis) {
        // It is the doctor who treats the patient, not the account.
        (AccessAction::DoctorRead, Some("assignment")) => " who treats the patient",
        (_, basis) => basis.map_or("", reason),
    };
    format!("{by} {done}{fields}{reason}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: AccessedBy<'_> = AccessedBy::Account { name: "Gregory House", role: Role::Doctor };

    fn said(by: AccessedBy<'_>, operation: &str, fields: &[&str], basis: Option<&str>) -> String {
        let fields = fields.iter().copied().collect();
        sentence(by, AccessAction::of(operation), &fields, basis, None)
    }

    #[test]
    fn sentence_says_who_did_what_and_why() {
        assert_eq!(
            said(HOUSE, "patients-get", &[], Some("assignment")),
            "Gregory House (doctor) read the record, because they treat the patient."
        );
        assert_eq!(
            said(HOUSE, "patients-update", &["address", "contact_number"], Some("covering")),
            "Gregory House (doctor) changed the record (address, contact number), because they \
             cover a doctor who treats the patient."
        );
        assert_eq!(
            said(HOUSE, "mappings-remove", &["end_reason", "ends_at", "role"], Some("role")),
            "Gregory House (doctor) changed the patient's doctors (reason for the end, end, role), \
             because their role permits it."
        );
        assert_eq!(
            said(HOUSE, "users-update", &["patient_id", "role"], Some("role")),
            "Gregory House (doctor) changed an account that is linked to the record (linked \
             patient, role), because their role permits it."
        );
        assert_eq!(
            said(AccessedBy::FormerAccount, "proxies-list", &[], Some("role")),
            "An account that no longer exists read who acts for the patient, because their role \
             permits it."
        );
        let own = AccessedBy::Account { name: "mary", role: Role::Patient };
        assert_eq!(
            said(own, "doctors-get", &[], Some("assignment")),
            "mary (patient) read about a doctor who treats the patient."
        );
        // The link of the account has moved since the token was signed.
        assert_eq!(
            said(HOUSE, "doctors-get", &[], Some("role")),
            "Gregory House (doctor) read about a doctor, because their role permits it."
        );
        assert_eq!(
            said(AccessedBy::Operator, "ops rename", &[], None),
            "An operator of this service worked with the record."
        );
        assert_eq!(
            said(AccessedBy::Service, "assignments-lapse", &[], Some("another")),
            "The service changed the patient's doctors."
        );
    }

    #[test]
    fn sentence_says_what_was_tried() {
        let action = AccessAction::of("patients-delete");
        let fields = BTreeSet::<String>::new();
        assert_eq!(
            sentence(HOUSE, action, &fields, None, Some("permission_denied")),
            "Gregory House (doctor) tried to delete the record, without success \
             (permission_denied)."
        );
    }

    #[test]
    fn debug_shows_no_name() {
        assert!(!format!("{HOUSE:?}").contains("House"));
    }
}
