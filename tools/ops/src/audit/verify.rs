//! `cargo ops audit verify`: checks that every row of the audit trail is as it was written, that no row is missing, and
//! that the views are as the rows say.

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
use super::public_key::PublicKey;
use super::views::Views;
use crate::stop::unless_stopped;
use crate::target::{Opened, Target};
use crate::{Result, ui};

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

    /// When the archive was copied, such as 2026-01-31T12:00:00Z: it must have all rows that are a
    /// day older [default: now]
    #[arg(long, value_name = "TIME", requires = "archive")]
    archive_as_of: Option<Timestamp>,

    /// PEM file with the public key that the signatures of the archive's digests are checked with
    #[arg(long, value_name = "FILE", requires = "archive")]
    signing_key: Option<PathBuf>,

    /// List the chains whose last row no log line names
    #[arg(long)]
    unnamed: bool,
}

/// The sources that the table is compared with.
#[derive(Default, Clone)]
pub(super) struct Sources {
    pub logs: Vec<PathBuf>,
    pub archive: Option<PathBuf>,
    /// When the archive was copied; `None`: now.
    pub archive_as_of: Option<Timestamp>,
    /// The public key of the digests' signatures.
    pub signing_key: Option<PathBuf>,
    /// Whether the data are those of `cargo dev`. It makes views of the rows that its log names, so other rows need not
    /// be in their views.
    pub is_local: bool,
}

/// The result, in words.
pub(super) struct Verdict {
    /// The problems of rows, one in a line.
    pub problems: Vec<String>,
    /// The problems of views, one in a line.
    pub views: Vec<String>,
    pub summary: Vec<String>,
    /// The chains whose last row no log line names.
    pub unnamed: Vec<String>,
    /// The comparisons that were not possible, one in a line.
    pub warnings: Vec<String>,
}

pub async fn run(options: &Options) -> Result {
    let target = unless_stopped(options.target.open(), false).await?.ok_or("stopped")??;
    let sources = Sources {
        logs: options.logs(&target)?,
        archive: options.archive.clone(),
        archive_as_of: options.archive_as_of,
        signing_key: options.signing_key.clone(),
        is_local: !target.is_stack,
    };
    let work = verify(target.with_trail()?, sources, target.retention(), Timestamp::system());
    let verdict = unless_stopped(work, false).await?.ok_or("stopped")??;
    for warning in &verdict.warnings {
        ui::warning(warning);
    }
    let unnamed = verdict.unnamed.iter().filter(|_| options.unnamed);
    let unnamed = unnamed.map(|chain| format!("chain {chain}: no log line names its last row"));
    let problems = verdict.problems.iter().chain(&verdict.views).cloned();
    for line in problems.chain(unnamed).chain(verdict.summary) {
        ui::print(format!("{line}\n"));
    }
    outcome(!verdict.problems.is_empty(), !verdict.views.is_empty())
}

/// Returns the error that says what is wrong: rows, views or both.
fn outcome(is_trail_wrong: bool, are_views_wrong: bool) -> Result {
    if is_trail_wrong {
        let problem = "the audit trail is not as it was written";
        let meaning = "a line about a chain names its first wrong row, and the rows after it are \
            not certain either";
        let what_next = "docs/operations.md says what to do";
        return Err(format!("{problem}, as listed above: {meaning}; {what_next}").into());
    }
    if are_views_wrong {
        let problem = "the rows of the audit trail are right, but not its views";
        let mended = "`cargo ops audit rebuild` mends them; docs/operations.md says who may have \
            changed them";
        return Err(format!("{problem}, as listed above: {mended}").into());
    }
    Ok(())
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
    let is_local = sources.is_local;
    // The log and the archive are read before the table: the rows that they name were in the table before.
    // On another thread, so that the command can be stopped.
    let (named, mut archive) = spawn_blocking(move || read(&sources, now)).await??;
    let warnings = warnings(&named, archive.as_ref());
    let mut table = Verification::default();
    for (head, at) in &named.rows {
        table.add_witness(head.clone(), *at);
    }
    let mut views = Views::of(store, now);
    let mut pages = Pages::of(store, "Verifying").await?;
    while let Some(items) = pages.next().await? {
        for item in items.iter().filter(|item| !item.is_in_view()) {
            item.add_to(&mut table);
            if let Some(archive) = &mut archive {
                archive.compare(&item.stored());
            }
        }
        views.compare(&items).await?;
    }
    drop(pages);
    let report = table.report(retention, now);
    let problems = problems_in(&report);
    let summary = vec![summary(&report, "the log", problems.len())];
    let mut verdict =
        Verdict { problems, views: Vec::new(), summary, unnamed: Vec::new(), warnings };
    if let Some(archive) = archive {
        verdict.add_archive(archive.verified(&named.rows, now));
    }
    if !named.rows.is_empty() && !report.unwitnessed.is_empty() {
        let chains = count(report.unwitnessed.len(), "chain");
        let causes = "the log is not complete, a process ended before it wrote its line, \
            an operator's command wrote the row, or somebody added it; see --unnamed";
        verdict.summary.push(format!("no log line names the last row of {chains}: {causes}"));
        verdict.unnamed.extend(report.unwitnessed);
    }
    verdict.add_views(views, is_local);
    Ok(verdict)
}

