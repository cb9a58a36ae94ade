//! The pause before another attempt: exponential, with full jitter, so that two that collided do not collide again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(640);

/// Waits before an attempt: not before the first (0), up to 20 ms before the second, then up to twice as long each
/// time, at most 640 ms.
pub async fn backoff(attempt: u32) {
    if let Some(doublings) = attempt.checked_sub(1) {
        let longest = FIRST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST);
        tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
    }
}
