//! For tests and for local use: a real DynamoDB inside the process, with the tables of template.yaml, and a world in
//! which tests call handlers with events as API Gateway sends them.

mod access;
pub mod access_page;
mod actor;
pub mod bucket;
pub mod bulk;
pub mod calls;
pub mod checks;
pub mod costs;
pub mod emulator;
mod event;
pub mod faults;
pub mod forged;
pub mod function;
pub mod kms;
mod moto;
mod outbox;
pub mod process;
pub mod runtime_api;
mod sample;
pub mod schema;
pub mod secrets_manager;
mod settings;
pub mod steps;
pub mod tls;
pub mod wire;
mod witnesses;
mod world;

use std::sync::LazyLock;

use repo::template::Template;

pub use actor::Actor;
pub use calls::{Calls, Cost};
pub use event::{Answer, Event};
pub use outbox::Outbox;
pub use sample::Sample;
pub use serde_json::{Value, json};
pub use settings::{
    ATTEMPT_LIMITS, NO_LIMITS, PASSWORD, PASSWORD_POLICY, RECORD_SETTINGS, SESSION_LIMITS,
};
pub use witnesses::Witnesses;
pub use world::{
    Handler, World, protected, protected_after, protected_with, public, public_recorded,
    public_with, run, together, tokens, without_app,
};

/// Returns template.yaml. A process parses it once, because every world needs it.
fn template() -> &'static Template {
    #[allow(clippy::expect_used, reason = "a panic fails the test")]
    static TEMPLATE: LazyLock<Template> =
        LazyLock::new(|| Template::load().expect("template.yaml can be read"));
    &TEMPLATE
}
