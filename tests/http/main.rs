//! The API as its clients see it, over HTTP: against a stack of this run's own, or, with `API_URL`
//! set, against any other. Laid out by URL; every test makes its own records, so that order and
//! company do not matter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

// What the tests are written with.
mod client;
mod clinic;
mod contract;
mod json;
mod operations;
mod response;
mod stack;
mod threads;

// The contract, by URL.
mod auth;
mod doctors;
mod mappings;
mod passwords;
mod patients;
mod records;
mod routes;
mod seed;
mod sessions;
mod users;

// The contract, across URLs.
mod bad_input;
mod bulk;
mod canaries;
mod generated_client;
mod pages;
mod permissions;
mod races;
mod readme;
mod smoke;
