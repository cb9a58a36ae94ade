//! Logs: one JSON line on standard output for each request, with the request's id.
//!
//! A line contains the operation, the status and the code, but never a path, a body, a token or a name.

use std::fmt;
use std::io::{self, Write};
use std::panic;
use std::time::Duration;

use serde::Serialize;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::metrics::Metrics;
use crate::model::timestamp::Timestamp;

/// Starts logging at a fixed level: at lower levels the SDK would print requests and answers.
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
        // Only the location, not the message: the message may contain anything.
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "a handler panicked");
    }));
}

/// Logs a failure that does not end the request.
pub fn note_failure(what: &str, outcome: Result<(), impl fmt::Display>) {
    if let Err(error) = outcome {
        tracing::warn!(cause = %error, "{what}");
    }
}

/// The log line of a finished request.
#[derive(Serialize)]
pub(crate) struct Completed<'a> {
    pub timestamp: Timestamp,
    /// The function's name.
    pub operation: &'a str,
    pub request_id: &'a str,
    pub status: u16,
    /// The code of the problem, if the request failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    pub duration_ms: u64,
    /// The internal cause of a 5xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'a str>,
    #[serde(flatten)]
    pub metrics: Option<Metrics<'a>>,
}

impl Completed<'_> {
    /// Writes the line in the format of the other lines. `tracing` cannot write it, because metrics are nested objects.
    pub fn write(&self) {
        if let Ok(mut line) = self.line() {
            line.push(b'\n');
            // Without standard output there is no place to report the error.
            let _ = io::stdout().lock().write_all(&line);
        }
    }

    fn line(&self) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Line<'a> {
            level: &'static str,
            message: &'static str,
            #[serde(flatten)]
            completed: &'a Completed<'a>,
        }
        let (level, message) = match self.cause {
            Some(_) => ("ERROR", "failed"),
            None => ("INFO", "completed"),
        };
        serde_json::to_vec(&Line { level, message, completed: self })
    }
}

/// Returns a duration in milliseconds, the unit of log lines.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use lambda_http::http::StatusCode;
    use serde_json::Value;

    use super::*;

    fn line(completed: &Completed<'_>) -> Value {
        serde_json::from_slice(&completed.line().unwrap()).unwrap()
    }

    #[test]
    fn line_is_one_object_that_includes_its_metrics() {
        let now = Timestamp::from_millisecond(0);
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let completed = |metrics| Completed {
            timestamp: now,
            operation: "clinic-health",
            request_id: "7",
            status: status.as_u16(),
            code: Some("unavailable"),
            duration_ms: 12,
            cause: Some("made up"),
            metrics,
        };
        let plain = line(&completed(None));
        assert_eq!((&plain["level"], &plain["message"]), (&"ERROR".into(), &"failed".into()));
        assert_eq!((&plain["operation"], &plain["status"]), (&"clinic-health".into(), &503.into()));
        assert_eq!(plain["timestamp"], "1970-01-01T00:00:00.000Z");
        assert!(plain.get("_aws").is_none());

        let counted = line(&completed(Some(Metrics::of("clinic", now, status, false))));
        let dimension = &counted["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0];
        assert_eq!(counted[dimension.as_str().unwrap()], "clinic-health");
        assert_eq!(counted["ServerErrors"], 1);
    }
}
