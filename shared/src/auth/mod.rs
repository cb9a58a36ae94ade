//! Who calls, and what they may do: passwords, sessions, tokens, keys, callers, permissions, throttles.

pub(crate) mod admitted;
pub mod attempts;
pub mod caller;
pub(crate) mod ed25519;
pub mod floor;
mod hash_memory;
pub mod keyring;
pub mod minter;
pub mod password;
pub mod permission;
pub mod policy;
pub mod refresh_token;
pub mod registration;
pub mod reset;
pub mod sessions;
pub mod signing_key;
mod stored_hash;
pub(crate) mod token;
pub(crate) mod verified_tokens;
