//! Relations in a world: assignments, covers, proxies, emergency access, and accounts that are linked to doctors and
//! patients.

use std::ops::Range;
use std::time::Duration;

use serde_json::json;

use super::World;
use crate::model::assignment::{AssignmentView, CareRole};
use crate::model::cover::{Cover, NewCover};
use crate::model::doctor::Doctor;
use crate::model::emergency::{EmergencyId, EmergencyReason, NewEmergency};
use crate::model::emergency_review::{EmergencyReview, NewVerdict, Verdict};
use crate::model::handover::{Handover, NewHandover};
use crate::model::id::{Id, UserId};
use crate::model::optional_text::OptionalText;
use crate::model::patient::{Patient, PatientDetails};
use crate::model::precondition::Preconditions;
use crate::model::proxy::{NewProxy, ProxyBasis, ProxyScope};
use crate::model::record::Edit;
use crate::model::user::{LinkChange, Role, UserChange};
use crate::store::{
    AssignmentIds, CoverRequest, HandoverRequest, NewAssignment, ProxyRequest, ReviewRequest,
    VoidingAssignment,
};
use crate::testing::actor::Actor;
use crate::testing::steps;

const DAY: u64 = 24 * 60 * 60;

impl World {
    /// Assigns a doctor to a patient. Returns the assignment.
    pub async fn assign(&self, doctor: &Doctor, patient: &Patient) -> AssignmentView {
        let store = self.app.store();
        let outcome = steps::assign(store, doctor.id, patient.id, first(), self.app.now()).await;
        let assigned = outcome.expect("an assignment");
        assert!(assigned.is_new);
        assigned.assignment
    }

    /// Assigns a doctor to a patient in a role, from and until so many days after now.
    pub async fn assign_for(
        &self,
        doctor: &Doctor,
        patient: &Patient,
        role: CareRole,
        days: Range<u64>,
    ) -> AssignmentView {
        let (store, now) = (self.app.store(), self.app.now());
        let after = |days: u64| Some(now.plus(Duration::from_secs(days * DAY)));
        let ids = AssignmentIds { doctor_id: doctor.id, patient_id: patient.id };
        let new = NewAssignment {
            role: Some(role),
            starts_at: after(days.start),
            ends_at: after(days.end),
            ..NewAssignment::of(ids)
        };
        let by = steps::grant(store, first(), now, new).await.expect("a grant");
        store.assignments().assign(by).await.expect("an assignment").assignment
    }

    /// Marks an assignment as entered in error.
    pub async fn void_assignment(&self, assignment: &AssignmentView) {
        let request = VoidingAssignment {
            patient_id: assignment.patient_id,
            assignment_id: assignment.terms.id.clone(),
            reason: "mistake".parse().expect("a reason"),
        };
        let (store, now) = (self.app.store(), self.app.now());
        let by = steps::grant(store, first(), now, request).await.expect("a grant");
        store.assignments().void(by).await.expect("an assignment");
    }

    /// Ends the assignment of a doctor to a patient now.
    pub async fn end_assignment(&self, doctor: &Doctor, patient: &Patient) {
        let (store, now) = (self.app.store(), self.app.now());
        let ended = steps::end_assignment_at(store, doctor.id, patient.id, now).await;
        ended.expect("an assignment");
    }

    /// Creates an account with the role `doctor` for this doctor, and signs it in. Its username is `doctor-` and the id.
    pub async fn doctor_account(&self, doctor: &Doctor) -> Actor {
        let doctor_id = LinkChange::Set(doctor.id);
        let change = UserChange { role: Some(Role::Doctor), doctor_id, ..UserChange::default() };
        self.linked(&format!("doctor-{}", doctor.id), change).await
    }

    /// Creates an account with the role `patient` for this patient, and signs it in. Its username is `patient-` and the
    /// id.
    pub async fn patient_account(&self, patient: &Patient) -> Actor {
        let patient_id = LinkChange::Set(patient.id);
        let change = UserChange { role: Some(Role::Patient), patient_id, ..UserChange::default() };
        self.linked(&format!("patient-{}", patient.id), change).await
    }

