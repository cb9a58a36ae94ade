//! The table: a row for each function, a column for each memory size.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::price::dollars_per_million;
use crate::functions::table::write_markdown;
use crate::load::Latencies;

/// How many times the p99 of the largest size a sufficient size may have.
const AT_MOST: f64 = 1.5;

/// The table in Markdown.
pub struct Table<'a>(pub &'a [Row]);

/// A function.
pub struct Row {
    pub name: String,
    /// The rounds of calls to DynamoDB, if they are known.
    pub rounds: Option<u32>,
    /// Its memory in the template.
    pub memory_mb: u32,
    /// By ascending memory; in all rows the same sizes.
    pub sizes: Vec<Measured>,
}

/// The times of a function at one memory size.
pub struct Measured {
    pub memory_mb: u32,
    /// From exec to the first answer.
    pub first: Duration,
    /// The times of the answers of a running process.
    pub warm: Vec<Duration>,
}

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(any) = self.0.first() else { return Ok(()) };
        let sizes = any.sizes.iter().map(|it| format!("{} MB", it.memory_mb));
        let headings = ["function", "rounds"].map(str::to_owned).into_iter().chain(sizes);
        let mut lines: Vec<Vec<_>> = vec![headings.chain(["rule MB".to_owned()]).collect()];
        lines.extend(self.0.iter().map(Row::cells));
        write_markdown(&lines, f)
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let or_dash = |number: Option<u32>| number.map_or("–".to_owned(), |it| it.to_string());
        let mut cells = vec![self.name.clone(), or_dash(self.rounds)];
        cells.extend(self.sizes.iter().map(|it| {
            if it.memory_mb == self.memory_mb { format!("**{it}**") } else { it.to_string() }
        }));
        cells.push(or_dash(self.sufficient_mb()));
        cells
    }

    /// Returns the smallest size from which on p99 is at most one and a half times that of the largest size.
    fn sufficient_mb(&self) -> Option<u32> {
        let most = self.sizes.last()?.percentile(99.0).mul_f64(AT_MOST);
        let sufficient = self.sizes.iter().rev().take_while(|it| it.percentile(99.0) <= most);
        sufficient.last().map(|it| it.memory_mb)
    }
}

/// `first answer / p50 / p99 · price`.
impl Display for Measured {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let first = millis(self.first);
        let [p50, p99] = [50.0, 99.0].map(|percent| millis(self.percentile(percent)));
        let dollars = dollars_per_million(self.memory_mb, &self.warm);
        write!(f, "{first:.0} / {p50:.1} / {p99:.1} · {dollars:.2}")
    }
}

impl Measured {
    fn percentile(&self, percent: f64) -> Duration {
        Latencies::of(self.warm.iter().copied()).percentile(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(memory_mb: u32, first: u64, warm_micros: u64) -> Measured {
        let warm = vec![Duration::from_micros(warm_micros); 3];
        Measured { memory_mb, first: Duration::from_millis(first), warm }
    }

    fn row(sizes: Vec<Measured>) -> Row {
        Row { name: "auth-me".to_owned(), rounds: Some(1), memory_mb: 256, sizes }
    }

    #[test]
    fn size_of_the_template_is_bold() {
        let sizes = vec![measured(128, 300, 18_000), measured(256, 61, 6_200)];
        let expected = "\
| function | rounds |                   128 MB |                    256 MB | rule MB |
|----------|-------:|-------------------------:|--------------------------:|--------:|
| auth-me  |      1 | 300 / 18.0 / 18.0 · 0.24 | **61 / 6.2 / 6.2 · 0.23** |     256 |
";
        assert_eq!(Table(&[row(sizes)]).to_string(), expected);
        assert_eq!(Table(&[]).to_string(), "");
    }

    #[test]
    fn sufficient_size_has_at_most_one_and_a_half_times_the_largest_ones_p99() {
        let sufficient = |micros: [u64; 3]| {
            let sizes = [128, 512, 1769].into_iter().zip(micros);
            row(sizes.map(|(mb, micros)| measured(mb, 0, micros)).collect()).sufficient_mb()
        };
        assert_eq!(sufficient([9_000, 9_000, 6_000]), Some(128));
        assert_eq!(sufficient([9_001, 9_000, 6_000]), Some(512));
        assert_eq!(sufficient([6_000, 9_100, 6_000]), Some(1769));
        assert_eq!(row(Vec::new()).sufficient_mb(), None);
    }
}
