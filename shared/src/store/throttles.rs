//! Throttles: counters of attempts. Each attempt is reserved before it begins, by one conditional write. `throttle_log`
//! has those that know the time of each attempt.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::error::StoreError;
use super::tables::Store;
use crate::dynamo::{self, Changed, Expression, Item, Key};
use crate::model::timestamp::Timestamp;

/// All throttles.
#[derive(Debug)]
pub struct Throttles<'a> {
    pub(super) store: &'a Store,
}

/// A kind of attempt, and a hash of its names and addresses, which are not stored themselves.
#[derive(Debug, Clone)]
pub struct ThrottleKey {
    kind: &'static str,
    hash: [u8; 32],
}

impl ThrottleKey {
    /// `parts` are the form of a name as it was submitted, an address, an id. Only the first may hold a line break.
    pub fn new(kind: &'static str, parts: &[&str]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, parts.join("\n").as_bytes()).as_ref());
        Self { kind, hash }
    }

    pub(super) fn row(&self) -> Key {
        Key::attempts(self.kind, &self.hash, None)
    }

    fn window(&self, start: i64) -> Key {
        Key::attempts(self.kind, &self.hash, Some(start))
    }
}

/// The limit of attempts in a row without a success.
#[derive(Debug, Clone, Copy)]
pub struct RowRule {
    /// The number of attempts without a pause.
    pub free: u32,
    /// The pause after the last free attempt; it doubles with each further attempt.
    pub first_wait: Duration,
    pub longest_wait: Duration,
}

impl RowRule {
    /// Returns the pause after this many attempts.
    fn wait(&self, tries: u32) -> Duration {
        match tries.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(doublings) => self
                .first_wait
                .saturating_mul(2_u32.saturating_pow(doublings))
                .min(self.longest_wait),
        }
    }
}

/// The limit of attempts in a span of time: in a window of the clock, or in a log in any span of this length.
#[derive(Debug, Clone, Copy)]
pub struct WindowRule {
    pub tries: u32,
    pub span: Duration,
}

impl WindowRule {
    /// Returns the window that a moment is in, in seconds since 1970: its start and its end.
    fn around(&self, now: Timestamp) -> (i64, i64) {
        let span = i64::try_from(self.span.as_secs()).unwrap_or(i64::MAX).max(1);
        let start = now.as_second().div_euclid(span).saturating_mul(span);
        (start, start.saturating_add(span))
    }
}

/// Whether an attempt may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// It may begin, and it is counted.
    Yes {
        /// Whether an earlier success is still remembered.
        has_succeeded: bool,
    },
    /// It may begin after this pause.
    Wait(Duration),
}

/// A row is forgotten this long after its last attempt; a row without a success this long after its first attempt,
/// which at the longest pause is about a hundred attempts.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// How often to look again when concurrent requests change the same row.
const ATTEMPTS: u32 = 3;

/// A row as it is stored.
#[derive(Debug, Deserialize)]
struct Row {
    tries: u32,
    tried_at: Timestamp,
    succeeded_at: Option<Timestamp>,
    /// Seconds since 1970.
    ttl: i64,
}

impl Store {
    pub fn throttles(&self) -> Throttles<'_> {
        Throttles { store: self }
    }
}

