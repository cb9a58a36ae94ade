//! For tests and for local use: a real DynamoDB inside the process, set up as template.yaml says, and
//! a world in which handlers are called with events as API Gateway sends them.

mod access;
mod calls;
pub mod checks;
pub mod emulator;
mod event;
pub mod faults;
pub mod function;
pub mod runtime_api;
mod sample;
mod settings;
pub mod steps;
pub mod tls;
pub mod tokens;
pub mod wire;
mod world;

pub use calls::Calls;
pub use event::{Answer, Event};
pub use sample::Sample;
pub use serde_json::{Value, json};
pub use settings::{ATTEMPT_LIMITS, PASSWORD, PASSWORD_POLICY, SESSION_LIMITS};
pub use world::{Actor, Handler, World, at_edge, run, together};
