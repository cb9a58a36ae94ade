//! Times of refused requests, compared by Welch's t: whether they reveal the reason of the refusal.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use ops::Result;
use serde_json::Value;

/// Beyond this t two kinds differ. Of the up to 15 pairs of one report, kinds of the same distribution exceed it in one
/// of twenty reports (Bonferroni).
const APART: f64 = 2.94;

/// The times of one kind of request.
pub struct Times {
    pub name: &'static str,
    millis: Vec<f64>,
}

/// The times of several kinds of request, as tables.
pub struct Report<'a> {
    /// The heading of the first column.
    pub what: &'static str,
    pub kinds: &'a [Times],
}

impl Times {
    pub fn new(name: &'static str) -> Self {
        Self { name, millis: Vec::new() }
    }

    pub fn add(&mut self, time: Duration) {
        self.millis.push(time.as_secs_f64() * 1000.0);
    }

    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    fn count(&self) -> f64 {
        self.millis.len() as f64
    }

    fn mean(&self) -> f64 {
        self.millis.iter().sum::<f64>() / self.count()
    }

    /// Returns the unbiased variance.
    fn variance(&self) -> f64 {
        let mean = self.mean();
        let squares = self.millis.iter().map(|it| (it - mean).powi(2));
        squares.sum::<f64>() / (self.count() - 1.0)
    }

    /// Returns Welch's t.
    fn t(&self, other: &Self) -> f64 {
        let error = self.variance() / self.count() + other.variance() / other.count();
        (self.mean() - other.mean()) / error.sqrt()
    }
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {} | n | mean ms | sd ms |", self.what)?;
        writeln!(f, "|---|---|---|---|")?;
        for times in self.kinds {
            let (mean, deviation) = (times.mean(), times.variance().sqrt());
            let count = times.millis.len();
            writeln!(f, "| {} | {count} | {mean:.2} | {deviation:.2} |", times.name)?;
        }
        writeln!(f, "\n| compared | Welch's t | differ (beyond ±{APART}) |\n|---|---|---|")?;
        for (number, one) in self.kinds.iter().enumerate() {
            for other in self.kinds.iter().skip(number + 1) {
                let t = one.t(other);
                let verdict = if t.abs() > APART { "yes" } else { "no" };
                writeln!(f, "| {}, {} | {t:.2} | {verdict} |", one.name, other.name)?;
            }
        }
        Ok(())
    }
}

/// Sends a request that must be refused with this status. Returns its time, and its body without the request's id.
#[allow(clippy::disallowed_methods, reason = "measures a duration")]
pub fn refused(
    status: u16,
    request: impl FnOnce() -> Result<(u16, Value)>,
) -> Result<(Duration, Value)> {
    let started = Instant::now();
    let (answered, mut body) = request()?;
    let elapsed = started.elapsed();
    if answered != status {
        return Err(format!("the answer is {answered} instead of {status}: {body}").into());
    }
    if let Some(object) = body.as_object_mut() {
        object.remove("request_id");
    }
    Ok((elapsed, body))
}

/// Fails unless two refusals have the same body.
pub fn require_same(first: &mut Option<Value>, body: Value) -> Result {
    let first = first.get_or_insert_with(|| body.clone());
    if *first == body { Ok(()) } else { Err(format!("the answers differ: {first}, {body}").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn welchs_t_matches_a_worked_example() {
        let one = Times { name: "a", millis: vec![1.0, 2.0, 3.0, 4.0] };
        let other = Times { name: "b", millis: vec![3.0, 4.0, 5.0, 6.0] };
        // Means 2.5 and 4.5, variances 5/3 each: -2 / sqrt(5/6).
        assert!((one.t(&other) + 2.190_890).abs() < 1e-6);
    }
}
