//! The chains of one process, in memory. A row takes a chain for itself until it is known whether the row was written,
//! so that no two rows wait for each other and no row needs a read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::row::{Corrected, Facts, Head, Place, Row, Sealed};
use crate::dynamo::DynamoError;
use crate::model::timestamp::Timestamp;
use crate::system::System;

/// A chain gets no row after this time. So the rows of a chain expire at about the same time, and a verification can tell
/// an expired beginning from a removed one.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// With more doubts than this, those about first rows are dropped: the row that names the doubts must stay small.
const MOST_DOUBTS: usize = 100;

/// The chains that are not in use, and the rows of which it is unknown whether they were written.
#[derive(Debug, Default)]
pub struct Chains(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    idle: Vec<Chain>,
    doubts: Vec<Head>,
}

#[derive(Debug)]
struct Chain {
    id: String,
    began_at: Timestamp,
    /// The number of the next row.
    next: u64,
    /// The hash of the last row; empty without one.
    last: String,
    /// The doubts that the first row names.
    closes: Vec<Head>,
}

/// A chain in use by one row. If it is dropped while the row may or may not have been written, the chain ends, and the
/// first row of the next chain names the row.
#[derive(Debug)]
pub struct Held {
    chains: Arc<Chains>,
    /// `None` once it has been given back.
    chain: Option<Chain>,
    /// The row that is being written.
    pending: Option<Head>,
}

impl Chains {
    /// Takes a chain for one row.
    pub fn take(self: &Arc<Self>, system: &System) -> Result<Held, DynamoError> {
        let now = system.now();
        let mut state = self.state();
        state.idle.retain(|chain| now.since(chain.began_at) < LONGEST);
        let idle = if state.doubts.is_empty() { state.idle.pop() } else { None };
        let chain = match idle {
            Some(chain) => chain,
            None => {
                let id = system.random_text::<16>();
                let id = id.map_err(|error| DynamoError::Unexpected(error.to_string()))?;
                let closes = std::mem::take(&mut state.doubts);
                Chain { id, began_at: now, next: 0, last: String::new(), closes }
            }
        };
        Ok(Held { chains: self.clone(), chain: Some(chain), pending: None })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Returns the next row of the chain. From now on, its outcome is unknown.
    pub fn next_row(
        &mut self,
        facts: Facts,
        corrects: Option<Corrected>,
        at: Timestamp,
        retention: Duration,
    ) -> Result<Sealed, DynamoError> {
        let Some(chain) = &self.chain else {
            return Err(DynamoError::Unexpected("a row without a chain".to_owned()));
        };
        let place = Place { chain: chain.id.clone(), seq: chain.next };
        let ttl = at.plus(retention).as_second();
        let (prev, closes) = (chain.last.clone(), chain.closes.clone());
        let sealed = Row::new(place, prev, at, facts, corrects, closes, ttl).seal()?;
        self.pending = Some(sealed.head.clone());
        Ok(sealed)
    }

    /// Gives the chain back after its row was written. Returns the row as the head of the chain.
    pub fn written(mut self) -> Option<Head> {
        let head = self.pending.take();
        if let (Some(head), Some(chain)) = (&head, &mut self.chain) {
            chain.next += 1;
            chain.last.clone_from(&head.hash);
            chain.closes.clear();
        }
        head
    }

    /// Gives the chain back after its row was not written. The next row takes the place of that row.
    pub fn not_written(mut self) {
        self.pending = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(chain) = self.chain.take() else { return };
        let mut state = self.chains.state();
        match self.pending.take() {
            Some(doubt) => {
                state.doubts.extend(chain.closes);
                state.doubts.push(doubt);
                // In a long outage, every failed row begins a chain. No other row depends on such a row.
                if state.doubts.len() > MOST_DOUBTS {
                    state.doubts.retain(|doubt| doubt.place.seq > 0);
                }
            }
            // A chain without a row leaves no trace, except for the doubts that its first row would have named.
            None if chain.next == 0 => state.doubts.extend(chain.closes),
            None => state.idle.push(chain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> System {
        System::new(Arc::new(|| Timestamp::from_millisecond(0)))
    }

    /// Takes a chain. Returns it with its next row.
    fn next(chains: &Arc<Chains>) -> (Held, Row) {
        let mut held = chains.take(&system()).unwrap();
        let sealed = held.next_row(Facts::default(), None, system().now(), LONGEST).unwrap();
        let text = sealed.item["row"].as_s().unwrap();
        (held, serde_json::from_str(text).unwrap())
    }

    #[test]
    fn doubts_of_a_long_outage_are_bounded() {
        let chains = Arc::new(Chains::default());
        next(&chains).0.written().unwrap();
        let (_, second) = next(&chains);
        for _ in 0..1000 {
            drop(next(&chains));
        }
        let (_, row) = next(&chains);
        assert!(row.closes.len() <= MOST_DOUBTS, "{}", row.closes.len());
        assert_eq!(row.closes[0].place, second.place);
    }
}
