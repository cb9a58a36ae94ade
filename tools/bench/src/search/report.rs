//! The results: a table of searches, and one of the index's partitions.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use shared::testing;

use super::clinic::{Clinic, VALUES};
use crate::functions::table::{millis, write_markdown};

/// Both tables in Markdown.
pub struct Report<'a> {
    pub clinics: &'a [Clinic],
    pub rows: &'a [Row],
}

/// A search.
pub struct Row {
    pub what: &'static str,
    /// In the order of the clinics.
    pub costs: Vec<Cost>,
}

/// The cost of a search in one clinic.
#[derive(Default)]
pub struct Cost {
    pub matches: usize,
    pub at_dynamodb: testing::Cost,
    /// The median.
    pub time: Option<Duration>,
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sizes: Vec<_> = self.clinics.iter().map(|clinic| clinic.size).collect();
        write_markdown(&searches(&sizes, self.rows), f)?;
        writeln!(f)?;
        write_markdown(&partitions(self.clinics), f)
    }
}

fn searches(sizes: &[u64], rows: &[Row]) -> Vec<Vec<String>> {
    let headings = sizes.iter().flat_map(|size| {
        [format!("{size}: rounds"), "calls".to_owned(), "RCU".to_owned(), "ms".to_owned()]
    });
    let first = ["search by", "matches"].map(str::to_owned);
    let mut lines = vec![first.into_iter().chain(headings).collect()];
    lines.extend(rows.iter().map(Row::cells));
    lines
}

/// Returns the number of rows in the largest partition of each kind of value, and its share of them.
fn partitions(clinics: &[Clinic]) -> Vec<Vec<String>> {
    let headings = clinics.iter().flat_map(|clinic| {
        [format!("{}: rows", clinic.size), "in the largest".to_owned(), "share".to_owned()]
    });
    let mut lines: Vec<Vec<_>> =
        vec![["partitions of".to_owned()].into_iter().chain(headings).collect()];
    for (value, what) in VALUES {
        let cells = clinics.iter().flat_map(|clinic| {
            let (largest, all) = clinic.partitions.largest_and_all(value);
            [all.to_string(), largest.to_string(), percent(largest, all)]
        });
        lines.push([what.to_owned()].into_iter().chain(cells).collect());
    }
    lines
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let first = self.costs.first();
        let matches = first.map(|cost| cost.matches.to_string()).unwrap_or_default();
        let base = first.and_then(|cost| millis(cost.time));
        let mut cells = vec![self.what.to_owned(), matches];
        for cost in &self.costs {
            let testing::Cost { calls, rounds, reads, .. } = &cost.at_dynamodb;
            let time = match millis(cost.time).zip(base) {
                Some((time, base)) => format!("{time:.2} ({:.2}×)", time / base),
                None => "–".to_owned(),
            };
            cells.extend([
                rounds.to_string(),
                calls.len().to_string(),
                format!("{reads:.1}"),
                time,
            ]);
        }
        cells
    }
}

#[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
fn percent(part: u64, all: u64) -> String {
    if all == 0 {
        return "–".to_owned();
    }
    format!("{:.2} %", part as f64 * 100.0 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_its_ratio_to_the_smallest_size() {
        let cost = |millis| Cost {
            matches: 1,
            at_dynamodb: testing::Cost {
                calls: vec!["Query".to_owned(), "BatchGetItem".to_owned()],
                rounds: 2,
                reads: 2.5,
                ..testing::Cost::default()
            },
            time: Some(Duration::from_millis(millis)),
        };
        let row = Row { what: "phone", costs: vec![cost(4), cost(5)] };
        let expected = [
            [
                "search by",
                "matches",
                "1000: rounds",
                "calls",
                "RCU",
                "ms",
                "9000: rounds",
                "calls",
                "RCU",
                "ms",
            ],
            ["phone", "1", "2", "2", "2.5", "4.00 (1.00×)", "2", "2", "2.5", "5.00 (1.25×)"],
        ];
        assert_eq!(
            searches(&[1_000, 9_000], &[row]),
            expected.map(|line| line.map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn share_has_two_decimals() {
        assert_eq!(percent(1, 8), "12.50 %");
        assert_eq!(percent(0, 0), "–");
    }
}
