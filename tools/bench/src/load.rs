//! `cargo benchmark load`: measures response times while many people at a clinic work with the API at the same time.
//!
//! The loop is closed: each person waits for an answer before the next request, so a slow API gets fewer requests.

mod clinic;
mod closed_loop;
mod latencies;
mod mix;
mod plot;

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::root::repository;
use shared::testing::NO_LIMITS;
use tokio::task::spawn_blocking;
use xtask::stack::Stack;

use crate::machine::Machine;
use crate::markers;

pub use self::clinic::Clinic;
pub use self::closed_loop::{Outcome, run as run_loop};
pub use self::latencies::Latencies;
pub use self::mix::Operation;
use self::mix::{MIX, share};

/// The time of the requests before the measurement, for each operation, so that every process of its function has
/// started and is connected.
const WARM_UP: Duration = Duration::from_secs(1);

/// The plot in docs/performance.md.
const PLOT: &str = "docs/latency.svg";

#[derive(clap::Args)]
pub struct Options {
    /// Use this deployed stage for tests: it keeps the new records, and must be deployed with RegistrationRole=staff
    /// and TriesPerAddress=100000 [default: a new local stack]
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Number of people who send requests at the same time
    #[arg(long, value_name = "N", default_value_t = 16)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,

    /// Duration in seconds
    #[arg(long, value_name = "N", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    seconds: u16,

    /// Number of processes per function in the local stack
    #[arg(long, value_name = "N", default_value_t = 4, conflicts_with = "url")]
    concurrency: u16,

    /// Write the result to docs/performance.md and docs/latency.svg
    #[arg(long)]
    save: bool,
}

pub async fn run(options: Options) -> Result {
    let measured = spawn_blocking(move || measure(&options));
    unless_stopped(measured, false).await?.ok_or("stopped")??
}

fn measure(options: &Options) -> Result {
    let stack = match &options.url {
        Some(url) => Stack::at(url)?,
        None => {
            let processes = options.concurrency.to_string();
            Stack::start(&NO_LIMITS, &["--release", "--concurrency", &processes])?
        }
    };
    let connections = usize::from(options.connections);
    let mut clinic = Clinic::open(&stack, connections)?;
    let duration = Duration::from_secs(options.seconds.into());
    ui::status("Loading", format!("{} with {connections} connections", stack.url()));
    for (operation, _) in MIX {
        run_loop(&mut clinic, &[(operation, 1)], WARM_UP)?;
    }
    let outcome = run_loop(&mut clinic, &MIX, duration)?;
    if let Some(failure) = &outcome.failure {
        ui::warning(format!("{} requests failed, such as: {failure}", outcome.failed));
    }
    let report = report(options, &outcome)?;
    ui::print(&report);
    if options.save {
        fs::write(repository().join(PLOT), plot::svg(&outcome))
            .map_err(|error| format!("cannot write {PLOT}: {error}"))?;
        let picture = "![Response times by kind of request](latency.svg)";
        markers::write("load", &format!("{report}\n{picture}"))?;
    }
    Ok(())
}

fn report(options: &Options, outcome: &Outcome) -> Result<String> {
    let mut report = String::new();
    let all = outcome.all();
    writeln!(
        report,
        "{}: {} connections, {} s, {:.0} requests/s, {} failed.\n",
        Machine::this()?,
        options.connections,
        options.seconds,
        outcome.requests_per_second(),
        outcome.failed
    )?;
    writeln!(report, "| operation | share | requests | p50 ms | p90 ms | p99 ms | max ms |")?;
    writeln!(report, "|---|---:|---:|---:|---:|---:|---:|")?;
    let of_operations = MIX.iter().map(|(operation, _)| {
        (operation.function(), format!("{} %", share(*operation)), outcome.of(*operation))
    });
    for (name, share, latencies) in of_operations.chain([("all", "100 %".to_owned(), all)]) {
        let ms = |percent| latencies.percentile(percent).as_secs_f64() * 1000.0;
        let [p50, p90, p99, max] = [50.0, 90.0, 99.0, 100.0].map(ms);
        let count = latencies.count();
        writeln!(
            report,
            "| {name} | {share} | {count} | {p50:.1} | {p90:.1} | {p99:.1} | {max:.1} |"
        )?;
    }
    Ok(report)
}
