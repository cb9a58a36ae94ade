//! `cargo ops audit verify`: whether every row of the audit trail is as it was written, and no row is missing.

use std::path::PathBuf;
use std::time::Duration;

use shared::audit::verify::{Report, Verification};
use shared::model::timestamp::Timestamp;
use shared::store::Store;
use tokio::task::spawn_blocking;

use super::archive::{Archive, Verified};
use super::count;
use super::log::{Named, logs_in};
use super::pages::Pages;
use crate::stop::unless_stopped;
use crate::target::{Opened, Target};
use crate::{Failure, Result, ui};

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,

    /// File with lines of the functions' log; repeat the option for more files [default: audit.log
    /// and functions.log in the folder with the data of `cargo dev`; none with --table]
    #[arg(long, value_name = "FILE")]
    log: Vec<PathBuf>,

    /// Folder with a copy of the whole archive (`aws s3 sync`): verify it, too, and compare it with
    /// the table
    #[arg(long, value_name = "FOLDER")]
    archive: Option<PathBuf>,

    /// List the chains whose last row no log line names
    #[arg(long)]
    unnamed: bool,
}

/// What the table is compared with.
#[derive(Default, Clone)]
pub(super) struct Sources {
    pub logs: Vec<PathBuf>,
    pub archive: Option<PathBuf>,
}

/// The result, in words.
pub(super) struct Verdict {
    /// What is wrong, one in a line.
    pub problems: Vec<String>,
    pub summary: Vec<String>,
    /// The chains whose last row no log line names.
    pub unnamed: Vec<String>,
    /// What could not be compared.
    pub warnings: Vec<String>,
}

pub async fn run(options: &Options) -> Result {
    let target = unless_stopped(options.target.open(), false).await?.ok_or("stopped")??;
    let sources = Sources { logs: options.logs(&target)?, archive: options.archive.clone() };
    let work = verify(target.with_trail()?, sources, target.retention(), Timestamp::system());
    let verdict = unless_stopped(work, false).await?.ok_or("stopped")??;
    for warning in &verdict.warnings {
        ui::warning(warning);
    }
    let unnamed = verdict.unnamed.iter().filter(|_| options.unnamed);
    let unnamed = unnamed.map(|chain| format!("chain {chain}: no log line names its last row"));
    for line in verdict.problems.iter().cloned().chain(unnamed).chain(verdict.summary) {
        ui::print(format!("{line}\n"));
    }
    if verdict.problems.is_empty() {
        return Ok(());
    }
    let problem = "the audit trail is not as it was written";
    let meaning = "each line names the first wrong row of a chain, and the rows after it are not \
        certain either";
    Err(format!("{problem}, as listed above: {meaning}; docs/operations.md says what to do").into())
}

impl Options {
    fn logs(&self, opened: &Opened) -> Result<Vec<PathBuf>> {
        if !self.log.is_empty() {
            return Ok(self.log.clone());
        }
        match self.target.local_folder()? {
            Some(folder) => Ok(logs_in(&folder, opened.is_shared())?),
            None => Ok(Vec::new()),
        }
    }
}

/// Reads everything and compares it. `retention` is how long rows stay in the table.
pub(super) async fn verify(
    store: &Store,
    sources: Sources,
    retention: Duration,
    now: Timestamp,
) -> Result<Verdict> {
    // The log and the archive before the table: what they name was in the table before.
    let read = move || {
        let named = Named::read(&sources.logs)?;
        let archive = sources.archive.as_deref().map(Archive::read).transpose()?;
        Ok::<_, Failure>((named, archive))
    };
    // On another thread, so that the command can be stopped.
    let (named, mut archive) = spawn_blocking(read).await??;
    let mut table = Verification::default();
    for (head, at) in &named.rows {
        table.add_witness(head.clone(), *at);
    }
    let mut pages = Pages::of(store, "Verifying").await?;
    while let Some(items) = pages.next().await? {
        for item in items.iter().filter(|item| !item.is_in_view()) {
            item.add_to(&mut table);
            if let Some(archive) = &mut archive {
                archive.compare(&item.stored());
            }
        }
    }
    drop(pages);
    let report = table.report(retention, now);
    let mut verdict = Verdict {
        problems: problems_in(&report),
        summary: Vec::new(),
        unnamed: Vec::new(),
        warnings: warnings(&named),
    };
    let found = verdict.problems.len();
    verdict.summary.push(summary(&report, "the log", found));
    if let Some(archive) = archive {
        let Verified { report, problems } = archive.verified(&named.rows, now);
        let mut found = problems_in(&report);
        found.extend(problems);
        let summary = summary(&report, "the log or a digest", found.len());
        verdict.summary.push(format!("archive: {summary}"));
        verdict.problems.extend(found.into_iter().map(|problem| format!("archive: {problem}")));
    }
    if !named.rows.is_empty() && !report.unwitnessed.is_empty() {
        let chains = count(report.unwitnessed.len(), "chain");
        let causes = "the log is not complete, a process ended before it wrote its line, \
            or an operator's command wrote the row";
        verdict.summary.push(format!("no log line names the last row of {chains}: {causes}"));
        verdict.unnamed.extend(report.unwitnessed);
    }
    Ok(verdict)
}

fn problems_in(report: &Report) -> Vec<String> {
    let rows = report.findings.iter().map(|(place, problem)| format!("{place}: {problem}"));
    let others = report.strangers.iter().map(|key| format!("the item {key} is no row"));
    rows.chain(others).collect()
}

/// Returns the numbers of a report, with the number of problems. `witness` is what names the rows.
fn summary(report: &Report, witness: &str, problems: usize) -> String {
    let rows = count(report.rows, "row");
    let chains = count(report.chains, "chain");
    let verdict = match problems {
        0 => "no row is wrong".to_owned(),
        _ => format!("{}, listed above", count(problems, "problem")),
    };
    format!("{rows} in {chains}, {} named by {witness}: {verdict}", report.witnesses)
}

fn warnings(named: &Named) -> Vec<String> {
    let mut warnings = Vec::new();
    if named.rows.is_empty() {
        let unseen = "a removed end of a chain, a removed chain and hashes that were computed anew";
        warnings.push(format!("no log line names a row, so {unseen} do not show; see --log"));
    }
    if named.unreadable > 0 {
        let lines = count(named.unreadable, "log line");
        warnings.push(format!("{lines} cannot be read, so their rows are not compared"));
    }
    warnings
}
