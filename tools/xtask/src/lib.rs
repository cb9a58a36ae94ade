//! Developers' commands, and what the benchmarks share with them: a stack of their own and pinned tools.

pub mod audit;
mod database;
pub mod deploy;
pub mod dev;
mod docker;
mod environment;
pub mod fuzz;
pub mod generate;
mod port;
mod sam;
pub mod sam_local;
pub mod stack;
mod stage;
pub mod tools;
