//! The table: a row for each function. Comparable values have their ratio to the bare function.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::rows::{Row, Rows};

type Value = fn(&Row) -> Option<f64>;

/// A column of the table.
struct Column {
    heading: &'static str,
    value: Value,
    /// The value of the bare function for the ratio.
    base: Option<Value>,
    decimals: usize,
}

const fn compared(heading: &'static str, value: Value, base: Value) -> Column {
    Column { heading, value, base: Some(base), decimals: 2 }
}

const fn alone(heading: &'static str, value: Value, decimals: usize) -> Column {
    Column { heading, value, base: None, decimals }
}

const COLUMNS: [Column; 16] = [
    compared("first poll ms", first_poll, first_poll),
    compared("primed ms", |row| millis(row.primed_poll), first_poll),
    compared("first answer ms", first_answer, first_answer),
    compared("start M instr", start_instructions, start_instructions),
    compared("primed M instr", primed_start_instructions, start_instructions),
    compared("request M instr", request_instructions, request_instructions),
    compared("again M instr", repeated_request_instructions, request_instructions),
    compared("RSS MB", resident, resident),
    compared("bootstrap MB", bootstrap, bootstrap),
    compared("zip MB", zip, zip),
    alone("calls", |row| row.figures.call_count().map(f64::from), 0),
    alone("RCU", |row| row.figures.read_units, 1),
    alone("WCU", |row| row.figures.write_units, 1),
    alone("requests/s", |row| Some(row.load?.requests_per_second), 0),
    alone("p50 ms", |row| millis(Some(row.load?.p50)), 1),
    alone("p99 ms", |row| millis(Some(row.load?.p99)), 1),
];

fn first_poll(row: &Row) -> Option<f64> {
    millis(row.first_poll)
}

fn first_answer(row: &Row) -> Option<f64> {
    millis(row.first_answer)
}

fn start_instructions(row: &Row) -> Option<f64> {
    millions(row.figures.start_instructions)
}

fn primed_start_instructions(row: &Row) -> Option<f64> {
    millions(row.figures.primed_start_instructions)
}

fn request_instructions(row: &Row) -> Option<f64> {
    millions(row.figures.request_instructions)
}

fn repeated_request_instructions(row: &Row) -> Option<f64> {
    millions(row.figures.repeated_request_instructions)
}

fn resident(row: &Row) -> Option<f64> {
    millions(row.resident_bytes)
}

fn bootstrap(row: &Row) -> Option<f64> {
    millions(row.figures.bootstrap_bytes)
}

fn zip(row: &Row) -> Option<f64> {
    millions(row.figures.zip_bytes)
}

pub fn millis(duration: Option<Duration>) -> Option<f64> {
    duration.map(|it| it.as_secs_f64() * 1000.0)
}

#[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn millions(count: Option<u64>) -> Option<f64> {
    count.map(|it| it as f64 / 1e6)
}

/// The table in Markdown, without columns that were not measured.
pub struct Table<'a>(pub &'a Rows);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_measured =
            |column: &&Column| self.0.iter().any(|(_, row)| (column.value)(row).is_some());
        let columns: Vec<_> = COLUMNS.iter().filter(is_measured).collect();
        if columns.is_empty() {
            return Ok(());
        }
        let mut lines = vec![vec!["function".to_owned()]];
        for (name, row) in self.0.iter() {
            let bare = self.0.bare().filter(|bare| !std::ptr::eq(*bare, row));
            let cells = columns.iter().map(|column| column.cell(row, bare));
            lines.push([name.to_owned()].into_iter().chain(cells).collect());
        }
        if let Some(headings) = lines.first_mut() {
            headings.extend(columns.iter().map(|column| column.heading.to_owned()));
        }
        write_markdown(&lines, f)
    }
}

impl Column {
    fn cell(&self, row: &Row, bare: Option<&Row>) -> String {
        let Some(value) = (self.value)(row) else { return "–".to_owned() };
        let decimals = self.decimals;
        let base = self.base.zip(bare).and_then(|(base, bare)| base(bare)).filter(|it| *it > 0.0);
        match base {
            Some(base) => format!("{value:.decimals$} ({:.1}×)", value / base),
            None => format!("{value:.decimals$}"),
        }
    }
}

/// Writes a table in Markdown. The first line has the headings. All columns except the first one are numbers.
pub fn write_markdown(lines: &[Vec<String>], f: &mut Formatter<'_>) -> fmt::Result {
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..lines.first().map_or(0, Vec::len)).map(width).collect();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            if column == 0 {
                write!(f, "| {cell:<width$} |")?;
            } else {
                write!(f, " {cell:>width$} |")?;
            }
        }
        writeln!(f)?;
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width + 1);
                write!(
                    f,
                    "{}",
                    if column == 0 { format!("|{dashes}-|") } else { format!("{dashes}:|") }
                )?;
            }
            writeln!(f)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_has_its_ratio_to_the_bare_one() {
        let mut rows = Rows::default();
        rows.of("auth-me").figures.zip_bytes = Some(2_100_000);
        rows.of("auth-me").primed_poll = Some(Duration::from_micros(9_000));
        rows.of("bare").figures.zip_bytes = Some(700_000);
        rows.of("bare").first_poll = Some(Duration::from_micros(1_500));
        let expected = "\
| function | first poll ms |   primed ms |      zip MB |
|----------|--------------:|------------:|------------:|
| bare     |          1.50 |           – |        0.70 |
| auth-me  |             – | 9.00 (6.0×) | 2.10 (3.0×) |
";
        assert_eq!(Table(&rows).to_string(), expected);
    }
}
