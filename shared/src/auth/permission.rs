//! Who may do what: the one place that decides.

use crate::model::user::Role;

/// What an operation needs. Operations on one's own account need none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    ManageDoctors,
    ManagePatients,
    ManageMappings,
    ManageUsers,
}

/// A role that is `pending` may see nothing but its own account.
pub fn permits(role: Role, permission: Permission) -> bool {
    match permission {
        Permission::ManageDoctors | Permission::ManagePatients | Permission::ManageMappings => {
            match role {
                Role::Admin | Role::Staff => true,
                Role::Pending => false,
            }
        }
        Permission::ManageUsers => match role {
            Role::Admin => true,
            Role::Staff | Role::Pending => false,
        },
    }
}