    async fn linked(&self, name: &str, change: UserChange) -> Actor {
        let user = self.account(name, "nobody's".into(), Role::Pending).await;
        let (store, now) = (self.app.store(), self.app.now());
        let linked = steps::update_account(store, user.id, change, &Preconditions::NONE, now).await;
        self.sign_in(linked.expect("a link")).await
    }

    /// Marks a patient as restricted. Returns the patient.
    pub async fn restrict(&self, patient: &Patient) -> Patient {
        let change = json!({"restricted": true}).as_object().expect("an object").clone();
        let edit: Edit<PatientDetails> = Edit::Merge(change);
        let (store, now) = (self.app.store(), self.app.now());
        let changed = steps::update(store, patient.id, &edit, &Preconditions::NONE, now).await;
        changed.expect("a change")
    }

    /// Lets a doctor cover another one, from now on for this number of days.
    pub async fn cover(&self, doctor: &Doctor, covering: &Doctor, days: u64) -> Cover {
        let now = self.app.now();
        let cover = NewCover {
            covering_doctor_id: covering.id,
            starts_at: None,
            ends_at: now.plus(Duration::from_secs(days * DAY)),
            reason: None,
        };
        let request = CoverRequest { doctor_id: doctor.id, cover };
        let store = self.app.store();
        let by = steps::grant(store, first(), now, request).await.expect("a grant");
        store.covers().set(by).await.expect("a cover")
    }

    /// Begins the hand-over of all patients of a doctor to another one, now. Its id is `handover-` and the doctor's id.
    pub async fn hand_over(&self, doctor: &Doctor, to: &Doctor) -> Handover {
        let handover = NewHandover { to_doctor_id: to.id, effective_at: None, reason: None };
        let request = HandoverRequest { doctor_id: doctor.id, handover };
        let (store, now) = (self.app.store(), self.app.now());
        let by = steps::grant(store, first(), now, request).await.expect("a grant");
        let id = format!("handover-{}", doctor.id).parse().expect("an id");
        store.handovers().start(by, id).await.expect("a hand-over")
    }

    /// Makes an account a patient's guardian, who may do as much as the patient.
    pub async fn proxy(&self, patient: &Patient, actor: &Actor) {
        self.proxy_with(patient, actor, ProxyScope::All).await;
    }

    /// Makes an account a patient's guardian with this scope.
    pub async fn proxy_with(&self, patient: &Patient, actor: &Actor, scope: ProxyScope) {
        let proxy = NewProxy {
            user_id: actor.id(),
            basis: ProxyBasis::Guardian,
            scope: Some(scope),
            starts_at: None,
            ends_at: None,
        };
        let request = ProxyRequest { patient_id: patient.id, proxy };
        let (store, now) = (self.app.store(), self.app.now());
        let by = steps::grant(store, first(), now, request).await.expect("a grant");
        let id = format!("proxy-{}-{}", patient.id, actor.id()).parse().expect("an id");
        assert!(store.proxies().add(by, id).await.expect("a proxy").is_new);
    }

    /// Opens emergency access of an account to a patient, now, for four hours. Returns its review.
    pub async fn emergency(&self, actor: &Actor, patient: &Patient) -> EmergencyReview {
        let (store, now) = (self.app.store(), self.app.now());
        let random = self.app.system().random_text::<16>().expect("a random text");
        let id = EmergencyId::new(now, &random).expect("an id");
        let emergency = NewEmergency {
            reason_code: EmergencyReason::UrgentCare,
            reason: "Unconscious, brought in without papers".parse().expect("an explanation"),
        };
        let review = EmergencyReview::open(id, patient.id, actor.id(), emergency, now);
        store.emergencies().open(&review, None).await.expect("an access");
        review
    }

    /// Closes a review on behalf of an account: the access was justified.
    pub async fn close_review(&self, by: &Actor, review: &EmergencyReview) -> EmergencyReview {
        let verdict = NewVerdict { verdict: Verdict::Justified, note: OptionalText::default() };
        let request = ReviewRequest { id: review.id.clone(), verdict };
        let (store, now) = (self.app.store(), self.app.now());
        let by = steps::grant(store, by.id(), now, request).await.expect("a grant");
        store.emergencies().review(by).await.expect("a review")
    }
}

/// The account that does all of this.
fn first() -> UserId {
    UserId::new(1).expect("an id")
}
