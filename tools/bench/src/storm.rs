//! `cargo benchmark storm`: measures what one request of an attacker costs at most: processor time, hashes, calls to
//! DynamoDB, bytes of the answer. Each function gets its usual request and the worst ones that are known, from a
//! stranger, a pending account and a staff account.

mod attacks;
mod table;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::template::Template;
use secrecy::ExposeSecret;
use serde_json::Value;
use shared::model::user::Role;
use shared::testing::function::Function;
use shared::testing::process::processor_time;
use shared::testing::{Actor, Event, PASSWORD};

use self::attacks::{ATTACKS, Attack};
use self::table::{Cost, Row, Table};
use crate::functions::binaries::{self, Profile};
use crate::functions::instructions::HASHES;
use crate::functions::operations::is_for_admins;
use crate::functions::recorder::{Call, Recorder};
use crate::functions::startup::median;
use crate::functions::test_bed::{TestBed, Way};
use crate::machine::Machine;
use crate::markers;

const DOCUMENT: &str = "docs/security.md";

/// The number of hashes whose median time is that of one hash.
const HASH_TIMES: usize = 11;

#[derive(clap::Args)]
pub struct Options {
    /// Measure these functions [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    functions: Vec<String>,

    /// Number of requests of each kind; the processor time is their median
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    requests: u16,

    /// Write the table to docs/security.md
    #[arg(long, conflicts_with = "functions")]
    save: bool,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy)]
enum Caller {
    Stranger,
    Pending,
    Staff,
}

/// A function under attack.
struct Target<'a> {
    name: &'a str,
    function: Function,
    recorder: &'a Recorder,
}

pub async fn run(options: &Options) -> Result {
    unless_stopped(bench(options), false).await?.ok_or("stopped")?
}

async fn bench(options: &Options) -> Result {
    let template = Template::load()?;
    let names = binaries::chosen(&options.functions, &template)?;
    let executables = binaries::functions(&names, Profile::Release).await?;
    // Boxed: the compiler limits how deep futures nest.
    let mut bed = Box::pin(TestBed::new()).await?;
    let recorder = Recorder::before(&bed.world.endpoint()).await?;

    ui::status("Attacking", format!("{} functions", executables.len()));
    let progress = ui::progress("Attacking", executables.len() as u64)?;
    let hash = hash_time(&bed).await?;
    let mut rows = Vec::new();
    for (name, executable) in &executables {
        rows.extend(Box::pin(row(options, &mut bed, &recorder, hash, (name, executable))).await?);
        progress.inc(1);
    }
    drop(progress);

    let report = format!("{}.\n\n{}", Machine::this()?, Table(&rows));
    ui::print(&report);
    if options.save {
        markers::write_to(DOCUMENT, "storm", &report)?;
    }
    Ok(())
}

/// Measures a function; `None` if it cannot be called here.
async fn row(
    options: &Options,
    bed: &mut TestBed,
    recorder: &Recorder,
    hash: Duration,
    (name, executable): (&str, &Path),
) -> Result<Option<Row>> {
    let Some(usual) = bed.event(name).await? else { return Ok(None) };
    let way = Way::Plain(recorder.endpoint());
    let function = bed.start(Command::new(executable), name, way).await?;
    let mut target = Target { name, function, recorder };
    // The first request makes extra calls, and compiles what later ones use.
    target.cost(bed, &usual).await?;

    let (mut by_caller, mut hashes) = (Vec::new(), 0.0_f64);
    for caller in [Caller::Stranger, Caller::Pending, Caller::Staff] {
        let mut worst = Cost::default();
        for attack in ATTACKS.iter().filter(|attack| (attack.applies)(name)) {
            let mut costs = Vec::new();
            for _ in 0..options.requests {
                let event = event(bed, name, caller, attack).await?;
                costs.push(target.cost(bed, &event).await?);
            }
            let cost = at_median(costs);
            if HASHES.contains(&name) && !attack.judges_password {
                let most = cost.processor.as_secs_f64() / hash.as_secs_f64();
                hashes = hashes.max(most.round());
            }
            worst.include(&cost);
        }
        by_caller.push(worst);
    }
    Ok(Some(Row { name: name.to_owned(), hashes, by_caller }))
}

/// Returns the median time of an argon2 hash, which takes nearly all the processor time of a request with one.
#[allow(clippy::disallowed_methods, reason = "measures a span")]
async fn hash_time(bed: &TestBed) -> Result<Duration> {
    let app = &bed.world.app;
    let mut times = Vec::new();
    for _ in 0..HASH_TIMES {
        let started = Instant::now();
        app.hash_slots().hash(app.system(), PASSWORD.into()).await?;
        times.push(started.elapsed());
    }
    Ok(median(times).ok_or("nothing was hashed")?)
}

/// Returns the costs with the median of the processor times, and the most of everything else.
fn at_median(costs: Vec<Cost>) -> Cost {
    let processor = median(costs.iter().map(|cost| cost.processor).collect());
    let mut all = Cost::default();
    for cost in &costs {
        all.include(cost);
    }
    Cost { processor: processor.unwrap_or_default(), ..all }
}

/// Returns an attack of this caller.
async fn event(bed: &mut TestBed, name: &str, caller: Caller, attack: &Attack) -> Result<Value> {
    let event = bed.usual(name).await?.ok_or("the function can be called")?;
    let event = match caller {
        Caller::Stranger => event.without_header("authorization"),
        Caller::Pending => by(event, &bed.actor(Role::Pending).await),
        // The usual caller is a member of staff, unless only administrators may call the function.
        Caller::Staff if is_for_admins(name) => by(event, &bed.actor(Role::Staff).await),
        Caller::Staff => event,
    };
    Ok((attack.change)(event).into_json())
}

fn by(event: Event, actor: &Actor) -> Event {
    event.bearer(actor.token.expose_secret())
}

impl Target<'_> {
    /// Sends an event, and returns what the answer cost.
    async fn cost(&mut self, bed: &TestBed, event: &Value) -> Result<Cost> {
        // The function waits, so it takes no processor time until the event arrives.
        self.recorder.take();
        let before = self.processor_time()?;
        self.function.api.send(event);
        let reply = self.function.api.answered().await;
        let reply = reply.map_err(|error| bed.failure(self.name, error))?;
        let processor = self.processor_time()?.saturating_sub(before);
        let calls = self.recorder.take();
        let units = |is_read| {
            let of_kind = calls.iter().filter(|call| call.is_read() == is_read);
            of_kind.fold(0.0, |sum, call: &Call| sum + call.units)
        };
        let body = reply.body.get("body").and_then(Value::as_str).unwrap_or_default();
        Ok(Cost {
            processor,
            calls: calls.len(),
            read_units: units(true),
            write_units: units(false),
            bytes: body.len(),
        })
    }

    fn processor_time(&self) -> Result<Duration> {
        let time = processor_time(self.function.process_id());
        Ok(time.map_err(|error| format!("the processor time of {}: {error}", self.name))?)
    }
}
