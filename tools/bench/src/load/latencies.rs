//! Latencies of many requests: percentiles and a histogram.

use std::time::Duration;

/// Sorted latencies.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn of(latencies: impl Iterator<Item = Duration>) -> Self {
        let mut sorted: Vec<_> = latencies.collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the least latency that this percentage of all does not exceed (nearest rank); zero if there are none.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a rank of some millions at most"
    )]
    pub fn percentile(&self, percent: f64) -> Duration {
        let rank = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Returns, for each bound, the number of latencies below it and not below the previous bound. The last number also
    /// includes all latencies above.
    pub fn histogram(&self, bounds: &[Duration]) -> Vec<usize> {
        let mut counts = vec![0; bounds.len()];
        for latency in &self.0 {
            let bin = bounds.partition_point(|bound| bound <= latency);
            if let Some(count) = counts.get_mut(bin.min(bounds.len() - 1)) {
                *count += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(values: impl IntoIterator<Item = u64>) -> Latencies {
        Latencies::of(values.into_iter().map(Duration::from_millis))
    }

    #[test]
    fn percentile_is_one_of_the_latencies() {
        let latencies = millis((1..=100).rev());
        for (percent, expected) in [(0.0, 1), (1.0, 1), (50.0, 50), (99.0, 99), (100.0, 100)] {
            assert_eq!(latencies.percentile(percent), Duration::from_millis(expected), "{percent}");
        }
        assert_eq!(millis([7]).percentile(99.0), Duration::from_millis(7));
        assert_eq!(millis([]).percentile(50.0), Duration::ZERO);
    }

    #[test]
    fn each_latency_is_in_one_bin() {
        let bounds = [2, 4, 8].map(Duration::from_millis);
        assert_eq!(millis([1, 2, 3, 4, 8, 9]).histogram(&bounds), [1, 2, 3]);
    }
}
