//! Logs: one JSON line on standard output for each request, with the request's id.
//!
//! Every line contains the operation, because all functions write to one log group. A request's line also contains the
//! status and the code. No line contains a path, a body, a token or a name.

use std::fmt;
use std::io::{self, Write};
use std::panic;
use std::pin::pin;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{self, Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::audit::{Head, Witness};
use crate::config;
use crate::metrics::Metrics;
use crate::model::timestamp::Timestamp;
use crate::system::System;

/// How often the rows of work without a request are logged.
const ROWS_EVERY: Duration = Duration::from_secs(1);

/// Starts logging at a fixed level: at lower levels the SDK would print requests and answers.
pub(crate) fn init() {
    let own = env!("CARGO_CRATE_NAME");
    let targets =
        Targets::new().with_default(LevelFilter::WARN).with_target(own, LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().event_format(LineFormat::new(&function_name()));
    // Fails only when logging has started already.
    let _started = tracing_subscriber::registry().with(lines).with(targets).try_init();
    panic::set_hook(Box::new(|info| {
        // Only the location, not the message: the message may contain anything.
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "a handler panicked");
    }));
}

/// Returns the function's name, which Lambda sets.
fn function_name() -> String {
    config::optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default()
}

/// The format of every line that `tracing` writes: one JSON object, which begins with the operation.
struct LineFormat {
    /// The function's name, as JSON.
    operation: String,
    json: Format<Json>,
}

impl LineFormat {
    fn new(operation: &str) -> Self {
        let json = format::json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_target(false);
        Self { operation: Value::from(operation).to_string(), json }
    }
}

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.json.format_event(context, Writer::new(&mut line), event)?;
        let members = line.strip_prefix('{').unwrap_or(&line);
        write!(writer, "{{\"operation\":{},{members}", self.operation)
    }
}

/// Logs a failure that does not end the request.
pub fn note_failure(what: &str, outcome: Result<(), impl fmt::Display>) {
    if let Err(error) = outcome {
        tracing::warn!(cause = %error, "{what}");
    }
}

/// Logs how much was done without a request: a number, and nothing about whom. Nothing done is not worth a line.
pub fn note_work(what: &str, count: usize) {
    if count > 0 {
        tracing::info!(count, "{what}");
    }
}

/// Logs that somebody changed or removed a row of the audit trail, or put something else in its place. The template
/// counts the lines with this message, for an alarm.
pub fn note_tampering(what: &str, chain: &str, seq: &str) {
    tracing::error!(what, chain, seq, "the audit trail was tampered with");
}

/// Logs how many reviews of emergency access are overdue, with the metric `OverdueReviews` if there is a namespace.
pub fn note_overdue_reviews(timestamp: Timestamp, namespace: Option<&str>, count: usize) {
    if let Ok(line) = serde_json::to_vec(&Overdue::of(timestamp, namespace, count)) {
        write_line(line);
    }
}

/// The log line about overdue reviews.
#[derive(Serialize)]
struct Overdue<'a> {
    level: &'static str,
    message: &'static str,
    timestamp: Timestamp,
    operation: String,
    count: usize,
    #[serde(flatten)]
    metrics: Option<Metrics<'a>>,
}

impl<'a> Overdue<'a> {
    fn of(timestamp: Timestamp, namespace: Option<&'a str>, count: usize) -> Self {
        let metrics = namespace
            .map(|namespace| Metrics::of_work(namespace, timestamp, "OverdueReviews", count));
        Self {
            level: if count > 0 { "WARN" } else { "INFO" },
            message: "reviews of emergency access that are overdue were counted",
            timestamp,
            operation: function_name(),
            count,
            metrics,
        }
    }
}

/// Does work without a request, and logs its rows of the audit trail every second and at the end: if Lambda ends the
/// process, the rows before the last second are in the log.
pub async fn noting_rows<T>(
    system: &System,
    operation: &str,
    witness: &Witness,
    work: impl Future<Output = T>,
) -> T {
    let note = |rows| note_rows(system.now(), operation, rows);
    noting_each(ROWS_EVERY, witness, note, work).await
}

/// Does work, and passes its rows to `note` in these intervals, and at the end.
async fn noting_each<T>(
    interval: Duration,
    witness: &Witness,
    note: impl Fn(Vec<Head>),
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    loop {
        let worked = timeout(interval, work.as_mut()).await;
        let rows = witness.take();
        if !rows.is_empty() {
            note(rows);
        }
        if let Ok(outcome) = worked {
            return outcome;
        }
    }
}

