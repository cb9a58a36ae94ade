//! The table: a row for each function, a column for each caller.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::functions::table::write_markdown;

/// The table in Markdown.
pub struct Table<'a>(pub &'a [Row]);

/// A function, and the worst costs of a request of a stranger, a pending account and a staff account.
pub struct Row {
    pub name: String,
    /// The most argon2 hashes of a request.
    pub hashes: f64,
    pub by_caller: Vec<Cost>,
}

/// The cost of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    pub processor: Duration,
    /// The number of calls to DynamoDB.
    pub calls: usize,
    pub read_units: f64,
    pub write_units: f64,
    /// The length of the answer's body.
    pub bytes: usize,
}

impl Cost {
    /// Takes the larger one of each cost.
    pub fn include(&mut self, other: &Self) {
        self.processor = self.processor.max(other.processor);
        self.calls = self.calls.max(other.calls);
        self.read_units = self.read_units.max(other.read_units);
        self.write_units = self.write_units.max(other.write_units);
        self.bytes = self.bytes.max(other.bytes);
    }
}

/// `processor ms · calls · read / write units · kB`.
impl Display for Cost {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { processor, calls, read_units, write_units, bytes } = self;
        let millis = processor.as_secs_f64() * 1000.0;
        let kilobytes = bytes.div_ceil(1000);
        write!(f, "{millis:.1} · {calls} · {read_units} / {write_units} · {kilobytes}")
    }
}

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let headings =
            ["function", "argon2", "stranger", "pending", "staff"].map(str::to_owned).to_vec();
        let mut lines = vec![headings];
        for Row { name, hashes, by_caller } in self.0 {
            let cells = by_caller.iter().map(Cost::to_string);
            lines.push([name.clone(), hashes.to_string()].into_iter().chain(cells).collect());
        }
        write_markdown(&lines, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cell_has_the_worst_of_each_cost() {
        let mut cost = Cost {
            processor: Duration::from_micros(1_240),
            calls: 2,
            read_units: 1.5,
            write_units: 0.0,
            bytes: 1_001,
        };
        let other = Cost { write_units: 4.0, ..Cost::default() };
        cost.include(&other);
        assert_eq!(cost.to_string(), "1.2 · 2 · 1.5 / 4 · 2");
    }
}
