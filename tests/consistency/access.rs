//! Every protected operation has an act, and the contract names the role that `decide` permits it to.

use std::collections::BTreeMap;
use std::fs;

use repo::openapi::{Contract, Who};
use repo::root::repository;
use shared::access::Act;
use shared::model::user::Role;
use shared::testing::access_page::{PAGE, page, permitted};

use crate::Outcome;

/// Returns the least role that may do something, in the contract's terms.
fn least(act: Act) -> Option<Who> {
    let roles: Vec<Role> = permitted(act).into_iter().map(|(role, _)| role).collect();
    match roles[..] {
        [Role::Pending, Role::Patient, Role::Doctor, Role::Staff, Role::Admin] => {
            Some(Who::SignedIn)
        }
        [Role::Patient, Role::Doctor, Role::Staff, Role::Admin] => Some(Who::Active),
        [Role::Doctor, Role::Staff, Role::Admin] => Some(Who::Doctor),
        [Role::Staff, Role::Admin] => Some(Who::Staff),
        [Role::Admin] => Some(Who::Admin),
        _ => None,
    }
}

#[test]
fn contract_and_decision_permit_the_same_roles() -> Outcome {
    let contract = Contract::load()?;
    let acts: BTreeMap<_, _> = Act::ALL.into_iter().map(|act| (act.function(), act)).collect();
    assert_eq!(acts.len(), Act::ALL.len(), "two acts name the same function");
    let mut wrong = Vec::new();
    for operation in contract.operations() {
        let expected = match acts.get(operation.function()) {
            Some(act) => least(*act),
            None => Some(Who::Anyone),
        };
        if operation.who != expected {
            wrong.push(format!(
                "{}: x-role of openapi.yaml is {:?}, shared/src/access/decide.rs says {expected:?}",
                operation.id, operation.who
            ));
        }
    }
    for (function, act) in acts {
        if !contract.operations().iter().any(|operation| operation.function() == function) {
            wrong.push(format!("shared/src/access/act.rs: no operation {function} for {act:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn access_page_is_up_to_date() -> Outcome {
    let written = fs::read_to_string(repository().join(PAGE)).unwrap_or_default();
    assert_eq!(written, page(&Contract::load()?), "run `cargo xtask generate`: {PAGE} is stale");
    Ok(())
}
