//! `cargo ops migrate`: brings the data of an older version into the form that this version expects.

use indicatif::ProgressBar;
use repo::template::{Index, Template};
use shared::audit::Subjects;
use shared::model::timestamp::Timestamp;
use shared::store::{Collision, IndexState, Reindex, SchemaState, Step, Store, TableIndex};

use crate::older_target::OlderTarget;
use crate::patience::patiently;
use crate::schema::newer;
use crate::stop::unless_stopped;
use crate::target::Opened;
use crate::{Result, ui};

/// The number of items that a step reads.
const PAGE: i32 = 500;

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    target: OlderTarget,
}

pub async fn run(options: &Options) -> Result {
    let indexes = indexes(&Template::load()?)?;
    let target = unless_stopped(options.target.open(), false).await?.ok_or("stopped")??;
    let recorded = options.target.recorded_as("ops migrate", &target)?;
    let arguments = options.target.arguments();
    let collisions = match unless_stopped(work(&target, &recorded, &indexes), false).await? {
        Some(Ok(collisions)) => collisions,
        Some(Err(error)) => return Err(error),
        None => {
            let again = format!("`cargo ops migrate{arguments}`");
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

/// Does the work to its end, or finds out that it cannot be done. Before the first change, puts one row for all records
/// into the audit trail, because nobody asked for any of the changes: it says that the command ran, and not that it came
/// to its end. Returns the collisions that prevent it.
async fn work(target: &Opened, recorded: &Store, indexes: &[TableIndex]) -> Result<Vec<Collision>> {
    if target.store.operator().schema().await? == SchemaState::Newer {
        return Err(newer());
    }
    recorded.operator().record(Subjects::default()).await?;
    replace(target, indexes).await?;
    migrate(&target.store, PAGE).await
}

/// Returns the indexes of the main table, as the template defines them.
fn indexes(template: &Template) -> Result<Vec<TableIndex>> {
    let table = template.tables.get("Table").ok_or("template.yaml has no table Table")?;
    table.global_secondary_indexes.iter().map(index).collect()
}

fn index(index: &Index) -> Result<TableIndex> {
    let Index { index_name: name, key_schema, projection } = index;
    let key = |role: &str| {
        let key = key_schema.iter().find(|key| key.key_type == role);
        key.map(|key| key.attribute_name.clone())
    };
    let keys = key("HASH").zip(key("RANGE"));
    let (partition_key, sort_key) =
        keys.ok_or_else(|| format!("the index {name} of template.yaml lacks a key"))?;
    let attributes = projection.non_key_attributes.iter().cloned().collect();
    Ok(TableIndex {
        name: name.clone(),
        keys: [partition_key, sort_key],
        attributes: (projection.projection_type != "ALL").then_some(attributes),
    })
}

/// Replaces each index that differs from the template's. Refuses such an index of a stack, because CloudFormation must
/// replace it.
async fn replace(target: &Opened, indexes: &[TableIndex]) -> Result {
    let operator = target.store.operator();
    for index in indexes {
        let name = &index.name;
        match operator.index_state(index).await? {
            IndexState::Current => {}
            // The next deployment creates it.
            IndexState::Missing if target.is_stack => {}
            IndexState::Different if target.is_stack => {
                let problem =
                    format!("the table's index {name} has other attributes than this version's");
                let reason = "CloudFormation cannot change an index";
                let way_out = "first deploy the former version without it, as CHANGELOG.md says";
                return Err(format!("{problem}, and {reason}: {way_out}").into());
            }
            IndexState::Missing | IndexState::Different => {
                ui::status("Replacing", format!("the index {name}"));
                operator.replace_index(index).await?;
            }
        }
    }
    Ok(())
}

/// Does the work to its end. Returns the collisions that prevent it.
async fn migrate(store: &Store, page: i32) -> Result<Vec<Collision>> {
    let operator = store.operator();
    let mut run = operator.reindex(page, Timestamp::system()).await?;
    let progress = ui::progress("Migrating", operator.item_count().await?)?;
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
    progress.set_prefix(if run.is_removing() { "Checking" } else { "Migrating" });
}

/// Returns which records collide, without the value, and the command that changes one of them.
fn describe(Collision { kind, field, id, other }: &Collision, arguments: &str) -> String {
    let option = field.replace('_', "-");
    let command = format!("cargo ops rename {kind} {id} --{option} NEW{arguments}");
    format!("{kind} {id}: {field}: {kind} {other} has the same: {command}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use repo::template::TABLE_NAMES;
    use shared::store::client;
    use shared::testing::emulator::{self, Emulator, create_tables};

    use super::*;

    async fn opened(emulator: &Emulator, is_stack: bool) -> Opened {
        let client = client(&emulator::settings(emulator.endpoint()));
        create_tables(&client, &Template::load().unwrap()).await.unwrap();
        let store = Store::new(client, TABLE_NAMES.map(str::to_owned));
        Opened::new(store, is_stack)
    }

    #[tokio::test]
    async fn indexes_with_other_attributes_are_replaced_except_in_a_stack() {
        let emulator = Emulator::in_memory().await.unwrap();
        let local = opened(&emulator, false).await;
        let stack = opened(&emulator, true).await;
        let indexes = indexes(&Template::load().unwrap()).unwrap();
        assert_eq!(indexes.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["gsi1", "gsi2"]);
        let operator = local.store.operator();
        replace(&stack, &indexes).await.unwrap();

        for index in &indexes {
            let attributes = Some(BTreeSet::from(["id".to_owned(), "last_name".to_owned()]));
            operator.replace_index(&TableIndex { attributes, ..index.clone() }).await.unwrap();
            assert_eq!(operator.index_state(index).await.unwrap(), IndexState::Different);
            let error = replace(&stack, &indexes).await.unwrap_err().to_string();
            assert!(error.contains(&index.name) && error.contains("CHANGELOG.md"), "{error}");
            replace(&local, &indexes).await.unwrap();
            replace(&stack, &indexes).await.unwrap();
        }
        for index in &indexes {
            let other = TableIndex { attributes: None, ..index.clone() };
            operator.replace_index(&other).await.unwrap();
        }
        replace(&local, &indexes).await.unwrap();
        replace(&stack, &indexes).await.unwrap();
    }

    #[tokio::test]
    async fn empty_table_gets_the_version() {
        let emulator = Emulator::in_memory().await.unwrap();
        let local = opened(&emulator, false).await;
        assert_eq!(local.store.operator().schema().await.unwrap(), SchemaState::Empty);
        assert!(migrate(&local.store, 1).await.unwrap().is_empty());
        assert_eq!(local.store.operator().schema().await.unwrap(), SchemaState::Current);
    }

    /// Returns the operations of the rows in the audit trail.
    async fn recorded(opened: &Opened) -> Vec<String> {
        let operator = opened.store.operator();
        let items = operator.scan_trail(10).next_page().await.unwrap().unwrap();
        let rows = items.iter().filter_map(|item| item.stored().row());
        rows.map(|row| row.facts.operation.into_owned()).collect()
    }

    #[tokio::test]
    async fn run_is_one_row_of_the_audit_trail() {
        let emulator = Emulator::in_memory().await.unwrap();
        let local = opened(&emulator, false).await;
        let store = local.recorded_as("ops migrate").unwrap();
        assert!(work(&local, &store, &[]).await.unwrap().is_empty());
        assert_eq!(recorded(&local).await, ["ops migrate"]);
    }

    #[tokio::test]
    async fn run_that_fails_is_recorded_before_it_changes_anything() {
        let emulator = Emulator::in_memory().await.unwrap();
        let stack = opened(&emulator, true).await;
        let indexes = indexes(&Template::load().unwrap()).unwrap();
        let others: Vec<_> = indexes
            .into_iter()
            .map(|index| TableIndex { attributes: Some(BTreeSet::new()), ..index })
            .collect();
        let store = stack.recorded_as("ops migrate").unwrap();
        work(&stack, &store, &others).await.unwrap_err();
        assert_eq!(recorded(&stack).await, ["ops migrate"]);
        assert_eq!(stack.store.operator().schema().await.unwrap(), SchemaState::Empty);
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
