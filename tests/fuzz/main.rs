//! Random input for every parser that strangers reach. Input that is slow or takes much memory fails like a panic.
//!
//! The input is the same in each run, and little of it. `FUZZ_SECONDS=10` gives each test ten seconds more, with other
//! input; `FUZZ_SEED=7` begins elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod engine;
mod functions;
mod inputs;
mod people;
mod requests;
mod seeds;
mod texts;
mod tokens;
