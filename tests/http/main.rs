//! Tests of the API over HTTP, as clients use it. They start their own stack, or use the one at `API_URL`.
//!
//! The files are organized by URL. Every test creates its own records, so tests can run in any order and in parallel.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

// Helpers.
mod client;
mod clinic;
mod contract;
mod json;
mod operations;
mod response;
mod stack;
mod threads;

// Tests of one URL each.
mod auth;
mod care;
mod doctors;
mod duplicates;
mod handovers;
mod invitations;
mod mappings;
mod passwords;
mod patients;
mod records;
mod routes;
mod seed;
mod sessions;
mod users;

// Tests of many URLs.
mod audit;
mod bad_input;
mod bulk;
mod canaries;
mod deceptive_text;
mod generated_client;
mod pages;
mod permissions;
mod races;
mod raw_bytes;
mod readme;
mod search;
mod smoke;
