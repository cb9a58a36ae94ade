//! The requests of people at a clinic, and their frequencies.

/// A kind of request, named after the function that answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    MappingsDoctors,
    PatientsGet,
    DoctorsGet,
    AuthMe,
    PatientsList,
    DoctorsList,
    MappingsPatients,
    MappingsList,
    MappingsAssign,
    MappingsRemove,
    PatientsUpdate,
    PatientsCreate,
    AuthLogin,
    AuthRefresh,
}

/// The share of each operation in percent: mostly reads of a patient's doctors, and a few writes.
pub const MIX: [(Operation, u32); 14] = [
    (Operation::MappingsDoctors, 45),
    (Operation::PatientsGet, 20),
    (Operation::DoctorsGet, 5),
    (Operation::AuthMe, 3),
    (Operation::PatientsList, 5),
    (Operation::DoctorsList, 4),
    (Operation::MappingsPatients, 4),
    (Operation::MappingsList, 1),
    (Operation::MappingsAssign, 3),
    (Operation::MappingsRemove, 3),
    (Operation::PatientsUpdate, 2),
    (Operation::PatientsCreate, 2),
    (Operation::AuthLogin, 2),
    (Operation::AuthRefresh, 1),
];

/// Operations of similar cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostGroup {
    Reads,
    Lists,
    Writes,
    Logins,
}

impl CostGroup {
    pub const ALL: [Self; 4] = [Self::Reads, Self::Lists, Self::Writes, Self::Logins];

    pub fn name(self) -> &'static str {
        match self {
            Self::Reads => "one record, a patient's doctors",
            Self::Lists => "lists",
            Self::Writes => "writes",
            Self::Logins => "logins",
        }
    }
}

impl Operation {
    pub fn all() -> impl Iterator<Item = Self> {
        MIX.into_iter().map(|(operation, _)| operation)
    }

    pub fn function(self) -> &'static str {
        match self {
            Self::MappingsDoctors => "mappings-doctors",
            Self::PatientsGet => "patients-get",
            Self::DoctorsGet => "doctors-get",
            Self::AuthMe => "auth-me",
            Self::PatientsList => "patients-list",
            Self::DoctorsList => "doctors-list",
            Self::MappingsPatients => "mappings-patients",
            Self::MappingsList => "mappings-list",
            Self::MappingsAssign => "mappings-assign",
            Self::MappingsRemove => "mappings-remove",
            Self::PatientsUpdate => "patients-update",
            Self::PatientsCreate => "patients-create",
            Self::AuthLogin => "auth-login",
            Self::AuthRefresh => "auth-refresh",
        }
    }

    pub fn group(self) -> CostGroup {
        match self {
            Self::MappingsDoctors | Self::PatientsGet | Self::DoctorsGet | Self::AuthMe => {
                CostGroup::Reads
            }
            Self::PatientsList
            | Self::DoctorsList
            | Self::MappingsPatients
            | Self::MappingsList => CostGroup::Lists,
            Self::MappingsAssign
            | Self::MappingsRemove
            | Self::PatientsUpdate
            | Self::PatientsCreate
            | Self::AuthRefresh => CostGroup::Writes,
            Self::AuthLogin => CostGroup::Logins,
        }
    }
}

/// Returns the share of an operation in percent.
pub fn share(operation: Operation) -> u32 {
    MIX.iter().find(|(it, _)| *it == operation).map_or(0, |(_, percent)| *percent)
}

/// Returns the operation for a number from 0 up to the sum of all weights.
pub fn at(mix: &[(Operation, u32)], mut number: u32) -> Option<Operation> {
    for (operation, weight) in mix {
        if number < *weight {
            return Some(*operation);
        }
        number -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_100_percent() {
        assert_eq!(MIX.iter().map(|(_, percent)| percent).sum::<u32>(), 100);
    }

    #[test]
    fn each_number_chooses_one_operation() {
        assert_eq!(at(&MIX, 0), Some(Operation::MappingsDoctors));
        assert_eq!(at(&MIX, 44), Some(Operation::MappingsDoctors));
        assert_eq!(at(&MIX, 45), Some(Operation::PatientsGet));
        assert_eq!(at(&MIX, 99), Some(Operation::AuthRefresh));
        assert_eq!(at(&MIX, 100), None);
    }
}
