//! Requests about doctors that tell who treats a patient.

use super::act::Act;
use super::actor::Actor;
use super::basis::Basis;
use super::decide::decide;
use super::relation::Relation;
use crate::model::id::PatientId;

/// Returns the account's own patient, if the act shows the account only the doctors who treat this patient. Then every
/// answer tells who treats the patient, also a refusal.
pub(crate) fn treated_patient(act: Act, actor: &Actor) -> Option<PatientId> {
    if !act.shows_doctors() {
        return None;
    }
    let allowed = decide(act, actor, &Relation::closest()).ok()?;
    actor.patient_id.filter(|_| allowed.basis() == Basis::Assignment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{DoctorId, Id, UserId};
    use crate::model::user::Role;

    /// Returns the account of a role, linked to doctor 1 and patient 2.
    fn actor(role: Role) -> Actor {
        let id = UserId::new(3).unwrap();
        Actor { id, role, doctor_id: DoctorId::new(1), patient_id: PatientId::new(2) }
    }

    #[test]
    fn only_patients_learn_who_treats_them_from_doctors() {
        for (act, role) in Act::ALL.into_iter().flat_map(|act| Role::ALL.map(|role| (act, role))) {
            let learns =
                [Act::ReadDoctor, Act::ListDoctors].contains(&act) && role == Role::Patient;
            let expected = PatientId::new(2).filter(|_| learns);
            assert_eq!(treated_patient(act, &actor(role)), expected, "{act:?} {role:?}");
        }
        let unlinked = Actor { patient_id: None, ..actor(Role::Patient) };
        assert_eq!(treated_patient(Act::ReadDoctor, &unlinked), None);
    }

    /// The ground of any other act says nothing about a patient, or the act is recorded.
    #[test]
    fn acts_that_depend_on_a_patient_are_recorded() {
        for (act, role) in Act::ALL.into_iter().flat_map(|act| Role::ALL.map(|role| (act, role))) {
            let decided = decide(act, &actor(role), &Relation::closest());
            let is_about_a_patient =
                decided.is_ok_and(|it| ![Basis::Role, Basis::Own].contains(&it.basis()));
            let is_recorded = match act.shows_doctors() {
                true => treated_patient(act, &actor(role)).is_some(),
                false => act.is_recorded(),
            };
            assert!(is_recorded || !is_about_a_patient, "{act:?} {role:?}");
        }
    }
}
