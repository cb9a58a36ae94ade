//! Who calls, and what they may do: passwords, tokens, keys, callers, permissions.

pub mod caller;
pub(crate) mod ed25519;
pub mod keyring;
pub mod minter;
pub mod password;
pub mod permission;
pub mod registration;
mod token;