/// Reads the log and the archive.
fn read(sources: &Sources, now: Timestamp) -> Result<(Named, Option<Archive>)> {
    let named = Named::read(&sources.logs)?;
    let key = sources.signing_key.as_deref().map(PublicKey::read).transpose()?;
    let copied_at = sources.archive_as_of.unwrap_or(now);
    let archive = sources.archive.as_deref();
    let archive = archive.map(|folder| Archive::read(folder, key.as_ref(), copied_at));
    Ok((named, archive.transpose()?))
}

impl Verdict {
    fn add_archive(&mut self, Verified { report, problems, signatures }: Verified) {
        let mut found = problems_in(&report);
        found.extend(problems);
        let summary = summary(&report, "the log or a digest", found.len());
        self.summary.push(format!("archive: {summary}"));
        self.summary.extend(signatures.map(|it| format!("archive: {it}")));
        self.problems.extend(found.into_iter().map(|problem| format!("archive: {problem}")));
    }

    fn add_views(&mut self, mut views: Views<'_>, is_local: bool) {
        let missing = if is_local { views.take_missing() } else { 0 };
        let verdict = match views.differences().total() {
            0 => "no item is wrong".to_owned(),
            problems => format!("{}, listed above", count(problems, "problem")),
        };
        self.summary.push(format!("views: {verdict}"));
        if missing > 0 {
            let cause = "`cargo ops` wrote their rows, or `cargo dev` was stopped first";
            let mended = "`cargo ops audit rebuild` puts them";
            let missing = count(missing, "missing item");
            self.summary.push(format!("views: {missing}: {cause}; {mended}"));
        }
        self.views = views.lines();
    }
}

fn problems_in(report: &Report) -> Vec<String> {
    let rows = report.findings.iter().map(|(place, problem)| format!("{place}: {problem}"));
    let others = report.strangers.iter().map(|key| format!("the item {key} is no row"));
    rows.chain(others).collect()
}

/// Returns the numbers of a report, with the number of problems. `witness` names rows: the log, or also digests.
fn summary(report: &Report, witness: &str, problems: usize) -> String {
    let rows = count(report.rows, "row");
    let chains = count(report.chains, "chain");
    let verdict = match problems {
        0 => "no row is wrong".to_owned(),
        _ => format!("{}, listed above", count(problems, "problem")),
    };
    format!("{rows} in {chains}, {} named by {witness}: {verdict}", report.witnesses)
}

fn warnings(named: &Named, archive: Option<&Archive>) -> Vec<String> {
    let mut warnings = Vec::new();
    if named.rows.is_empty() {
        warnings.push(without_log(archive));
    }
    if named.unreadable > 0 {
        let lines = count(named.unreadable, "log line");
        warnings.push(format!("{lines} cannot be read, so their rows are not compared"));
    }
    warnings
}

/// Returns the warning that no log line names a row. With an archive, the archive and its digests are compared instead.
fn without_log(archive: Option<&Archive>) -> String {
    let unseen = "a removed end of a chain, a removed chain and hashes that were computed anew";
    match archive.map(Archive::has_digests) {
        None => {
            format!("no log line names a row, so {unseen} do not show; see --log and --archive")
        }
        Some(false) => format!(
            "no log line names a row, and the archive has no digests: the table and the archive \
             are compared with each other only, so {unseen} do not show if both were changed; see \
             --log"
        ),
        Some(true) => "no log line names a row: the table is compared with the archive, and the \
            archive with its digests, so a row that was removed before it was archived does not \
            show; see --log"
            .to_owned(),
    }
}
