//! Verifies the trail: every row must be as it was written, and no row may be missing.
//!
//! The rows alone show a changed row and a gap. Removed ends, removed chains and ends that were computed anew show only in
//! comparison with the log, whose lines name the rows of their requests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::row::{CHAIN_PREFIX, HASH, Head, Place, Row, TEXT, TTL, hash_of};
use crate::dynamo::{Item, number, string};
use crate::model::timestamp::Timestamp;

/// The rows of a chain are at most this much older than its last one, with a margin for clocks.
const CHAIN_SPAN: Duration = Duration::from_secs(2 * 60 * 60);

/// A process names an uncertain row in its next one, at most this long after it: it may rest between requests.
const LONGEST_REST: Duration = Duration::from_secs(24 * 60 * 60);

/// The attributes of a row's item.
const ATTRIBUTES: [&str; 5] = ["pk", "sk", TEXT, HASH, TTL];

/// The rows and log lines so far. They can be added in any order.
#[derive(Debug, Default)]
pub struct Verification {
    chains: BTreeMap<String, BTreeMap<u64, Link>>,
    /// The rows at the ends of chains of which it is unknown whether they were written, each with the `ttl` of the row
    /// that names it.
    closed: Vec<(Head, i64)>,
    witnesses: Vec<(Head, Timestamp)>,
    findings: BTreeMap<Place, Problem>,
    strangers: Vec<String>,
    rows: u64,
}

/// The part of a row that its chain needs.
#[derive(Debug)]
struct Link {
    prev: String,
    hash: String,
    ttl: i64,
}

/// The fault of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The text is not the one of which the hash was computed.
    Changed,
    /// The text is that of a row at another place.
    Moved,
    /// The table and the archive, or two objects of it, have different texts.
    Ambiguous,
    /// It does not name the hash of the row before it.
    Detached,
    Missing,
    /// The log has another hash.
    DiffersFromLog,
    /// It follows the end of a closed chain.
    AfterTheEnd,
}

/// The result of a verification.
#[derive(Debug)]
pub struct Report {
    pub rows: u64,
    pub chains: usize,
    /// The rows that log lines name.
    pub witnesses: usize,
    /// The first wrong row of each chain.
    pub findings: BTreeMap<Place, Problem>,
    /// The keys of items that are no rows.
    pub strangers: Vec<String>,
    /// Chains whose last row no log line names: the process ended before it wrote the line, or somebody added the row.
    pub unwitnessed: BTreeSet<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "was changed: its text does not have its hash",
            Self::Moved => "was put in the place of another row",
            Self::Ambiguous => "is there twice, with different texts",
            Self::Detached => "does not follow the row before it",
            Self::Missing => "is missing",
            Self::DiffersFromLog => "differs from the log: it was computed anew",
            Self::AfterTheEnd => "follows the end of its chain",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of chain {}", self.seq, self.chain)
    }
}

impl Verification {
    /// Checks a row by itself, and remembers its place in the chain. The same row may be added again: an archive may have
    /// it twice.
    pub fn add_row(&mut self, item: &Item) {
        let Some(place) = place_of(item) else {
            let key = ["pk", "sk"].map(|name| string(item, name).unwrap_or_default());
            self.strangers.push(key.join(" / "));
            return;
        };
        self.rows += 1;
        let (row, hash) = match read(item) {
            Ok(read) => read,
            Err(problem) => return self.find(place, problem),
        };
        if row.place != place {
            return self.find(place, Problem::Moved);
        }
        let links = self.chains.entry(place.chain.clone()).or_default();
        match links.get(&place.seq) {
            Some(link) if link.hash != hash => return self.find(place, Problem::Ambiguous),
            Some(_) => {
                self.rows -= 1;
                return;
            }
            None => {}
        }
        links.insert(place.seq, Link { prev: row.prev, hash, ttl: row.ttl });
        self.closed.extend(row.closes.into_iter().map(|head| (head, row.ttl)));
    }

    /// Adds a row that a log line of this time names.
    pub fn add_witness(&mut self, head: Head, at: Timestamp) {
        self.witnesses.push((head, at));
    }

    /// Checks the chains. Rows may have expired if they are older than `retention`.
    pub fn report(mut self, retention: Duration, now: Timestamp) -> Report {
        self.check_chains(now);
        self.check_ends(now);
        let unwitnessed = self.check_witnesses(retention, now);
        // The rows after the first wrong row of a chain are wrong because of that row.
        let mut findings: BTreeMap<Place, Problem> = BTreeMap::new();
        for (place, problem) in self.findings {
            let last = findings.last_key_value();
            if last.is_none_or(|(first, _)| first.chain != place.chain) {
                findings.insert(place, problem);
            }
        }
        Report {
            rows: self.rows,
            chains: self.chains.len(),
            witnesses: self.witnesses.len(),
            findings,
            strangers: self.strangers,
            unwitnessed,
        }
    }

