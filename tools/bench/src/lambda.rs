//! `cargo benchmark lambda`: measures functions with the processor time that Lambda gives them, at several memory sizes.
//!
//! Only the functions are limited, not this process with its DynamoDB, which takes five milliseconds for each call.

mod price;
mod quota;
mod rounds;
pub mod slow_dynamodb;
mod table;

use std::path::Path;
use std::time::{Duration, Instant};

use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::template::Template;
use serde_json::Value;
use shared::testing::World;
use shared::testing::function::Function;

use self::quota::{Quota, WHOLE_PROCESSOR_MB};
use self::rounds::Rounds;
use self::slow_dynamodb::SlowDynamoDb;
use self::table::{Measured, Row, Table};
use crate::functions::binaries::{self, Profile};
use crate::functions::instructions::HASHES;
use crate::functions::startup::median;
use crate::functions::test_bed::{TestBed, Way};
use crate::machine::Machine;
use crate::markers;

/// The sizes to measure, ascending.
const SIZES_MB: [u32; 5] = [128, 256, 512, 1024, WHOLE_PROCESSOR_MB];

/// A function that never answers in less than half a second.
const WAITS: &str = "auth-password-reset";

/// The part of the usual number of requests that functions get whose answers take long.
const PART_OF_SLOW: u16 = 5;

#[derive(clap::Args)]
pub struct Options {
    /// Measure these functions [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    functions: Vec<String>,

    /// Number of starts of each function at each size; the reported time is the median
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    starts: u16,

    /// Number of requests to each function at each size; functions that hash a password or wait get a fifth
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u16).range(5..))]
    requests: u16,

    /// Write the table to docs/performance.md
    #[arg(long, conflicts_with = "functions")]
    save: bool,
}

pub async fn run(options: &Options) -> Result {
    unless_stopped(bench(options), false).await?.ok_or("stopped")?
}

async fn bench(options: &Options) -> Result {
    let quotas = match SIZES_MB.into_iter().map(Quota::of).collect::<Result<Vec<_>>>() {
        Ok(quotas) => quotas,
        Err(error) => {
            ui::status("Skipping", format!("everything: cannot limit processor time ({error})"));
            return Ok(());
        }
    };
    let template = Template::load()?;
    let names = binaries::chosen(&options.functions, &template)?;
    let rounds = Rounds::load()?;
    let executables = binaries::functions(&names, Profile::Release).await?;
    // Boxed: the compiler limits how deep futures nest.
    let world = Box::pin(World::new()).await;
    let dynamodb = SlowDynamoDb::before(&world.endpoint()).await?;
    let mut bed = Box::pin(TestBed::of(world, dynamodb.endpoint())).await?;

    ui::status("Measuring", format!("{} functions at {} sizes", names.len(), quotas.len()));
    let progress = ui::progress("Measuring", (executables.len() * quotas.len()) as u64)?;
    let mut rows = Vec::new();
    for (name, executable) in &executables {
        let mut sizes = Vec::new();
        for quota in &quotas {
            sizes.extend(measure(options, &mut bed, quota, name, executable).await?);
            progress.inc(1);
        }
        let function = template.functions.get(name);
        if let Some(function) = function.filter(|_| !sizes.is_empty()) {
            let (memory_mb, rounds) = (function.memory_mb, rounds.of(name));
            rows.push(Row { name: name.clone(), rounds, memory_mb, sizes });
        }
    }
    drop(progress);

    let report = format!("{}.\n\n{}", Machine::this()?, Table(&rows));
    ui::print(&report);
    if options.save {
        markers::write("lambda", &report)?;
    }
    Ok(())
}

/// Measures a function under a quota; `None` if it cannot be called here.
async fn measure(
    options: &Options,
    bed: &mut TestBed,
    quota: &Quota,
    name: &str,
    executable: &Path,
) -> Result<Option<Measured>> {
    let mut first = Vec::new();
    for _ in 0..options.starts {
        let Some(event) = bed.event(name).await? else { return Ok(None) };
        first.push(first_answer(bed, quota, name, executable, &event).await?);
    }
    // One more than is measured: the first request makes extra calls.
    let count = 1 + options.requests_to(name);
    let Some(events) = bed.events(name, count).await? else { return Ok(None) };
    let warm = warm_answers(bed, quota, name, executable, &events).await?;
    let first = median(first).unwrap_or_default();
    Ok(Some(Measured { memory_mb: quota.memory_mb, first, warm }))
}

/// Returns the time from exec to the answer to a waiting event.
async fn first_answer(
    bed: &TestBed,
    quota: &Quota,
    name: &str,
    executable: &Path,
    event: &Value,
) -> Result<Duration> {
    let mut function = start(bed, quota, name, executable).await?;
    bed.answer(&mut function, name, event).await?;
    Ok(function.started.elapsed())
}

/// Returns the times of the answers to all events except the first one. Each event is sent when the function waits for
/// it.
#[allow(clippy::disallowed_methods, reason = "measures a span")]
async fn warm_answers(
    bed: &TestBed,
    quota: &Quota,
    name: &str,
    executable: &Path,
    events: &[Value],
) -> Result<Vec<Duration>> {
    let mut function = start(bed, quota, name, executable).await?;
    let mut times = Vec::with_capacity(events.len());
    for event in events {
        function.api.polled().await.map_err(|error| bed.failure(name, error))?;
        let sent = Instant::now();
        bed.answer(&mut function, name, event).await?;
        times.push(sent.elapsed());
    }
    Ok(times.into_iter().skip(1).collect())
}

/// Starts a function under a quota. Its time of start is that of the binary, without the shell that enters the group.
async fn start(bed: &TestBed, quota: &Quota, name: &str, executable: &Path) -> Result<Function> {
    let mut function = bed.start(quota.command(executable), name, Way::Tls).await?;
    let resumed = quota::resume(function.process_id()).await;
    function.started = resumed.map_err(|error| bed.failure(name, error))?;
    Ok(function)
}

impl Options {
    fn requests_to(&self, name: &str) -> usize {
        let is_slow = HASHES.contains(&name) || name == WAITS;
        usize::from(if is_slow { self.requests / PART_OF_SLOW } else { self.requests })
    }
}
