//! A read of the trail's whole table, with progress.

use indicatif::ProgressBar;
use shared::store::{Store, TrailItem, TrailScan};

use crate::patience::patiently;
use crate::{Result, ui};

/// The number of items that a page has at most.
const PAGE: i32 = 500;

/// The pages of the table, and the bar that shows how many items have been read.
pub struct Pages<'a> {
    scan: TrailScan<'a>,
    progress: ProgressBar,
}

impl<'a> Pages<'a> {
    pub async fn of(store: &'a Store, verb: &'static str) -> Result<Self> {
        let operator = store.operator();
        let progress = ui::progress(verb, operator.trail_item_count().await?)?;
        Ok(Self { scan: operator.scan_trail(PAGE), progress })
    }

    /// Returns the items of the next page; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<TrailItem>>> {
        let Self { scan, progress } = self;
        let page = patiently(async || scan.next_page().await).await?;
        progress.inc(u64::try_from(page.as_ref().map_or(0, Vec::len))?);
        // The number of items was an estimate.
        progress.set_length(progress.length().unwrap_or_default().max(progress.position()));
        Ok(page)
    }
}
