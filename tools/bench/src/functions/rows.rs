//! The results of each function.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::binaries::{BARE, STOCK};

/// The measured functions, by name.
#[derive(Default)]
pub struct Rows(BTreeMap<String, Row>);

#[derive(Default)]
pub struct Row {
    /// The median of the times from exec.
    pub first_poll: Option<Duration>,
    /// The same, including the read of the token keys.
    pub primed_poll: Option<Duration>,
    pub first_answer: Option<Duration>,
    pub resident_bytes: Option<u64>,
    pub load: Option<Load>,
    pub figures: Figures,
}

/// The performance under load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub requests_per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// The figures that are nearly the same in every run, so that they can be compared with recorded ones.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_instructions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primed_start_instructions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_instructions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeated_request_instructions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip_bytes: Option<u64>,
    /// The number of calls of each operation of DynamoDB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<BTreeMap<String, u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_units: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_units: Option<f64>,
}

impl Figures {
    /// Returns the number of all calls.
    pub fn call_count(&self) -> Option<u32> {
        self.calls.as_ref().map(|calls| calls.values().sum())
    }

    /// Replaces the figures that the newer ones have.
    pub fn update(&mut self, newer: &Self) {
        let old = std::mem::take(self);
        let new = newer.clone();
        *self = Self {
            start_instructions: new.start_instructions.or(old.start_instructions),
            primed_start_instructions: new
                .primed_start_instructions
                .or(old.primed_start_instructions),
            request_instructions: new.request_instructions.or(old.request_instructions),
            repeated_request_instructions: new
                .repeated_request_instructions
                .or(old.repeated_request_instructions),
            bootstrap_bytes: new.bootstrap_bytes.or(old.bootstrap_bytes),
            zip_bytes: new.zip_bytes.or(old.zip_bytes),
            calls: new.calls.or(old.calls),
            read_units: new.read_units.or(old.read_units),
            write_units: new.write_units.or(old.write_units),
        };
    }

    pub fn forget_sizes(&mut self) {
        (self.bootstrap_bytes, self.zip_bytes) = (None, None);
    }

    pub fn forget_instructions(&mut self) {
        self.start_instructions = None;
        self.primed_start_instructions = None;
        self.request_instructions = None;
        self.repeated_request_instructions = None;
    }
}

impl Rows {
    /// Returns the row of a function, which is empty at first.
    pub fn of(&mut self, name: &str) -> &mut Row {
        self.0.entry(name.to_owned()).or_default()
    }

    /// Returns all rows; first those that the others are compared with.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Row)> {
        let first = [BARE, STOCK].into_iter().filter_map(|name| self.0.get_key_value(name));
        let others = self.0.iter().filter(|(name, _)| ![BARE, STOCK].contains(&name.as_str()));
        first.chain(others).map(|(name, row)| (name.as_str(), row))
    }

    /// Returns the rows whose figures are recorded and compared. `stock` is not among them: its code is not this
    /// repository's, and because of its threads its instructions differ by a sixth from run to run.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.iter().filter(|(name, _)| *name != STOCK)
    }

    pub fn bare(&self) -> Option<&Row> {
        self.0.get(BARE)
    }
}
