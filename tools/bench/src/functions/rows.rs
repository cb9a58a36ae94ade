//! What was measured of each function.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::binaries::{BARE, STOCK};

/// By name; nothing is in it but what was measured.
#[derive(Default)]
pub struct Rows(BTreeMap<String, Row>);

#[derive(Default)]
pub struct Row {
    /// From exec, the median.
    pub first_poll: Option<Duration>,
    /// The same with the read of the token keys before it.
    pub primed_poll: Option<Duration>,
    pub first_answer: Option<Duration>,
    pub resident_bytes: Option<u64>,
    pub load: Option<Load>,
    pub figures: Figures,
}

/// What it does under load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub requests_per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// What is nearly the same each time, so that it can be held to what it was.
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
    /// How often each of DynamoDB's operations is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<BTreeMap<String, u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_units: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_units: Option<f64>,
}

impl Figures {
    /// How many calls there are of any kind.
    pub fn call_count(&self) -> Option<u32> {
        self.calls.as_ref().map(|calls| calls.values().sum())
    }

    /// Takes over what the newer ones have.
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
    /// That of a function, empty at first.
    pub fn of(&mut self, name: &str) -> &mut Row {
        self.0.entry(name.to_owned()).or_default()
    }

    /// First what others are compared with.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Row)> {
        let first = [BARE, STOCK].into_iter().filter_map(|name| self.0.get_key_value(name));
        let others = self.0.iter().filter(|(name, _)| ![BARE, STOCK].contains(&name.as_str()));
        first.chain(others).map(|(name, row)| (name.as_str(), row))
    }

    /// Those whose figures are kept and held to. `stock` is others' doing, and so are its threads, by which its
    /// instructions differ by a sixth from one run to the next.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.iter().filter(|(name, _)| *name != STOCK)
    }

    pub fn bare(&self) -> Option<&Row> {
        self.0.get(BARE)
    }
}
