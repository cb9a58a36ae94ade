//! Answers whose time does not reveal how long the work took.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Waits until a whole number of spans has passed since its start: one span, if the work is done by then.
#[derive(Debug, Clone, Copy)]
pub struct MinimumDuration {
    started: Instant,
    span: Duration,
}

impl MinimumDuration {
    /// `span` is longer than almost all work takes.
    pub fn start(span: Duration) -> Self {
        Self { started: Instant::now(), span }
    }

    /// Waits for the rest of the span.
    pub async fn wait(self) {
        sleep(rest_of_span(self.started.elapsed(), self.span)).await;
    }
}

/// Returns the time from `elapsed` to the next whole number of spans; it is never zero.
fn rest_of_span(elapsed: Duration, span: Duration) -> Duration {
    let past = elapsed.as_nanos().checked_rem(span.as_nanos()).unwrap_or(0);
    span.saturating_sub(Duration::from_nanos(u64::try_from(past).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_next_whole_span() {
        let span = Duration::from_millis(250);
        for (elapsed, rest) in [(0, 250), (249, 1), (250, 250), (251, 249), (700, 50)] {
            let elapsed = Duration::from_millis(elapsed);
            assert_eq!(rest_of_span(elapsed, span), Duration::from_millis(rest), "{elapsed:?}");
        }
    }
}
