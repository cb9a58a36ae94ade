//! `cargo benchmark functions`: measures the cost of functions, in comparison with a bare function and with one that
//! has the default features of its crates. Those two are built and measured in the same run.

mod argon2;
pub mod binaries;
mod callgrind;
mod calls;
mod comparison;
pub mod instructions;
pub mod operations;
mod pages;
mod recorded;
pub mod recorder;
mod rows;
mod size;
pub mod startup;
pub mod table;
pub mod test_bed;
mod toolchain;
mod warm;

use std::process::ExitCode;

use clap::ValueEnum;
use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::template::Template;
use tokio::task::spawn_blocking;

use self::argon2::Hashing;
use self::binaries::{BARE, Profile, STOCK, STOCK_OF};
use self::callgrind::Callgrind;
use self::comparison::Comparison;
use self::pages::Pages;
use self::recorded::{Recorded, SAVE};
use self::rows::Rows;
use self::table::Table;
use self::test_bed::TestBed;
use self::toolchain::Toolchain;
use crate::machine::Machine;
use crate::markers;

#[derive(clap::Args)]
pub struct Options {
    /// Measure these functions [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    functions: Vec<String>,

    /// Measure only these figures [default: all]
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    only: Vec<Section>,

    /// Number of starts of each function; the reported times are medians
    #[arg(long, value_name = "N", default_value_t = 21)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// Compare with tools/bench/figures.json, and fail if a cost is over 5 % higher
    #[arg(long, conflicts_with = "save")]
    check: bool,

    /// Write the figures to tools/bench/figures.json and, if everything was measured, to docs/performance.md
    #[arg(long)]
    save: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Time from exec to first poll and first answer, and memory
    Startup,
    /// Instructions of a start and of a request, by valgrind
    Instructions,
    /// Size of the binary and its package
    Size,
    /// Calls to DynamoDB and consumed units; alone, this needs no optimized build
    Calls,
    /// Requests per second and latencies through cargo lambda watch
    Warm,
    /// A page of a list, in a small table and in a large one
    Pages,
    /// Hash of a password, in comparison with the C library
    Argon2,
}

impl Section {
    /// The sections that need the same build as a deployment.
    const RELEASED: [Self; 4] = [Self::Startup, Self::Instructions, Self::Size, Self::Pages];

    /// The sections with recorded figures to compare with.
    const CHECKED: [Self; 3] = [Self::Instructions, Self::Size, Self::Calls];
}

pub async fn run(options: &Options) -> Result<ExitCode> {
    unless_stopped(bench(options), false).await?.ok_or("stopped")?
}

async fn bench(options: &Options) -> Result<ExitCode> {
    let names = binaries::chosen(&options.functions, &Template::load()?)?;
    let callgrind = options.wants(Section::Instructions).then(Callgrind::find).transpose()?;
    let tools = Toolchain::this(callgrind.as_ref())?;
    let mut rows = Rows::default();
    let pages = measure(options, &names, callgrind.as_ref(), &mut rows).await?;
    let hashing =
        if options.wants(Section::Argon2) { Some(argon2::measure().await?) } else { None };

    let report = report(&rows, pages.as_ref(), hashing.as_ref())?;
    ui::print(&report);
    if options.save {
        Recorded::updated(Recorded::load()?, tools, &rows).save()?;
        if options.is_everything() {
            markers::write("bench", &report)?;
        } else {
            ui::status("Keeping", "docs/performance.md, because not everything was measured");
        }
    } else if options.check {
        let recorded =
            Recorded::load()?.ok_or_else(|| format!("no figures are recorded; {SAVE}"))?;
        return Ok(conclude(&Comparison::of(&recorded, &rows, &tools)));
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(
    options: &Options,
    names: &[String],
    callgrind: Option<&Callgrind>,
    rows: &mut Rows,
) -> Result<Option<Pages>> {
    let wants = |section| options.wants(section);
    let mut pages = None;
    let released = Section::RELEASED.into_iter().any(wants);
    if released || wants(Section::Calls) {
        let profile = if released { Profile::Release } else { Profile::Dev };
        let mut binaries = binaries::functions(names, profile).await?;
        if released {
            let others = names.iter().any(|name| name == STOCK_OF).then_some(STOCK);
            for name in [BARE].into_iter().chain(others) {
                binaries.insert(name.to_owned(), binaries::of_package(name).await?);
            }
        }
        let mut bed = TestBed::new().await?;
        if wants(Section::Size) {
            for (name, executable) in &binaries {
                size::measure(&bed, executable, &mut rows.of(name).figures)?;
            }
        }
        if wants(Section::Calls) {
            calls::measure(&mut bed, &binaries, rows).await?;
        }
        if wants(Section::Startup) {
            startup::measure(&mut bed, &binaries, options.rounds.into(), rows).await?;
        }
        if let Some(callgrind) = callgrind {
            instructions::measure(callgrind, &mut bed, &binaries, rows).await?;
        }
        if wants(Section::Pages) {
            pages = Some(pages::measure(&binaries).await?);
        }
    }
    if wants(Section::Warm) {
        let names = names.to_vec();
        for (name, load) in spawn_blocking(move || warm::measure(&names)).await?? {
            rows.of(name).load = Some(load);
        }
    }
    Ok(pages)
}

fn report(rows: &Rows, pages: Option<&Pages>, hashing: Option<&Hashing>) -> Result<String> {
    let machine = Machine::this()?;
    let pages = pages.map(|it| format!("\n{it}")).unwrap_or_default();
    let hashing = hashing.map(|it| format!("\n{}", it.table())).unwrap_or_default();
    Ok(format!("{machine}.\n\n{}{pages}{hashing}", Table(rows)))
}

fn conclude(comparison: &Comparison) -> ExitCode {
    for left_out in &comparison.left_out {
        ui::warning(left_out);
    }
    for problem in &comparison.problems {
        ui::problem(problem);
    }
    if comparison.problems.is_empty() {
        ui::status("Checked", format!("{} figures: none is over 5 % higher", comparison.compared));
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Options {
    fn wants(&self, section: Section) -> bool {
        if self.only.is_empty() {
            !self.check || Section::CHECKED.contains(&section)
        } else {
            self.only.contains(&section)
        }
    }

    fn is_everything(&self) -> bool {
        self.functions.is_empty() && self.only.is_empty()
    }
}
