//! `cargo benchmark audit`: whether a read waits for its row of the audit trail, which is put while the record is read.
//!
//! Nothing that ships can read a patient without a row. Therefore patients-get is compared with doctors-get, which makes
//! the same call with a few keys less, and puts no row.

use std::fmt::{self, Display, Formatter};
use std::process::Command;
use std::time::{Duration, Instant};

use ops::stop::unless_stopped;
use ops::{Result, ui};
use serde_json::Value;
use shared::testing::World;
use shared::testing::function::Function;

use crate::functions::binaries::{self, Profile};
use crate::functions::table::{millis, write_markdown};
use crate::functions::test_bed::{TestBed, Way};
use crate::lambda::slow_dynamodb::SlowDynamoDb;
use crate::load::Latencies;
use crate::machine::Machine;
use crate::markers;

/// The function without a row, which is the base of the ratio, and the one with a row.
const FUNCTIONS: [&str; 2] = ["doctors-get", "patients-get"];

/// The rows of each request of these functions.
const ROWS: [usize; 2] = [0, 1];

/// The requests before those that are measured: a process makes extra calls and connections at first.
const WARM_UP: u16 = 5;

#[derive(clap::Args)]
pub struct Options {
    /// Number of requests to each function, in turns; the reported time is the median
    #[arg(long, value_name = "N", default_value_t = 500)]
    #[arg(value_parser = clap::value_parser!(u16).range(10..=10_000))]
    requests: u16,

    /// Write the table to docs/performance.md
    #[arg(long)]
    save: bool,
}

/// A running function.
struct Running {
    name: &'static str,
    function: Function,
    event: Value,
    times: Vec<Duration>,
}

/// The table in Markdown.
struct Table(Vec<Row>);

/// The times of a function's answers.
struct Row {
    name: &'static str,
    rows: usize,
    p50: Duration,
    p99: Duration,
}

pub async fn run(options: &Options) -> Result {
    unless_stopped(bench(options), false).await?.ok_or("stopped")?
}

async fn bench(options: &Options) -> Result {
    let executables = binaries::functions(&FUNCTIONS.map(str::to_owned), Profile::Release).await?;
    // Boxed: the compiler limits how deep futures nest.
    let world = Box::pin(World::new()).await;
    let dynamodb = SlowDynamoDb::before(&world.endpoint()).await?;
    let mut bed = Box::pin(TestBed::of(world, dynamodb.endpoint())).await?;
    let mut running = Vec::new();
    for name in FUNCTIONS {
        let executable =
            executables.get(name).ok_or_else(|| format!("cargo built no binary {name}"))?;
        let event = bed.event(name).await?.ok_or_else(|| format!("{name} cannot be called"))?;
        let function = bed.start(Command::new(executable), name, Way::Tls).await?;
        running.push(Running { name, function, event, times: Vec::new() });
    }

    ui::status("Measuring", format!("{} requests to each function", options.requests));
    for number in 0..WARM_UP + options.requests {
        for it in &mut running {
            let time = answer(&bed, it).await?;
            if number >= WARM_UP {
                it.times.push(time);
            }
        }
    }
    let requests = usize::from(WARM_UP + options.requests);
    let mut rows = Vec::new();
    for (it, expected) in running.iter().zip(ROWS) {
        expect_rows(&bed, it.name, expected * requests).await?;
        let times = Latencies::of(it.times.iter().copied());
        let [p50, p99] = [50.0, 99.0].map(|percent| times.percentile(percent));
        rows.push(Row { name: it.name, rows: expected, p50, p99 });
    }
    let report = format!("{}.\n\n{}", Machine::this()?, Table(rows));
    ui::print(&report);
    if options.save {
        markers::write("audit", &report)?;
    }
    Ok(())
}

/// Sends the event when the function waits for it. Returns the time of the answer.
#[allow(clippy::disallowed_methods, reason = "measures a span")]
async fn answer(bed: &TestBed, it: &mut Running) -> Result<Duration> {
    let Running { name, function, event, .. } = it;
    function.api.polled().await.map_err(|error| bed.failure(name, error))?;
    let sent = Instant::now();
    bed.answer(function, name, event).await?;
    Ok(sent.elapsed())
}

/// Returns an error unless the trail has this number of rows of a function: otherwise something else was measured.
async fn expect_rows(bed: &TestBed, name: &str, expected: usize) -> Result {
    let rows = Box::pin(bed.world.audit_rows()).await;
    let found = rows.iter().filter(|row| row.facts.operation == name).count();
    if found == expected {
        Ok(())
    } else {
        Err(format!("{name} has {found} rows in the audit trail, not {expected}").into())
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(rows) = self;
        let headings = ["function", "rows", "p50 ms", "p99 ms"].map(str::to_owned).to_vec();
        let mut lines = vec![headings];
        let base = rows.first().and_then(|row| millis(Some(row.p50)));
        for Row { name, rows, p50, p99 } in rows {
            let time = |time: &Duration| millis(Some(*time)).unwrap_or_default();
            let ratio = base.map(|base| format!(" ({:.2}×)", time(p50) / base));
            let p50 = format!("{:.2}{}", time(p50), ratio.unwrap_or_default());
            lines.push(vec![
                (*name).to_owned(),
                rows.to_string(),
                p50,
                format!("{:.2}", time(p99)),
            ]);
        }
        write_markdown(&lines, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_with_a_row_has_its_ratio_to_the_time_without() {
        let row = |name, rows, micros| {
            let [p50, p99] = [micros, 2 * micros].map(Duration::from_micros);
            Row { name, rows, p50, p99 }
        };
        let rows = vec![row("doctors-get", 0, 8_000), row("patients-get", 1, 8_400)];
        let expected = "\
| function     | rows |       p50 ms | p99 ms |
|--------------|-----:|-------------:|-------:|
| doctors-get  |    0 | 8.00 (1.00×) |  16.00 |
| patients-get |    1 | 8.40 (1.05×) |  16.80 |
";
        assert_eq!(Table(rows).to_string(), expected);
    }
}
