//! The crate that all functions share. ARCHITECTURE.md lists its modules in import order.
//!
//! With the feature `testing`, [`testing`] adds an embedded DynamoDB and a world for tests.
//!
//! # A handler without a decision does not compile
//!
//! A store method takes the grant of its own action. A grant to delete deletes:
//!
//! ```no_run
//! use shared::model::patient::PatientDetails;
//! use shared::store::Delete;
//! use shared::{ApiResult, Context, Granted, response};
//!
//! async fn handler(context: Context, by: Granted<Delete<PatientDetails>>) -> ApiResult {
//!     context.store().patients().delete(by, &context.request().preconditions(), || false).await?;
//!     response::no_content()
//! }
//! ```
//!
//! A grant to read does not:
//!
//! ```compile_fail
//! use shared::model::patient::PatientDetails;
//! use shared::store::Read;
//! use shared::{ApiResult, Context, Granted, response};
//!
//! async fn handler(context: Context, by: Granted<Read<PatientDetails>>) -> ApiResult {
//!     context.store().patients().delete(by, &context.request().preconditions(), || false).await?;
//!     response::no_content()
//! }
//! ```
//!
//! A grant to read patients reads a patient:
//!
//! ```no_run
//! use shared::model::patient::PatientDetails;
//! use shared::store::Read;
//! use shared::{ApiResult, Context, Granted, response};
//!
//! async fn handler(context: Context, by: Granted<Read<PatientDetails>>) -> ApiResult {
//!     let view = by.view();
//!     response::record(&context.store().patients().read(by)?, view)
//! }
//! ```
//!
//! A grant to read one's own account does not:
//!
//! ```compile_fail
//! use shared::model::patient::PatientDetails;
//! use shared::store::ReadOwnAccount;
//! use shared::{ApiResult, Context, Granted, response};
//!
//! async fn handler(context: Context, by: Granted<ReadOwnAccount>) -> ApiResult {
//!     let view = by.view();
//!     response::record(&context.store().patients().read(by)?, view)
//! }
//! ```
//!
//! Only the pipeline makes a grant:
//!
//! ```compile_fail
//! use shared::Granted;
//! use shared::access::{Allowed, Caller};
//! use shared::model::patient::PatientDetails;
//! use shared::model::timestamp::Timestamp;
//! use shared::store::{Read, Stored};
//!
//! fn grant(
//!     caller: Caller,
//!     allowed: Allowed,
//!     target: Stored<PatientDetails>,
//!     at: Timestamp,
//! ) -> Granted<Read<PatientDetails>> {
//!     Granted { caller, allowed, target, at }
//! }
//! ```
//!
//! The body of an answer says whose data it discloses:
//!
//! ```no_run
//! #[derive(serde::Serialize)]
//! struct Opening {
//!     hour: u8,
//! }
//!
//! shared::discloses_no_patient!(Opening);
//!
//! fn answer(opening: Opening) -> shared::ApiResult {
//!     shared::response::ok(&opening)
//! }
//! ```
//!
//! Otherwise it does not compile:
//!
//! ```compile_fail
//! #[derive(serde::Serialize)]
//! struct Opening {
//!     hour: u8,
//! }
//!
//! fn answer(opening: Opening) -> shared::ApiResult {
//!     shared::response::ok(&opening)
//! }
//! ```

pub mod access;
pub mod app;
pub mod archive;
pub mod audit;
pub mod auth;
mod aws;
pub mod config;
pub mod context;
pub mod cors;
pub mod cursor;
mod dynamo;
pub mod endpoint;
pub mod error;
mod json;
pub mod lambda;
pub mod log;
pub mod mail;
mod media_types;
mod metrics;
pub mod model;
pub mod parameters;
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
pub use lambda::{
    serve, serve_after, serve_event, serve_public, serve_public_recorded, serve_static,
};
pub use lambda_http::http::Method;
pub use request::Request;
pub use response::{Answer, ApiResult};
pub use response_policy::ResponsePolicy;
