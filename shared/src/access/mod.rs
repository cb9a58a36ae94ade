//! Who may do what.
//!
//! An endpoint names its action ([`act`]). The one function [`decide()`] says whether an account may do it, and on what
//! basis. The pipeline puts the answer into a [`Granted`], which the store takes: without a decision there is none.

mod act;
mod action;
mod actor;
mod basis;
mod caller;
mod care_team;
mod decide;
mod granted;
mod hint;
mod relation;
mod view;

pub use act::Act;
pub use action::Action;
pub(crate) use action::action;
pub use actor::Actor;
pub use basis::Basis;
pub use caller::Caller;
pub(crate) use care_team::treated_patient;
pub use decide::{Allowed, Decide, Denied, Reach};
pub(crate) use decide::{decide, permits_in_emergency};
pub use granted::Granted;
pub use hint::Hint;
pub use relation::{About, Proof, Relation, Relations};
pub use view::{Fields, View, changed_fields};
