//! The proof of a decision.

use super::action::Action;
use super::basis::Basis;
use super::caller::Caller;
use super::decide::Allowed;
use super::relation::Proof;
use super::view::{Fields, View};
use crate::model::timestamp::Timestamp;

/// An action that was decided and allowed, with its target as it was read for the decision.
///
/// Store methods take the grant of their own action. Only the pipeline makes one, from the answer of
/// [`super::decide()`], so a grant to read cannot delete, and code without a decision does not compile.
#[derive(Debug)]
pub struct Granted<A: Action> {
    caller: Caller,
    allowed: Allowed,
    proofs: Vec<Proof>,
    target: A::Target,
    at: Timestamp,
}

impl<A: Action> Granted<A> {
    /// Returns `None` if the decision was about another act.
    pub(crate) fn new(
        caller: Caller,
        allowed: Allowed,
        mut proofs: Vec<Proof>,
        target: A::Target,
        at: Timestamp,
    ) -> Option<Self> {
        proofs.retain(|proof| proof.basis == allowed.basis());
        (allowed.act() == A::ID).then_some(Self { caller, allowed, proofs, target, at })
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The time of the decision, stored as the time of the change.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Why it was allowed.
    pub fn basis(&self) -> Basis {
        self.allowed.basis()
    }

    /// The attributes that answers leave out.
    pub fn view(&self) -> View {
        self.allowed.view()
    }

    /// The fields that may change.
    pub fn fields(&self) -> Fields {
        self.allowed.fields()
    }

    /// The rows that give the access. A change that the caller may make because of them requires in its own transaction
    /// that they are unchanged.
    pub(crate) fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    pub fn target(&self) -> &A::Target {
        &self.target
    }

    pub(crate) fn into_target(self) -> A::Target {
        self.target
    }
}
