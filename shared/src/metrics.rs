//! Metrics in a log line, from which CloudWatch extracts them (embedded metric format).

use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::timestamp::Timestamp;

/// The members of a log line from which CloudWatch creates metrics.
///
/// `Requests` is always present. The other metrics are present only if they are not zero, because CloudWatch charges
/// for a metric in each hour in which it is sent.
#[derive(Serialize)]
pub struct Metrics<'a> {
    #[serde(rename = "_aws")]
    directive: Directive<'a>,
    #[serde(flatten)]
    counts: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    /// In milliseconds since 1970.
    timestamp: i64,
    cloud_watch_metrics: [MetricSet<'a>; 1],
}

/// The metrics of one namespace, with their dimensions.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricSet<'a> {
    namespace: &'a str,
    /// The names of members of the same line.
    dimensions: [[&'static str; 1]; 1],
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

impl<'a> Metrics<'a> {
    /// Returns the metrics of one request. Their dimension is the line's member `operation`.
    pub fn of(namespace: &'a str, now: Timestamp, status: StatusCode, is_cold_start: bool) -> Self {
        let names: Vec<_> = [
            ("Requests", true),
            ("ColdStarts", is_cold_start),
            ("Unauthorized", status == StatusCode::UNAUTHORIZED),
            ("ClientErrors", status.is_client_error()),
            ("ServerErrors", status.is_server_error()),
        ]
        .into_iter()
        .filter_map(|(name, is_counted)| is_counted.then_some((name, 1)))
        .collect();
        Self::new(namespace, now, &names)
    }

    /// Returns the metric of a number that work without a request has found. It is also sent if it is zero: otherwise its
    /// alarm would not end. Its dimension is the line's member `operation`.
    pub fn of_work(namespace: &'a str, now: Timestamp, name: &'static str, count: usize) -> Self {
        Self::new(namespace, now, &[(name, count)])
    }

    fn new(namespace: &'a str, now: Timestamp, counts: &[(&'static str, usize)]) -> Self {
        let definition = |(name, _): &(&'static str, usize)| Definition { name, unit: "Count" };
        Self {
            counts: counts
                .iter()
                .map(|(name, count)| ((*name).to_owned(), Value::from(*count)))
                .collect(),
            directive: Directive {
                timestamp: now.as_millisecond(),
                cloud_watch_metrics: [MetricSet {
                    namespace,
                    dimensions: [["operation"]],
                    metrics: counts.iter().map(definition).collect(),
                }],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unauthorized_cold_start_has_four_metrics() {
        let now = Timestamp::from_millisecond(1_767_225_600_000);
        let metrics = Metrics::of("clinic", now, StatusCode::UNAUTHORIZED, true);
        let name = |name| json!({"Name": name, "Unit": "Count"});
        let names = ["Requests", "ColdStarts", "Unauthorized", "ClientErrors"].map(name);
        assert_eq!(
            serde_json::to_value(metrics).unwrap(),
            json!({
                "_aws": {
                    "Timestamp": 1_767_225_600_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "clinic",
                        "Dimensions": [["operation"]],
                        "Metrics": names,
                    }],
                },
                "Requests": 1,
                "ColdStarts": 1,
                "Unauthorized": 1,
                "ClientErrors": 1,
            })
        );
    }

    #[test]
    fn metric_of_work_is_sent_if_it_is_zero() {
        let now = Timestamp::from_millisecond(0);
        for count in [0, 7] {
            let metrics = json!(Metrics::of_work("clinic", now, "OverdueReviews", count));
            assert_eq!(metrics["OverdueReviews"], count);
            let set = &metrics["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(set["Metrics"], json!([{"Name": "OverdueReviews", "Unit": "Count"}]));
        }
    }

    #[test]
    fn success_has_one_metric() {
        let now = Timestamp::from_millisecond(0);
        let metrics = Metrics::of("clinic", now, StatusCode::OK, false);
        assert_eq!(metrics.counts.keys().collect::<Vec<_>>(), ["Requests"]);
    }
}
