//! Signing in: passwords, sessions, tokens, their keys, and the throttles of attempts. Also the throttles of emergency
//! access.

pub mod attempts;
pub mod common_passwords;
mod context_words;
pub(crate) mod ed25519;
pub mod emergency_attempts;
mod hash_memory;
pub mod invitation;
mod keyring;
pub mod mailed_token;
pub mod minimum_duration;
pub mod minter;
pub mod password;
pub mod policy;
pub mod refresh_token;
pub mod registration;
pub mod reset;
pub mod sessions;
pub mod signing_key;
mod stored_hash;
pub(crate) mod token;
pub mod verification;
mod verified_tokens;
pub mod verifier;

pub use token::Verified;
