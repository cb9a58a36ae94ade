//! `cargo ops reindex`: brings the data of an older version into the form that this version expects.

use std::collections::BTreeSet;

use indicatif::ProgressBar;
use repo::template::Template;
use shared::store::{Collision, GSI2, ListIndex, Reindex, SchemaState, Step, Store};

use crate::patience::patiently;
use crate::schema::newer;
use crate::stop::unless_stopped;
use crate::target::{Opened, Target};
use crate::{Result, ui};

/// The number of items that a step reads.
const PAGE: i32 = 500;

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,
}

pub async fn run(options: &Options) -> Result {
    let attributes = listed(&Template::load()?)?;
    let target = unless_stopped(options.target.open(), false).await?.ok_or("stopped")??;
    let arguments = options.target.arguments();
    let work = async {
        check(&target, &attributes).await?;
        reindex(&target.store, PAGE).await
    };
    let collisions = match unless_stopped(work, false).await? {
        Some(Ok(collisions)) => collisions,
        Some(Err(error)) => return Err(error),
        None => {
            let again = format!("`cargo ops reindex{arguments}`");
            return Err(format!("stopped: run {again} again to continue").into());
        }
    };
    if collisions.is_empty() {
        ui::print("the data are in the form of this version\n");
        return Ok(());
    }
    for collision in &collisions {
        ui::print(format!("{}\n", describe(collision, &arguments)));
    }
    let problem = "two records have the same value, which must be unique now";
    let way_out = "change one of each two, then run the same command again";
    Err(format!("{problem}, as listed above: {way_out}").into())
}

/// Returns the attributes that the index of lists must hold besides its keys.
fn listed(template: &Template) -> Result<BTreeSet<String>> {
    let indexes = template.tables.get("Table").map(|table| &table.global_secondary_indexes);
    let index = indexes.into_iter().flatten().find(|index| index.index_name == GSI2);
    let index = index.ok_or("template.yaml has no table with the index gsi2")?;
    Ok(index.projection.non_key_attributes.iter().cloned().collect())
}

/// Checks that the work can begin, and replaces an index of lists that holds other attributes, except in a stack, where
/// CloudFormation must do it.
async fn check(target: &Opened, attributes: &BTreeSet<String>) -> Result {
    let operator = target.store.operator();
    if operator.schema().await? == SchemaState::Newer {
        return Err(newer());
    }
    match operator.list_index(attributes).await? {
        ListIndex::Current => Ok(()),
        // The next deployment creates it.
        ListIndex::Missing if target.is_stack => Ok(()),
        ListIndex::Different if target.is_stack => {
            let problem =
                "the table's index gsi2 lacks attributes, or has others than this version";
            let reason = "CloudFormation cannot change an index";
            let way_out = "first deploy the former version without it, as CHANGELOG.md says";
            Err(format!("{problem}, and {reason}: {way_out}").into())
        }
        ListIndex::Missing | ListIndex::Different => {
            ui::status("Replacing", "the index gsi2");
            Ok(operator.replace_list_index(attributes).await?)
        }
    }
}

/// Does the work to its end. Returns the collisions that prevent it.
async fn reindex(store: &Store, page: i32) -> Result<Vec<Collision>> {
    let operator = store.operator();
    let mut run = operator.reindex(page).await?;
    let progress = ui::progress("Indexing", operator.item_count().await?)?;
    loop {
        let step = patiently(async || run.step().await).await;
        match step.map_err(|error| format!("{error}; run the same command again to continue"))? {
            Step::More => show(&progress, &run),
            Step::Collided(collisions) => return Ok(collisions),
            Step::Done => return Ok(Vec::new()),
        }
    }
}

fn show(progress: &ProgressBar, run: &Reindex<'_>) {
    // The number of items was an estimate.
    progress.set_length(progress.length().unwrap_or_default().max(run.items()));
    progress.set_position(run.items());
    progress.set_prefix(if run.is_removing() { "Checking" } else { "Indexing" });
}

/// Returns which records collide, without the value, and the command that changes one of them.
fn describe(Collision { kind, field, id, other }: &Collision, arguments: &str) -> String {
    let option = field.replace('_', "-");
    let command = format!("cargo ops rename {kind} {id} --{option} NEW{arguments}");
    format!("{kind} {id}: {field}: {kind} {other} has the same: {command}")
}

#[cfg(test)]
mod tests {
    use repo::template::{KEYS_TABLE_NAME, TABLE_NAME};
    use shared::store::client;
    use shared::testing::emulator::{self, Emulator, create_tables};

    use super::*;

    async fn opened(emulator: &Emulator, is_stack: bool) -> Opened {
        let client = client(&emulator::settings(emulator.endpoint()));
        create_tables(&client, &Template::load().unwrap()).await.unwrap();
        let store = Store::new(client, TABLE_NAME.to_owned(), KEYS_TABLE_NAME.to_owned());
        Opened::new(store, is_stack)
    }

    #[tokio::test]
    async fn index_with_other_attributes_is_replaced_except_in_a_stack() {
        let emulator = Emulator::in_memory().await.unwrap();
        let local = opened(&emulator, false).await;
        let stack = opened(&emulator, true).await;
        let attributes = listed(&Template::load().unwrap()).unwrap();
        let operator = local.store.operator();
        check(&stack, &attributes).await.unwrap();

        let old = BTreeSet::from(["id".to_owned(), "last_name".to_owned()]);
        operator.replace_list_index(&old).await.unwrap();
        let error = check(&stack, &attributes).await.unwrap_err().to_string();
        assert!(error.contains("CHANGELOG.md"), "{error}");
        check(&local, &attributes).await.unwrap();
        assert_eq!(operator.list_index(&attributes).await.unwrap(), ListIndex::Current);
    }

    #[tokio::test]
    async fn empty_table_gets_the_version() {
        let emulator = Emulator::in_memory().await.unwrap();
        let local = opened(&emulator, false).await;
        assert_eq!(local.store.operator().schema().await.unwrap(), SchemaState::Empty);
        assert!(reindex(&local.store, 1).await.unwrap().is_empty());
        assert_eq!(local.store.operator().schema().await.unwrap(), SchemaState::Current);
    }

    #[test]
    fn collision_is_described_with_its_command() {
        let collision = Collision { kind: "doctor", field: "license_number", id: 7, other: 3 };
        assert_eq!(
            describe(&collision, " --table t"),
            "doctor 7: license_number: doctor 3 has the same: \
             cargo ops rename doctor 7 --license-number NEW --table t"
        );
    }
}
