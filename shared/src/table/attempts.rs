//! Counters of tries: reserved before a try, by one conditional write, so that no two share one place.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::expression::Expression;
use super::item::Changed;
use super::key::{Item, Key};
use super::{Table, TableError};
use crate::model::timestamp::Timestamp;

/// Whose tries are counted: a kind of try, and a hash of who or what tries. Names and addresses
/// themselves are not stored.
#[derive(Debug, Clone)]
pub struct Tried {
    kind: &'static str,
    hash: [u8; 32],
}

impl Tried {
    /// `parts` are a folded name as it was submitted, an address, an id; none but the first holds a line
    /// break.
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

/// What a row of tries without a success may be.
#[derive(Debug, Clone, Copy)]
pub struct RowRule {
    /// So many at once.
    pub free: u32,
    /// The pause after the last free one; it doubles with each further try.
    pub first_wait: Duration,
    pub longest_wait: Duration,
}

impl RowRule {
    /// The pause after this many tries.
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

/// How many tries a span of time has room for.
#[derive(Debug, Clone, Copy)]
pub struct WindowRule {
    pub tries: u32,
    pub span: Duration,
}

impl WindowRule {
    /// The window that a moment is in, in seconds since 1970: from, to.
    fn around(&self, now: Timestamp) -> (i64, i64) {
        let span = i64::try_from(self.span.as_secs()).unwrap_or(i64::MAX).max(1);
        let start = now.as_second().div_euclid(span).saturating_mul(span);
        (start, start.saturating_add(span))
    }
}

/// Whether a try may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// It may, and it is counted.
    Yes {
        /// Whether there was a success that is still remembered.
        has_succeeded: bool,
    },
    /// Not before this has passed.
    Wait(Duration),
}

/// A row is forgotten when nobody has tried for so long; one without a success when so long has passed
/// since it began, which at the longest pause is some hundred tries.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// How often to look again when others change the same row.
const ROUNDS: u32 = 3;

/// A row as it is stored.
#[derive(Debug, Deserialize)]
struct Row {
    tries: u32,
    tried_at: Timestamp,
    succeeded_at: Option<Timestamp>,
    /// Seconds since 1970.
    ttl: i64,
}

impl Table {
    /// Counts one more try in a row, if the row allows one now. Calls: Update; two when pauses apply.
    pub async fn reserve_in_row(
        &self,
        tried: &Tried,
        rule: &RowRule,
        now: Timestamp,
    ) -> Result<Reserved, TableError> {
        const COUNT: &str =
            "SET tried_at = :now, #ttl = if_not_exists(#ttl, :forgotten) ADD tries :one";
        let count = Expression::update(COUNT)
            .only_if("attribute_not_exists(pk) OR (#ttl > :second AND tries < :free)")
            .number(":second", now.as_second())
            .number(":free", rule.free);
        let mut change = self.change(tried.row(), one_more(count, now)).await?;
        for _ in 0..ROUNDS {
            let row = match change {
                Changed::Done(item) => {
                    return Ok(Reserved::Yes {
                        has_succeeded: row_in(item)?.succeeded_at.is_some(),
                    });
                }
                Changed::Refused(None) => return Err(TableError::missing("a row of tries")),
                Changed::Refused(Some(item)) => row_in(item)?,
            };
            // DynamoDB takes its time to remove what has expired.
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
                .time(":seen_at", row.tried_at);
            change = self.change(tried.row(), one_more(next, now)).await?;
        }
        // Others were faster each time, and whoever is last waits.
        Ok(Reserved::Wait(rule.first_wait))
    }

    /// Ends a row: the next one begins anew, and the success is remembered for a while. Calls: Update.
    pub async fn end_row(
        &self,
        tried: &Tried,
        remembered: Duration,
        now: Timestamp,
    ) -> Result<(), TableError> {
        self.change(tried.row(), end_of_row(remembered, now)).await.map(drop)
    }

    /// Gives back a try that came to nothing. Calls: Update.
    pub async fn release_from_row(&self, tried: &Tried) -> Result<(), TableError> {
        self.change(tried.row(), one_less()).await.map(drop)
    }

    /// Counts one more try in the current window, if there is room. Calls: Update.
    pub async fn reserve_in_window(
        &self,
        tried: &Tried,
        rule: &WindowRule,
        now: Timestamp,
    ) -> Result<Reserved, TableError> {
        let (start, end) = rule.around(now);
        let count = Expression::update("SET #ttl = :end ADD tries :one")
            .only_if("attribute_not_exists(tries) OR tries < :room")
            .number(":end", end)
            .number(":one", 1)
            .number(":room", rule.tries);
        match self.change(tried.window(start), count).await? {
            Changed::Done(_) => Ok(Reserved::Yes { has_succeeded: false }),
            Changed::Refused(_) => {
                let end = Timestamp::from_millisecond(end.saturating_mul(1000));
                Ok(Reserved::Wait(end.since(now)))
            }
        }
    }

    /// Gives a try back to the window that it was counted in, at the moment `then`. Calls: Update.
    pub async fn release_from_window(
        &self,
        tried: &Tried,
        rule: &WindowRule,
        then: Timestamp,
    ) -> Result<(), TableError> {
        let (start, _) = rule.around(then);
        self.change(tried.window(start), one_less()).await.map(drop)
    }

    /// Empties the current window. Calls: Delete.
    pub async fn clear_window(
        &self,
        tried: &Tried,
        rule: &WindowRule,
        now: Timestamp,
    ) -> Result<(), TableError> {
        let (start, _) = rule.around(now);
        self.delete_item(tried.window(start)).await
    }
}

/// What [`Table::end_row`] does, for a transaction.
pub(super) fn end_of_row(remembered: Duration, now: Timestamp) -> Expression {
    let end = "SET tries = :none, tried_at = :now, succeeded_at = :now, #ttl = :forgotten";
    Expression::update(end)
        .number(":none", 0)
        .time(":now", now)
        .number(":forgotten", now.plus(remembered).as_second())
}

fn one_more(count: Expression, now: Timestamp) -> Expression {
    count
        .time(":now", now)
        .number(":one", 1)
        .number(":forgotten", now.plus(FORGOTTEN_AFTER).as_second())
}

fn one_less() -> Expression {
    Expression::update("ADD tries :less")
        .only_if("tries > :none")
        .number(":less", -1)
        .number(":none", 0)
}

fn row_in(item: Item) -> Result<Row, TableError> {
    from_item(item).map_err(TableError::unreadable)
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
