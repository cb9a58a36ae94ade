//! `cargo ops audit rebuild`: writes the views of the audit trail again, and the rows into the archive.

use shared::archive::Archive;
use shared::audit::{StoredRow, Subjects};
use shared::model::date::Date;
use shared::model::timestamp::Timestamp;
use shared::store::{Store, TrailItem};

use super::count;
use super::pages::Pages;
use crate::aws;
use crate::patience::patiently;
use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Failure, Result, ui};

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,

    /// Bucket of the archive: write the rows into it, too. Rows that it has already do no harm
    #[arg(long, value_name = "NAME")]
    archive_bucket: Option<String>,

    /// Write only rows of this day or later, in UTC: YYYY-MM-DD [default: all]
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
}

/// The numbers of rows that were written, and of items that are no rows as they were written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rebuilt {
    pub rows: usize,
    pub wrong: usize,
}

pub async fn run(Options { target, archive_bucket, since }: &Options) -> Result {
    let archive = archive_bucket.as_ref().map(|name| archive_in(name)).transpose()?;
    let target = unless_stopped(target.open(), false).await?.ok_or("stopped")??;
    let store = target.recorded_as("ops audit rebuild")?;
    let work = async {
        let rebuilt = rebuild(&store, archive.as_ref(), *since, Timestamp::system()).await?;
        store.operator().record(Subjects::default()).await?;
        Ok::<_, Failure>(rebuilt)
    };
    let again = "run the same command again to write everything";
    let rebuilt = unless_stopped(work, false).await?;
    let rebuilt = rebuilt.ok_or_else(|| format!("stopped; {again}"))?;
    let Rebuilt { rows, wrong } = rebuilt.map_err(|error| format!("{error}; {again}"))?;
    let places = if archive.is_some() { "the views and the archive" } else { "the views" };
    ui::print(format!("{} written into {places}\n", count(rows, "row")));
    if wrong > 0 {
        let items = count(wrong, "item");
        ui::warning(format!("{items} cannot be read; `cargo ops audit verify` names them"));
    }
    Ok(())
}

/// Returns the archive in a bucket of the region that the usual variables name.
fn archive_in(bucket: &str) -> Result<Archive> {
    let aws = aws::from_variables(None);
    let aws = aws.map_err(|problem| format!("{problem} to use the bucket {bucket}"))?;
    Ok(Archive::in_bucket(&aws, None, bucket.to_owned()))
}

/// Puts the rows since a day into their views, and into the archive. Repeating it changes nothing in the views, and
/// archives the rows again.
pub(super) async fn rebuild(
    store: &Store,
    archive: Option<&Archive>,
    since: Option<Date>,
    now: Timestamp,
) -> Result<Rebuilt> {
    let since = since.map(Date::iso).unwrap_or_default();
    let mut rebuilt = Rebuilt::default();
    let mut pages = Pages::of(store, "Rebuilding").await?;
    // It also reads the views that it writes on the way, and leaves them out.
    while let Some(items) = pages.next().await? {
        let mut rows: Vec<StoredRow> = Vec::new();
        for stored in items.iter().filter(|item| !item.is_in_view()).map(TrailItem::stored) {
            match stored.row() {
                Some(row) if row.at.utc_date() >= since => rows.push(stored),
                Some(_) => {}
                None => rebuilt.wrong += 1,
            }
        }
        if let (Some(archive), Some(first)) = (archive, rows.first()) {
            // No number of the stream's is like it.
            let number = format!("rebuilt-{}-{}", first.pk, first.sk).replace('#', "-");
            archive.put_rows(now, &number, &rows).await?;
        }
        patiently(async || store.put_views(&rows).await).await?;
        rebuilt.rows += rows.len();
    }
    Ok(rebuilt)
}
