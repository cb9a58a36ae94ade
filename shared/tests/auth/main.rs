//! Who gets in: tokens, keys and sessions, tried on a handler that is open to whoever is signed in.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod attempts;
mod keys;
mod passwords;
mod sessions;
mod tokens;
