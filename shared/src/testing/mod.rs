//! For tests and for local use: a real DynamoDB inside the process, set up as template.yaml says, and
//! a world in which handlers are called with events as API Gateway sends them.

pub mod emulator;
pub mod routes;
pub mod template;
pub mod world;

pub use serde_json::{Value, json};
pub use world::{Actor, Answer, Event, World, run, together};
