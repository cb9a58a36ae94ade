//! The crate that all functions share. Its modules, from top to bottom in import order:
//!
//! - [`lambda`]: entry points; Lambda's events in, responses out
//! - [`endpoint`]: deadline, panics, log line and headers of one request
//! - [`records`]: the handlers of doctors and patients
//! - [`pipeline`]: verify the token, read, decide, run the handler, write the audit row, answer
//! - [`targets`]: how a request names the target of its action
//! - [`context`], [`app`]: what a handler gets, and what a function holds
//! - [`cors`], [`response`], [`request`], [`cursor`]: answers and requests
//! - [`auth`]: signing in; [`audit`]: the place of the audit trail
//! - [`error`]: every failure, its status and its problem
//! - [`store`]: items, keys, transactions; [`access`]: who may do what; [`dynamo`]: DynamoDB's calls
//! - [`mail`], [`secrets`], `aws`, [`log`], `metrics`, [`response_policy`], [`system`], [`config`], [`model`]
//!
//! With the feature `testing`, [`testing`] adds an embedded DynamoDB and a world for tests.
//!
//! # A handler without a decision does not compile
//!
//! A store method takes the grant of its own action:
//!
//! ```compile_fail
//! use shared::access::Granted;
//! use shared::context::Context;
//! use shared::model::patient::PatientDetails;
//! use shared::response::{self, ApiResult};
//! use shared::store::Read;
//!
//! // A grant to read does not delete.
//! async fn handler(context: Context, by: Granted<Read<PatientDetails>>) -> ApiResult {
//!     context.store().patients().delete(by, &context.request().if_match(), || false).await?;
//!     response::no_content()
//! }
//! ```
//!
//! Nobody but the pipeline makes a grant:
//!
//! ```compile_fail
//! use shared::context::Context;
//! use shared::model::patient::PatientDetails;
//! use shared::response::ApiResult;
//! use shared::store::{Read, Stored};
//!
//! // A public handler has no grant, so it reads no record.
//! async fn handler(context: Context) -> ApiResult {
//!     let patient = context.store().patients().read()?;
//!     shared::response::record(&patient, patient.view())
//! }
//! ```
//!
//! ```compile_fail
//! use shared::access::{Caller, Granted};
//! use shared::model::patient::PatientDetails;
//! use shared::store::{Read, Stored};
//!
//! fn forge(caller: Caller, target: Stored<PatientDetails>) -> Granted<Read<PatientDetails>> {
//!     Granted { caller, target }
//! }
//! ```
//!
//! An answer says whose data it discloses:
//!
//! ```compile_fail
//! #[derive(serde::Serialize)]
//! struct Patient {
//!     first_name: String,
//! }
//!
//! fn answer(patient: Patient) -> shared::response::ApiResult {
//!     shared::response::ok(&patient)
//! }
//! ```

pub mod access;
pub mod app;
pub mod audit;
pub mod auth;
mod aws;
pub mod config;
pub mod context;
pub mod cors;
pub mod cursor;
pub mod dynamo;
pub mod endpoint;
pub mod error;
pub mod lambda;
pub mod log;
pub mod mail;
mod metrics;
pub mod model;
pub mod pipeline;
pub mod records;
pub mod request;
pub mod response;
pub mod response_policy;
pub mod secrets;
pub mod store;
pub mod system;
pub mod targets;
#[cfg(feature = "testing")]
pub mod testing;

pub use access::Granted;
pub use app::App;
pub use context::Context;
pub use error::ApiError;
pub use lambda::{serve, serve_event, serve_public, serve_static};
pub use lambda_http::http::Method;
pub use request::Request;
pub use response::ApiResult;
pub use response_policy::ResponsePolicy;
