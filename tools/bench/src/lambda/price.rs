//! The price of a million requests to a function.

use std::time::Duration;

// List prices of Lambda on x86 in US East (N. Virginia), https://aws.amazon.com/lambda/pricing/, November 2026, as in
// docs/costs.md. A GB has 1024 MB.
const DOLLARS_PER_GB_SECOND: f64 = 0.000_016_666_7;
const DOLLARS_PER_MILLION_REQUESTS: f64 = 0.20;

/// Returns the price of a million requests that take as long as these on average.
pub fn dollars_per_million(memory_mb: u32, times: &[Duration]) -> f64 {
    let gb = f64::from(memory_mb) / 1024.0;
    let seconds = mean_billed(times).as_secs_f64() * 1e6;
    DOLLARS_PER_MILLION_REQUESTS + gb * seconds * DOLLARS_PER_GB_SECOND
}

fn mean_billed(times: &[Duration]) -> Duration {
    let total: Duration = times.iter().copied().map(billed).sum();
    total / u32::try_from(times.len()).unwrap_or(u32::MAX).max(1)
}

/// Returns the time that Lambda bills: started milliseconds.
fn billed(time: Duration) -> Duration {
    let millis = time.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn started_milliseconds_are_billed() {
        assert_eq!(billed(Duration::from_millis(7)), Duration::from_millis(7));
        assert_eq!(billed(Duration::from_micros(7_001)), Duration::from_millis(8));
        let times = [3_500, 5_500].map(Duration::from_micros);
        assert_eq!(mean_billed(&times), Duration::from_millis(5));
        assert_eq!(mean_billed(&[]), Duration::ZERO);
    }

    #[test]
    fn price_is_in_proportion_to_memory_and_time() {
        let times = [Duration::from_millis(20)];
        // 20 000 seconds, at 256 MB 5 000 GB-seconds.
        let dollars = dollars_per_million(256, &times);
        assert!((dollars - (0.20 + 0.083_333_5)).abs() < 1e-9, "{dollars}");
        let dollars = dollars_per_million(1024, &times);
        assert!((dollars - (0.20 + 0.333_334)).abs() < 1e-9, "{dollars}");
    }
}