    /// Notes the problem of a place. The first problem of a place is kept.
    fn find(&mut self, place: Place, problem: Problem) {
        self.findings.entry(place).or_insert(problem);
    }

    fn check_chains(&mut self, now: Timestamp) {
        let mut found = Vec::new();
        for (chain, links) in &self.chains {
            let (mut next, mut last) = (0, String::new());
            for (&seq, link) in links {
                let place = |seq| Place { chain: chain.clone(), seq };
                // DynamoDB deletes expired rows in any order.
                if seq > next && !is_expired(link.ttl, CHAIN_SPAN, now) {
                    found.push((place(next), Problem::Missing));
                } else if seq == next && link.prev != last {
                    found.push((place(seq), Problem::Detached));
                }
                (next, last) = (seq + 1, link.hash.clone());
            }
        }
        for (place, problem) in found {
            self.find(place, problem);
        }
    }

    /// Checks the ends of closed chains: the last row may be absent, all before it must be there, and nothing may follow
    /// it.
    fn check_ends(&mut self, now: Timestamp) {
        for (Head { place: Place { chain, seq }, hash }, ttl) in std::mem::take(&mut self.closed) {
            let place = |seq| Place { chain: chain.clone(), seq };
            let mut found = Vec::new();
            if let Some(links) = self.chains.get(&chain) {
                if links.get(&seq).is_some_and(|link| link.hash != hash) {
                    found.push((place(seq), Problem::Detached));
                }
                if let Some(&after) = links.keys().find(|&&other| other > seq) {
                    found.push((place(after), Problem::AfterTheEnd));
                }
                if let Some((&last, link)) = links.last_key_value()
                    && last + 1 < seq
                    && !is_expired(link.ttl, CHAIN_SPAN, now)
                {
                    found.push((place(last + 1), Problem::Missing));
                }
            } else if seq > 0 && !is_expired(ttl, LONGEST_REST, now) {
                found.push((place(0), Problem::Missing));
            }
            for (place, problem) in found {
                self.find(place, problem);
            }
        }
    }

    /// Compares the rows with the log. Returns the chains whose last row it does not name.
    fn check_witnesses(&mut self, retention: Duration, now: Timestamp) -> BTreeSet<String> {
        let mut found = Vec::new();
        let mut named: BTreeMap<&str, u64> = BTreeMap::new();
        for (head, at) in &self.witnesses {
            let Head { place: Place { chain, seq }, hash } = head;
            let newest = named.entry(chain).or_insert(*seq);
            *newest = (*newest).max(*seq);
            let links = self.chains.get(chain);
            let may_have_expired = is_expired(at.plus(retention).as_second(), CHAIN_SPAN, now);
            match links.and_then(|links| links.get(seq)) {
                Some(link) if link.hash != *hash => {
                    found.push((head.place.clone(), Problem::DiffersFromLog));
                }
                None if !may_have_expired => {
                    // The missing row may be the last of several.
                    let last = links.and_then(|links| links.keys().next_back());
                    let first = last.map_or(0, |last| last + 1);
                    let place = Place { chain: chain.clone(), seq: first.min(*seq) };
                    found.push((place, Problem::Missing));
                }
                _ => {}
            }
        }
        let is_unnamed = |(chain, links): (&String, &BTreeMap<u64, Link>)| {
            let last = links.keys().next_back();
            (last > named.get(chain.as_str())).then(|| chain.clone())
        };
        let unwitnessed = self.chains.iter().filter_map(is_unnamed).collect();
        for (place, problem) in found {
            self.find(place, problem);
        }
        unwitnessed
    }
}

/// Whether a row with this `ttl`, or one that is older by at most `margin`, may have expired.
fn is_expired(ttl: i64, margin: Duration, now: Timestamp) -> bool {
    ttl <= now.plus(margin).as_second()
}

/// Returns the place that an item's key names.
fn place_of(item: &Item) -> Option<Place> {
    let chain = string(item, "pk")?.strip_prefix(CHAIN_PREFIX)?.to_owned();
    let place = Place { chain, seq: string(item, "sk")?.parse().ok()? };
    (place.key().sk == string(item, "sk")?).then_some(place)
}

/// Returns the row in an item, and its hash.
fn read(item: &Item) -> Result<(Row, String), Problem> {
    let text = string(item, TEXT).ok_or(Problem::Changed)?;
    let hash = string(item, HASH).ok_or(Problem::Changed)?;
    let is_whole = item.keys().all(|name| ATTRIBUTES.contains(&name.as_str()));
    if !is_whole || hash_of(text) != hash {
        return Err(Problem::Changed);
    }
    let row: Row = serde_json::from_str(text).map_err(|_| Problem::Changed)?;
    let has_ttl = i64::try_from(number(item, TTL).unwrap_or_default()) == Ok(row.ttl);
    if has_ttl { Ok((row, hash.to_owned())) } else { Err(Problem::Changed) }
}

#[cfg(test)]
mod tests;
