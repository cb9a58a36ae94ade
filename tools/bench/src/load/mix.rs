//! What people at a clinic do, and how often.

/// A request of some kind, called like the function that answers it.
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

/// In percent: mostly looking up who treats whom, and a few writes.
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

/// Requests of much the same cost.
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

/// In percent.
pub fn share(operation: Operation) -> u32 {
    MIX.iter().find(|(it, _)| *it == operation).map_or(0, |(_, percent)| *percent)
}

/// The operation that a number between 0 and the sum of all weights falls on.
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
    fn the_mix_is_a_hundred_percent() {
        assert_eq!(MIX.iter().map(|(_, percent)| percent).sum::<u32>(), 100);
    }

    #[test]
    fn each_number_falls_on_one_operation() {
        assert_eq!(at(&MIX, 0), Some(Operation::MappingsDoctors));
        assert_eq!(at(&MIX, 44), Some(Operation::MappingsDoctors));
        assert_eq!(at(&MIX, 45), Some(Operation::PatientsGet));
        assert_eq!(at(&MIX, 99), Some(Operation::AuthRefresh));
        assert_eq!(at(&MIX, 100), None);
    }
}
