//! Tokens, keys, passwords, sessions and throttles of signing in, tested below the API's own endpoints.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod attempts;
mod cursors;
mod keys;
mod passwords;
mod refresh;
mod sessions;
mod tokens;
