//! What the functions share. A map of the rooms:
//!
//! - [`runtime`]: `serve` and its likes, which start a function; [`endpoint`]: from a request to its answer
//! - [`request`], [`response`], [`error`]: what a handler takes, gives, and fails with
//! - [`app`], [`config`]: what a function holds; the environment, read once
//! - [`edge`], [`cors`], `metrics`: what answers and log lines have besides
//! - [`auth`]: passwords, sessions, tokens, keys, throttles, the caller, and who may do what
//! - [`model`]: the words of the domain as types, no I/O
//! - [`table`]: all of DynamoDB; [`secrets`]: the token secret; [`mail`]: what is mailed
//! - [`testing`] (feature `testing`): an embedded DynamoDB, and a world in which tests call handlers
//!
//! Invariants: functions use this crate and never one another. `model` imports nothing of ours;
//! `table` and `auth` stand on `model`; of what ships, only `table`, `secrets`,
//! `mail` and the `aws` beneath them name the AWS SDK. A handler never
//! sees a raw header. Time and randomness come from [`app::App`].

pub mod app;
pub mod auth;
mod aws;
pub mod config;
pub mod cors;
pub mod edge;
pub mod endpoint;
pub mod error;
pub mod log;
pub mod mail;
mod metrics;
pub mod model;
pub mod request;
pub mod response;
pub mod runtime;
pub mod secrets;
pub mod table;
#[cfg(feature = "testing")]
pub mod testing;

pub use app::App;
pub use auth::caller::Caller;
pub use auth::permission::Permission;
pub use edge::Edge;
pub use error::{ApiError, ApiResult};
pub use lambda_http::http::Method;
pub use request::Request;
pub use runtime::{
    Listed, Named, serve, serve_event, serve_list, serve_public, serve_public_with, serve_reading,
    serve_static, serve_with,
};
