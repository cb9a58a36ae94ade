//! The access rule. No other code matches on a role.

use serde::Serialize;
use serde_json::Value;

use super::act::Act;
use super::hint::Hint;
use super::relation::Relation;
use crate::model::field::FieldErrors;
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User};

/// The account, as the decision sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub role: Role,
}

impl Actor {
    pub fn of(user: &User) -> Self {
        Self { role: user.role }
    }

    /// The actor that a token hints at; `None` if this version does not know its role.
    pub fn hinted(hint: &Hint) -> Option<Self> {
        Some(Self { role: hint.role()? })
    }
}

/// Why access is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The account's role.
    Role,
    /// The action is about the caller's own account.
    Own,
    /// The caller's doctor treats the patient.
    Assignment,
}

/// Attributes that answers leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View(&'static [&'static str]);

/// Fields that a change may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    All,
    Only(&'static [&'static str]),
}

/// The part of a list that the caller may see. Lists query by it: they never read records that they then leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    All,
}

/// A positive decision. Only this file makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    act: Act,
    basis: Basis,
    view: View,
    fields: Fields,
    reach: Reach,
}

/// A negative decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The role does not permit it.
    Role,
}

/// The form of [`decide()`], for tests that decide otherwise.
pub type Decide = fn(Act, &Actor, Relation, Timestamp) -> Result<Allowed, Denied>;

/// Decides whether an account may do something. Pure: the same arguments always get the same decision.
pub fn decide(
    act: Act,
    actor: &Actor,
    _relation: Relation,
    _now: Timestamp,
) -> Result<Allowed, Denied> {
    match act {
        Act::ReadOwnAccount
        | Act::EndOwnSession
        | Act::ChangeOwnPassword
        | Act::ListOwnSessions
        | Act::RevokeOwnSession => Ok(Allowed::all(act, Basis::Own)),

        Act::CreateDoctor
        | Act::ReadDoctor
        | Act::ListDoctors
        | Act::UpdateDoctor
        | Act::DeleteDoctor
        | Act::CreatePatient
        | Act::ReadPatient
        | Act::ListPatients
        | Act::UpdatePatient
        | Act::DeletePatient
        | Act::FindDuplicates
        | Act::Assign
        | Act::EndAssignment
        | Act::ListAssignments
        | Act::ListDoctorsOfPatient
        | Act::ListPatientsOfDoctor => match actor.role {
            Role::Admin | Role::Staff => Ok(Allowed::all(act, Basis::Role)),
            Role::Pending => Err(Denied::Role),
        },

        Act::ListAccounts
        | Act::UpdateAccount
        | Act::CreateInvitation
        | Act::ListInvitations
        | Act::RevokeInvitation => match actor.role {
            Role::Admin => Ok(Allowed::all(act, Basis::Role)),
            Role::Staff | Role::Pending => Err(Denied::Role),
        },
    }
}

impl Allowed {
    fn all(act: Act, basis: Basis) -> Self {
        Self { act, basis, view: View(&[]), fields: Fields::All, reach: Reach::All }
    }

    /// A decision of a test's own.
    #[cfg(test)]
    pub(crate) fn for_test(
        act: Act,
        basis: Basis,
        hidden: &'static [&'static str],
        fields: Fields,
    ) -> Self {
        Self { act, basis, view: View(hidden), fields, reach: Reach::All }
    }

    /// The act that is allowed.
    pub(crate) fn act(&self) -> Act {
        self.act
    }

    pub fn basis(&self) -> Basis {
        self.basis
    }

    pub fn view(&self) -> View {
        self.view
    }

    pub fn fields(&self) -> Fields {
        self.fields
    }

    pub fn reach(&self) -> &Reach {
        &self.reach
    }
}

impl View {
    /// Writes a record as JSON, without the attributes that are left out.
    pub fn write(self, record: &impl Serialize) -> serde_json::Result<String> {
        if self.0.is_empty() {
            return serde_json::to_string(record);
        }
        let mut value = serde_json::to_value(record)?;
        self.hide(&mut value);
        serde_json::to_string(&value)
    }

    /// Removes the attributes from a record, and from the records inside it: the results of a page, and possible
    /// duplicates.
    fn hide(self, value: &mut Value) {
        let Some(object) = value.as_object_mut() else { return };
        object.retain(|name, _| !self.0.contains(&name.as_str()));
        for list in ["results", "possible_duplicates"] {
            let records = object.get_mut(list).and_then(Value::as_array_mut);
            for record in records.into_iter().flatten() {
                self.hide(record);
            }
        }
    }
}

impl Fields {
    /// Reports every field that a change from `current` to `next` may not change.
    pub fn check(self, current: &impl Serialize, next: &impl Serialize) -> Result<(), FieldErrors> {
        let Self::Only(allowed) = self else { return Ok(()) };
        let object = |record| match record {
            Ok(Value::Object(object)) => object,
            _ => serde_json::Map::new(),
        };
        let current = object(serde_json::to_value(current));
        let next = object(serde_json::to_value(next));
        let mut errors = FieldErrors::default();
        for field in current.keys().chain(next.keys().filter(|name| !current.contains_key(*name))) {
            if current.get(field) != next.get(field) && !allowed.contains(&field.as_str()) {
                errors.add(field, "cannot be changed by your account");
            }
        }
        errors.or(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hidden_attributes_leave_records_and_pages() {
        let view = View(&["license_number"]);
        let doctor = json!({"id": 1, "license_number": "L"});
        assert_eq!(view.write(&doctor).unwrap(), r#"{"id":1}"#);
        let page = json!({"results": [doctor], "next": null});
        assert_eq!(view.write(&page).unwrap(), r#"{"next":null,"results":[{"id":1}]}"#);
        let created = json!({"id": 2, "possible_duplicates": [doctor]});
        let expected = r#"{"id":2,"possible_duplicates":[{"id":1}]}"#;
        assert_eq!(view.write(&created).unwrap(), expected);
    }

    #[test]
    fn only_permitted_fields_may_change() {
        let (current, next) = (json!({"a": 1, "b": 1}), json!({"a": 2, "b": 2, "c": 3}));
        assert_eq!(Fields::All.check(&current, &next), Ok(()));
        assert_eq!(Fields::Only(&["a", "b", "c"]).check(&current, &next), Ok(()));
        let refused = Fields::Only(&["a"]).check(&current, &next).unwrap_err();
        assert_eq!(refused.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["b", "c"]);
    }
}
