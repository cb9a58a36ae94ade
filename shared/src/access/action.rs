//! Actions as types.

use super::act::Act;

/// What an endpoint does. The types are defined in `store`, beside the items that they are about.
pub trait Action: Send + Sync + 'static {
    const ID: Act;
    /// What the action is about, as it is loaded with the caller: a record, a page of a list, or nothing.
    type Target: Send + 'static;
}
