//! `cargo ops audit find`: prints rows of the audit trail, those of lists included.

use shared::audit::{Row, Subjects};
use shared::model::date::Date;
use shared::model::id::{PatientId, UserId};
use shared::store::Store;

use super::count;
use super::pages::Pages;
use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Failure, Result, ui};

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    criteria: Criteria,

    #[command(flatten)]
    target: Target,
}

// All of them must hold. Without a doc comment, because clap would show it as the command's description.
#[derive(clap::Args, Default)]
#[group(required = true, multiple = true)]
pub(super) struct Criteria {
    /// Id of a patient whom the row names
    #[arg(long, value_name = "ID")]
    pub patient: Option<PatientId>,

    /// Id of the account that made the request
    #[arg(long, value_name = "ID")]
    pub actor: Option<UserId>,

    /// Day of the row in UTC: YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub day: Option<Date>,
}

/// The rows that were found.
pub(super) struct Found {
    /// The texts of the rows, in the order of time.
    pub rows: Vec<String>,
    /// The number of items that are no rows as they were written.
    pub wrong: usize,
}

pub async fn run(Options { criteria, target }: &Options) -> Result {
    let target = unless_stopped(target.open(), false).await?.ok_or("stopped")??;
    let store = target.recorded_as("ops audit find")?;
    let work = async {
        let found = find(&store, criteria).await?;
        // Before the rows are shown.
        store.operator().record(criteria.subjects()).await?;
        Ok::<_, Failure>(found)
    };
    let Found { rows, wrong } = unless_stopped(work, false).await?.ok_or("stopped")??;
    for row in &rows {
        ui::print(format!("{row}\n"));
    }
    if wrong > 0 {
        let items = count(wrong, "item");
        ui::warning(format!("{items} cannot be read; `cargo ops audit verify` names them"));
    }
    ui::status("Found", count(rows.len(), "row"));
    Ok(())
}

pub(super) async fn find(store: &Store, criteria: &Criteria) -> Result<Found> {
    let (mut found, mut wrong) = (Vec::new(), 0);
    let mut pages = Pages::of(store, "Searching").await?;
    while let Some(items) = pages.next().await? {
        for item in items.iter().filter(|item| !item.is_in_view()) {
            let stored = item.stored();
            match stored.row() {
                Some(row) if criteria.hold_for(&row) => found.push((row.at, row.place, stored.row)),
                Some(_) => {}
                None => wrong += 1,
            }
        }
    }
    found.sort();
    Ok(Found { rows: found.into_iter().map(|(_, _, text)| text).collect(), wrong })
}

impl Criteria {
    fn hold_for(&self, row: &Row) -> bool {
        let Row { facts, at, .. } = row;
        self.patient.is_none_or(|id| facts.subjects.patients.contains(&id))
            && self.actor.is_none_or(|id| facts.actor == Some(id))
            && self.day.is_none_or(|day| day.iso() == at.utc_date())
    }

    /// Returns whom the search is about.
    fn subjects(&self) -> Subjects {
        Subjects {
            patients: self.patient.into_iter().collect(),
            accounts: self.actor.into_iter().collect(),
            ..Subjects::default()
        }
    }
}