/// Logs rows of the audit trail that were written without a request.
fn note_rows(timestamp: Timestamp, operation: &str, audit: Vec<Head>) {
    #[derive(Serialize)]
    struct Line<'a> {
        level: &'static str,
        message: &'static str,
        timestamp: Timestamp,
        operation: &'a str,
        audit: Vec<Head>,
    }
    let (level, message) = ("INFO", "recorded");
    let line = serde_json::to_vec(&Line { level, message, timestamp, operation, audit });
    if let Ok(line) = line {
        write_line(line);
    }
}

fn write_line(mut line: Vec<u8>) {
    line.push(b'\n');
    // Without standard output there is no place to report the error.
    let _ = io::stdout().lock().write_all(&line);
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
    /// The request's rows of the audit trail. They witness the rows: a row that is changed or removed later differs from
    /// the log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audit: Vec<Head>,
    #[serde(flatten)]
    pub metrics: Option<Metrics<'a>>,
}

impl Completed<'_> {
    /// Writes the line in the format of the other lines. `tracing` cannot write it, because metrics are nested objects.
    pub fn write(&self) {
        if let Ok(line) = self.line() {
            write_line(line);
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
    use std::future::pending;
    use std::sync::Mutex;

    use lambda_http::http::StatusCode;
    use tokio::sync::mpsc;

    use super::*;
    use crate::model::assignment::CareRole;
    use crate::testing::{World, run};

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
            audit: Vec::new(),
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

    #[test]
    fn rows_of_work_are_logged_also_if_it_does_not_end() {
        run(async |world: World| {
            let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
            world.assign_for(&doctor, &patient, CareRole::Treating, 0..1).await;
            world.advance(Duration::from_hours(24));
            let (sender, mut lines) = mpsc::unbounded_channel::<Vec<Head>>();
            let note = |rows| sender.send(rows).unwrap();
            let (store, witness) = world.app.store_of("assignments-lapse");
            let lapse = async || {
                store.assignments().lapse(world.app.now(), || false).await.1.unwrap();
            };
            let killed = async {
                lapse().await;
                pending::<()>().await;
            };
            let heads = tokio::select! {
                () = noting_each(Duration::from_millis(5), &witness, note, killed) => Vec::new(),
                heads = lines.recv() => heads.unwrap(),
            };
            let heads: Vec<_> = heads.into_iter().map(|head| head.place).collect();
            let rows = world.audit_rows().await;
            assert_eq!(heads, rows.into_iter().map(|row| row.place).collect::<Vec<_>>());

            world.assign_for(&doctor, &patient, CareRole::Treating, 0..1).await;
            world.advance(Duration::from_hours(24));
            noting_each(Duration::from_secs(60), &witness, note, lapse()).await;
            assert_eq!(lines.try_recv().unwrap().len(), 1);
            // There is nothing to log.
            noting_each(Duration::from_secs(60), &witness, note, lapse()).await;
            assert!(lines.try_recv().is_err());
        });
    }

    #[test]
    fn line_about_overdue_reviews_has_count_and_metric() {
        let now = Timestamp::from_millisecond(0);
        let line =
            |namespace, count| serde_json::to_value(Overdue::of(now, namespace, count)).unwrap();
        let counted = line(Some("clinic"), 2);
        assert_eq!((&counted["level"], &counted["count"]), (&"WARN".into(), &2.into()));
        assert_eq!(counted["OverdueReviews"], 2);
        assert!(counted["operation"].is_string());
        let none = line(None, 0);
        assert_eq!((&none["level"], &none["count"]), (&"INFO".into(), &0.into()));
        assert!(none.get("_aws").is_none());
    }

    #[test]
    fn every_line_names_the_operation() {
        let (reader, writer) = io::pipe().unwrap();
        let lines = tracing_subscriber::fmt::layer()
            .event_format(LineFormat::new("clinic-health"))
            .with_writer(Mutex::new(writer));
        // It closes the writer at its end.
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            note_failure("a mail did not leave", Err("made up"));
        });
        let line: Value = serde_json::from_reader(reader).unwrap();
        assert_eq!((&line["operation"], &line["level"]), (&"clinic-health".into(), &"WARN".into()));
        assert_eq!(line["message"], "a mail did not leave");
        assert_eq!(line["cause"], "made up");
    }
}
