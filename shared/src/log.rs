//! Logs: JSON lines on standard output, one for each request, under the request's id.
//!
//! A line names the operation, the status and the code, never a path, a body, a token or a name.

use std::fmt;
use std::panic;
use std::time::Duration;

use lambda_http::http::StatusCode;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging, at a fixed level: the SDK's lower levels would print requests and answers.
pub(crate) fn init() {
    let own = env!("CARGO_CRATE_NAME");
    let targets =
        Targets::new().with_default(LevelFilter::WARN).with_target(own, LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    // Fails only when logging has started already.
    let _started = tracing_subscriber::registry().with(lines).with(targets).try_init();
    panic::set_hook(Box::new(|info| {
        // Where, and not the message: it may hold anything.
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "a handler panicked");
    }));
}

/// Says what failed, where the request goes on without it.
pub fn note_failure(what: &str, outcome: Result<(), impl fmt::Display>) {
    if let Err(error) = outcome {
        tracing::warn!(cause = %error, "{what}");
    }
}

/// The one line of a finished request.
pub(crate) struct Completed<'a> {
    /// The function's name.
    pub operation: &'a str,
    pub request_id: &'a str,
    /// The problem's, if it failed.
    pub code: Option<&'a str>,
    /// The inside story of a 5xx.
    pub cause: Option<&'a str>,
}

impl Completed<'_> {
    pub fn write(self, status: StatusCode, duration: Duration) {
        let Self { operation, request_id, code, cause } = self;
        let status = status.as_u16();
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        match cause {
            Some(cause) => {
                tracing::error!(operation, request_id, status, code, duration_ms, cause, "failed");
            }
            None => {
                tracing::info!(operation, request_id, status, code, duration_ms, "completed");
            }
        }
    }
}
