//! Developers' commands, and helpers that the benchmarks also use: stacks for tests, and pinned tools.

pub mod audit;
pub mod common_passwords;
mod database;
pub mod deploy;
pub mod dev;
mod docker;
mod environment;
pub mod fuzz;
pub mod generate;
pub mod new_endpoint;
mod port;
mod sam;
pub mod sam_local;
pub mod stack;
mod stage;
pub mod tools;
