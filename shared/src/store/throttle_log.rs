//! Throttles that know the times of the last attempts: no span of time has more attempts than its rule allows, wherever
//! the span begins. An attempt after the first one takes two writes, so they are for small limits that must be exact;
//! the windows of `throttles` take one.

use std::time::Duration;

use serde::Deserialize;

use super::error::StoreError;
use super::throttles::{Reserved, ThrottleKey, Throttles, WindowRule};
use crate::dynamo::{self, Changed, Expression, Item};
use crate::model::timestamp::Timestamp;

/// How often to look again when concurrent requests change the same log. A race is lost to a request that adds an
/// attempt or takes one back; this is more than the attempts of any rule.
const ATTEMPTS: u32 = 16;

/// The pause after as many lost races.
const PAUSE: Duration = Duration::from_secs(1);

/// A log as it is stored.
#[derive(Debug, Deserialize)]
struct Log {
    times: Vec<Timestamp>,
}

/// How the change of a log ended.
enum Replaced {
    Done,
    /// Another request was faster. The times that the log has now; `None` if there is no log.
    Lost(Option<Vec<Timestamp>>),
}

impl WindowRule {
    /// Returns the moment from which the rule allows one more attempt. `times` are in order.
    fn next_after(&self, times: &[Timestamp]) -> Option<Timestamp> {
        let tries = usize::try_from(self.tries).unwrap_or(usize::MAX);
        // As soon as this one leaves the span, fewer than `tries` are left in it.
        let leaving = times.iter().nth_back(tries.saturating_sub(1))?;
        Some(leaving.plus(self.span))
    }
}

impl Throttles<'_> {
    /// Counts one more attempt if all rules allow one now. If a reply is lost, the attempt may be counted twice. Calls:
    /// UpdateItem; two after the first attempt, and one more for each lost race and each refusal without an item.
    pub async fn reserve_in_log(
        &self,
        key: &ThrottleKey,
        rules: &[WindowRule],
        now: Timestamp,
    ) -> Result<Reserved, StoreError> {
        let longest = rules.iter().map(|rule| rule.span).max().unwrap_or_default();
        let mut seen: Option<Vec<Timestamp>> = None;
        for _ in 0..ATTEMPTS {
            let times = seen.as_deref().unwrap_or_default();
            let next = rules.iter().filter_map(|rule| rule.next_after(times)).max();
            if let Some(next) = next.filter(|next| *next > now) {
                return Ok(Reserved::Wait(next.since(now)));
            }
            let recent = times.iter().copied().filter(|time| time.plus(longest) > now);
            let mut times: Vec<Timestamp> = recent.chain([now]).collect();
            // The clocks of two functions may differ.
            times.sort_unstable();
            let end = times.last().map_or(now, |last| last.plus(longest));
            let change = Expression::update("SET #times = :times, #ttl = :end")
                .value(":times", &times)?
                // Not before the end.
                .number(":end", end.as_second().saturating_add(1));
            match self.replace_log(key, seen.as_deref(), change).await? {
                Replaced::Done => return Ok(Reserved::Yes { has_succeeded: false }),
                Replaced::Lost(now_there) => seen = now_there,
            }
        }
        Ok(Reserved::Wait(PAUSE))
    }

    /// Takes back an attempt that was counted at the moment `then`. Calls: UpdateItem twice, and one more for each lost
    /// race; once if there is no such attempt.
    pub async fn release_from_log(
        &self,
        key: &ThrottleKey,
        then: Timestamp,
    ) -> Result<(), StoreError> {
        let mut seen = self.log_again(key).await?;
        for _ in 0..ATTEMPTS {
            let Some(mut times) = seen.clone() else { return Ok(()) };
            let Some(place) = times.iter().position(|time| *time == then) else { return Ok(()) };
            times.remove(place);
            let change = Expression::update("SET #times = :times").value(":times", &times)?;
            match self.replace_log(key, seen.as_deref(), change).await? {
                Replaced::Done => return Ok(()),
                Replaced::Lost(now_there) => seen = now_there,
            }
        }
        Err(StoreError::Contended)
    }

    /// Changes a log that still has the times that were `seen`, or makes it if there was none.
    async fn replace_log(
        &self,
        key: &ThrottleKey,
        seen: Option<&[Timestamp]>,
        change: Expression,
    ) -> Result<Replaced, StoreError> {
        let change = match seen {
            None => change.only_if("attribute_not_exists(pk)"),
            Some(seen) => change.only_if("#times = :seen").value(":seen", &seen)?,
        };
        Ok(match self.store.main.change(key.row(), change).await? {
            Changed::Done(_) => Replaced::Done,
            Changed::Refused(Some(item)) => Replaced::Lost(Some(times_in(item)?)),
            Changed::Refused(None) => Replaced::Lost(self.log_again(key).await?),
        })
    }

    /// Reads a log by a change of nothing, as `row_again` of `throttles` reads a row. Calls: UpdateItem.
    async fn log_again(&self, key: &ThrottleKey) -> Result<Option<Vec<Timestamp>>, StoreError> {
        let nothing = Expression::update("SET #times = #times").only_if("attribute_exists(#times)");
        match self.store.main.change(key.row(), nothing).await? {
            Changed::Done(item) => Ok(Some(times_in(item)?)),
            Changed::Refused(_) => Ok(None),
        }
    }
}

fn times_in(item: Item) -> Result<Vec<Timestamp>, StoreError> {
    let log: Log = dynamo::parse(item)?;
    Ok(log.times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempt_is_allowed_when_the_oldest_that_matters_leaves_its_span() {
        let rule = WindowRule { tries: 3, span: Duration::from_secs(60) };
        let at = |seconds: &[i64]| -> Vec<Timestamp> {
            seconds.iter().map(|second| Timestamp::from_millisecond(second * 1000)).collect()
        };
        let next = |seconds: &[i64]| rule.next_after(&at(seconds)).map(Timestamp::as_second);
        assert_eq!(next(&[]), None);
        assert_eq!(next(&[1, 2]), None);
        assert_eq!(next(&[1, 2, 3]), Some(61));
        assert_eq!(next(&[1, 2, 3, 50]), Some(62));
    }
}
