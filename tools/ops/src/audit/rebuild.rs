//! `cargo ops audit rebuild`: makes the views of the audit trail as its rows say, and writes the rows into the archive.

use clap::builder::NonEmptyStringValueParser;
use shared::archive::Archive;
use shared::audit::{StoredRow, Subjects};
use shared::model::date::Date;
use shared::model::timestamp::Timestamp;
use shared::store::{Store, TrailItem};

use super::count;
use super::pages::Pages;
use super::views::{Differences, Views};
use crate::aws;
use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Result, ui};

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,

    /// Bucket of the archive: write the rows into it, too. Rows that it has already do no harm
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    archive_bucket: Option<String>,

    /// Only rows and items of views of this day or later, in UTC: YYYY-MM-DD [default: all]
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
}

/// The result, in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rebuilt {
    pub rows: usize,
    /// The rows that are not as they were written. They are in no view.
    pub wrong: usize,
    /// The items of views that were mended.
    pub mended: Differences,
}

pub async fn run(Options { target, archive_bucket, since }: &Options) -> Result {
    let archive = archive_bucket.as_ref().map(|name| archive_in(name)).transpose()?;
    let target = unless_stopped(target.open(), false).await?.ok_or("stopped")??;
    let store = target.recorded_as("ops audit rebuild")?;
    let work = async {
        // Before anything is written.
        store.operator().record(Subjects::default()).await?;
        rebuild(&store, archive.as_ref(), *since, Timestamp::system()).await
    };
    let again = "run the same command again to do the rest";
    let rebuilt = unless_stopped(work, false).await?;
    let rebuilt = rebuilt.ok_or_else(|| format!("stopped; {again}"))?;
    let Rebuilt { rows, wrong, mended } = rebuilt.map_err(|error| format!("{error}; {again}"))?;
    let Differences { missing, changed, invented } = mended;
    let mended = format!("{missing} put, {changed} replaced, {invented} removed");
    ui::print(format!("{} compared with the views: {mended}\n", count(rows, "row")));
    if archive.is_some() {
        ui::print(format!("{} written into the archive\n", count(rows, "row")));
    }
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

/// Makes the views of a day and later as the rows say, and puts these rows into the archive. Repeating it changes
/// nothing in the views, and archives the rows again.
pub(super) async fn rebuild(
    store: &Store,
    archive: Option<&Archive>,
    since: Option<Date>,
    now: Timestamp,
) -> Result<Rebuilt> {
    let since = since.map(Date::iso).unwrap_or_default();
    let mut rebuilt = Rebuilt::default();
    let mut views = Views::since(store, since.clone(), now);
    let mut pages = Pages::of(store, "Rebuilding").await?;
    // The pages also have items of views that were put on the way. They are right.
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
            // Differs from each sequence number of the stream.
            let number = format!("rebuilt-{}-{}", first.pk, first.sk).replace('#', "-");
            archive.put_rows(now, &number, &rows).await?;
        }
        views.mend(&items).await?;
        rebuilt.rows += rows.len();
    }
    rebuilt.mended = views.differences();
    Ok(rebuilt)
}
