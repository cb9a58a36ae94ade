//! Compares the figures of functions with the recorded ones.

use super::recorded::{Recorded, SAVE};
use super::rows::{Figures, Rows};
use super::toolchain::Toolchain;

/// The highest permitted ratio of a new figure to the recorded one.
const TOLERANCE: f64 = 1.05;

/// The result of a comparison.
#[derive(Debug, Default, PartialEq)]
pub struct Comparison {
    pub compared: usize,
    /// One for each figure that is too high or has no record.
    pub problems: Vec<String>,
    /// The figures that were not compared, and the reasons.
    pub left_out: Vec<String>,
}

/// The kinds of figures.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Instructions,
    Sizes,
    Calls,
}

type Value = fn(&Figures) -> Option<f64>;

const FIGURES: [(&str, Kind, Value); 9] = [
    ("start_instructions", Kind::Instructions, |it| number(it.start_instructions)),
    ("primed_start_instructions", Kind::Instructions, |it| number(it.primed_start_instructions)),
    ("request_instructions", Kind::Instructions, |it| number(it.request_instructions)),
    ("repeated_request_instructions", Kind::Instructions, |it| {
        number(it.repeated_request_instructions)
    }),
    ("bootstrap_bytes", Kind::Sizes, |it| number(it.bootstrap_bytes)),
    ("zip_bytes", Kind::Sizes, |it| number(it.zip_bytes)),
    ("calls", Kind::Calls, |it| it.call_count().map(f64::from)),
    ("read_units", Kind::Calls, |it| it.read_units),
    ("write_units", Kind::Calls, |it| it.write_units),
];

impl Comparison {
    /// Compares new figures, which were measured with these tools, with the recorded ones.
    pub fn of(recorded: &Recorded, rows: &Rows, tools: &Toolchain) -> Self {
        let mut comparison = Self::default();
        let (builds, counts) =
            (recorded.toolchain.builds_as(tools), recorded.toolchain.counts_as(tools));
        let is_comparable = |kind| match kind {
            Kind::Instructions => counts,
            Kind::Sizes => builds,
            Kind::Calls => true,
        };
        for (name, row) in rows.kept() {
            for (figure, kind, value) in FIGURES {
                let Some(new) = value(&row.figures) else { continue };
                if is_comparable(kind) {
                    let old = recorded.functions.get(name).and_then(value);
                    comparison.compared += 1;
                    comparison.problems.extend(problem(name, figure, old, new));
                }
            }
        }
        let is_measured = |of: Kind| {
            let mut all = rows.kept();
            all.any(|(_, row)| FIGURES.iter().any(|it| it.1 == of && it.2(&row.figures).is_some()))
        };
        for (kind, name) in [(Kind::Instructions, "instructions"), (Kind::Sizes, "sizes")] {
            if is_measured(kind) && !is_comparable(kind) {
                let (then, now) = (&recorded.toolchain, tools);
                let why = format!("they were recorded with {then}, but measured with {now}");
                comparison.left_out.push(format!("{name} are not compared: {why}; {SAVE}"));
            }
        }
        comparison
    }
}

fn problem(function: &str, figure: &str, old: Option<f64>, new: f64) -> Option<String> {
    match old {
        None => Some(format!("{function}: {figure} is {new}, but none is recorded; {SAVE}")),
        Some(old) if new > old * TOLERANCE => {
            let more = if old > 0.0 {
                format!(" (+{:.1} %)", (new / old - 1.0) * 100.0)
            } else {
                String::new()
            };
            Some(format!("{function}: {figure} was {old} and is {new}{more}"))
        }
        Some(_) => None,
    }
}

#[allow(clippy::cast_precision_loss, reason = "the last digit does not matter")]
fn number(count: Option<u64>) -> Option<f64> {
    count.map(|it| it as f64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::binaries::STOCK;
    use super::*;

    fn tools(rustc: &str) -> Toolchain {
        let [rustc, processor, libc] = [rustc, "x86_64", "2.41"].map(str::to_owned);
        Toolchain { rustc, processor, libc, valgrind: Some("3.24".to_owned()) }
    }

    fn figures(start: u64, zip: u64, get_items: u32) -> Figures {
        Figures {
            start_instructions: Some(start),
            zip_bytes: Some(zip),
            calls: Some(BTreeMap::from([("GetItem".to_owned(), get_items)])),
            ..Figures::default()
        }
    }

    fn compare(new: Figures, rustc: &str) -> Comparison {
        let functions = BTreeMap::from([("health".to_owned(), figures(1000, 2000, 1))]);
        let recorded = Recorded { toolchain: tools("1.95"), functions };
        let mut rows = Rows::default();
        rows.of("health").figures = new;
        Comparison::of(&recorded, &rows, &tools(rustc))
    }

    #[test]
    fn five_percent_more_pass() {
        let comparison = compare(figures(1050, 2100, 1), "1.95");
        assert_eq!(comparison, Comparison { compared: 3, ..Comparison::default() });
    }

    #[test]
    fn higher_cost_is_reported_with_both_figures() {
        let comparison = compare(figures(1051, 500, 2), "1.95");
        let expected = [
            "health: start_instructions was 1000 and is 1051 (+5.1 %)",
            "health: calls was 1 and is 2 (+100.0 %)",
        ];
        assert_eq!(comparison.problems, expected);
    }

    #[test]
    fn stock_is_not_compared() {
        let recorded = Recorded { toolchain: tools("1.95"), functions: BTreeMap::new() };
        let mut rows = Rows::default();
        rows.of(STOCK).figures = figures(1, 1, 1);
        assert_eq!(Comparison::of(&recorded, &rows, &tools("1.95")), Comparison::default());
    }

    #[test]
    fn zero_must_stay_zero() {
        assert_eq!(problem("docs", "calls", Some(0.0), 1.0).unwrap(), "docs: calls was 0 and is 1");
        assert_eq!(problem("docs", "calls", Some(0.0), 0.0), None);
    }

    #[test]
    fn missing_record_is_a_problem() {
        let new = Figures { read_units: Some(1.5), ..Figures::default() };
        let [problem] = compare(new, "1.95").problems.try_into().unwrap();
        assert!(problem.starts_with("health: read_units is 1.5, but none is recorded"));
    }

    #[test]
    fn with_another_compiler_only_calls_are_compared() {
        let comparison = compare(figures(9000, 9000, 1), "1.96");
        assert_eq!((comparison.compared, comparison.problems.len()), (1, 0));
        let [instructions, sizes] = comparison.left_out.try_into().unwrap();
        assert!(instructions.starts_with("instructions are not compared"));
        assert!(sizes.starts_with("sizes are not compared"));
    }
}
