//! Actions as types.

use super::act::Act;

/// The action of an endpoint. The types are defined in `store`, beside their items.
pub trait Action: Send + Sync + 'static {
    const ID: Act;
    /// The subject of the action, as it is loaded with the caller: a record, a page of a list, or nothing.
    type Target: Send + 'static;
}

/// Defines an action with the name of its act, and its target.
macro_rules! action {
    ($(#[$doc:meta])* $name:ident: $target:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl $crate::access::Action for $name {
            const ID: $crate::access::Act = $crate::access::Act::$name;
            type Target = $target;
        }
    };
}
pub(crate) use action;