impl Throttles<'_> {
    /// Counts one more attempt in a row, if the row allows one now. Calls: UpdateItem; two when pauses apply, and
    /// one more for each refusal without an item.
    pub async fn reserve_in_row(
        &self,
        key: &ThrottleKey,
        rule: &RowRule,
        now: Timestamp,
    ) -> Result<Reserved, StoreError> {
        const COUNT: &str =
            "SET tried_at = :now, #ttl = if_not_exists(#ttl, :forgotten) ADD tries :one";
        let count = Expression::update(COUNT)
            .only_if("attribute_not_exists(pk) OR (#ttl > :second AND tries < :free)")
            .number(":second", now.as_second())
            .number(":free", rule.free);
        let count = one_more(count, now);
        let mut change = self.store.main.change(key.row(), count.clone()).await?;
        for _ in 0..ATTEMPTS {
            let item = match change {
                Changed::Done(item) => {
                    return Ok(Reserved::Yes {
                        has_succeeded: row_in(item)?.succeeded_at.is_some(),
                    });
                }
                Changed::Refused(Some(item)) => Some(item),
                Changed::Refused(None) => self.row_again(key).await?,
            };
            let Some(item) = item else {
                // The row expired and was removed in between.
                change = self.store.main.change(key.row(), count.clone()).await?;
                continue;
            };
            let row = row_in(item)?;
            // DynamoDB removes expired items late.
            let next = if row.ttl <= now.as_second() {
                let begin =
                    "SET tries = :one, tried_at = :now, #ttl = :forgotten REMOVE succeeded_at";
                Expression::update(begin)
            } else {
                let due = row.tried_at.plus(rule.wait(row.tries));
                if now < due {
                    return Ok(Reserved::Wait(due.since(now)));
                }
                if row.tried_at.plus(FORGOTTEN_AFTER) <= now {
                    Expression::update(
                        "SET tries = :one, tried_at = :now, #ttl = if_not_exists(#ttl, :forgotten)",
                    )
                } else {
                    Expression::update(COUNT)
                }
            };
            let next = next
                .only_if("tries = :seen AND tried_at = :seen_at")
                .number(":seen", row.tries)
                .text(":seen_at", row.tried_at);
            change = self.store.main.change(key.row(), one_more(next, now)).await?;
        }
        // Concurrent requests were faster each time; the last one waits.
        Ok(Reserved::Wait(rule.first_wait))
    }

    /// Reads a row that exists by a change of nothing: every function that counts attempts may change rows, and none may
    /// only read them. An older emulator refuses a change without returning the item. Calls: UpdateItem.
    async fn row_again(&self, key: &ThrottleKey) -> Result<Option<Item>, StoreError> {
        let nothing =
            Expression::update("SET tried_at = tried_at").only_if("attribute_exists(tried_at)");
        match self.store.main.change(key.row(), nothing).await? {
            Changed::Done(item) => Ok(Some(item)),
            Changed::Refused(_) => Ok(None),
        }
    }

    /// Ends a row after a success, which is remembered for a while. Calls: UpdateItem.
    pub async fn end_row(
        &self,
        key: &ThrottleKey,
        remembered: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.main.change(key.row(), end_of_row(remembered, now)).await?;
        Ok(())
    }

    /// Takes back an attempt that proved nothing. Calls: UpdateItem.
    pub async fn release_from_row(&self, key: &ThrottleKey) -> Result<(), StoreError> {
        self.store.main.change(key.row(), one_less()).await?;
        Ok(())
    }

    /// Counts one more attempt in the current window, if the window has room. Calls: UpdateItem.
    pub async fn reserve_in_window(
        &self,
        key: &ThrottleKey,
        rule: &WindowRule,
        now: Timestamp,
    ) -> Result<Reserved, StoreError> {
        let (start, end) = rule.around(now);
        let count = Expression::update("SET #ttl = :end ADD tries :one")
            .only_if("attribute_not_exists(tries) OR tries < :room")
            .number(":end", end)
            .number(":one", 1)
            .number(":room", rule.tries);
        match self.store.main.change(key.window(start), count).await? {
            Changed::Done(_) => Ok(Reserved::Yes { has_succeeded: false }),
            Changed::Refused(_) => {
                let end = Timestamp::from_millisecond(end.saturating_mul(1000));
                Ok(Reserved::Wait(end.since(now)))
            }
        }
    }

    /// Takes back an attempt from the window in which it was counted, at the moment `then`. Calls: UpdateItem.
    pub async fn release_from_window(
        &self,
        key: &ThrottleKey,
        rule: &WindowRule,
        then: Timestamp,
    ) -> Result<(), StoreError> {
        let (start, _) = rule.around(then);
        self.store.main.change(key.window(start), one_less()).await?;
        Ok(())
    }

    /// Empties the current window. Calls: DeleteItem.
    pub async fn clear_window(
        &self,
        key: &ThrottleKey,
        rule: &WindowRule,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (start, _) = rule.around(now);
        Ok(self.store.main.delete(key.window(start)).await?)
    }
}

/// The change of [`Throttles::end_row`], for a transaction.
pub(super) fn end_of_row(remembered: Duration, now: Timestamp) -> Expression {
    let end = "SET tries = :none, tried_at = :now, succeeded_at = :now, #ttl = :forgotten";
    Expression::update(end)
        .number(":none", 0)
        .text(":now", now)
        .number(":forgotten", now.plus(remembered).as_second())
}

fn one_more(count: Expression, now: Timestamp) -> Expression {
    count
        .text(":now", now)
        .number(":one", 1)
        .number(":forgotten", now.plus(FORGOTTEN_AFTER).as_second())
}

fn one_less() -> Expression {
    Expression::update("ADD tries :less")
        .only_if("tries > :none")
        .number(":less", -1)
        .number(":none", 0)
}

fn row_in(item: Item) -> Result<Row, StoreError> {
    Ok(dynamo::parse(item)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let rule = RowRule {
            free: 10,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(900),
        };
        let waits = [0, 9, 10, 11, 19, 20, 100, u32::MAX].map(|tries| rule.wait(tries).as_secs());
        assert_eq!(waits, [0, 0, 1, 2, 512, 900, 900, 900]);
    }

    #[test]
    fn windows_do_not_overlap() {
        let rule = WindowRule { tries: 1, span: Duration::from_secs(3600) };
        let at = |second: i64| rule.around(Timestamp::from_millisecond(second * 1000));
        assert_eq!(at(7199), (3600, 7200));
        assert_eq!(at(7200), (7200, 10800));
    }
}
