//! A table with a number of patients.

use std::collections::HashMap;
use std::sync::mpsc::sync_channel;
use std::thread::{available_parallelism, scope};

use fastrand::Rng;
use ops::{Result, ui};
use shared::model::user::Role;
use shared::testing::emulator::{AttributeValue, Emulator, Item};
use shared::testing::{Actor, World, bulk};

use super::people::People;

/// The number of patients that are imported at once.
const BATCH: u64 = 5_000;

/// The number of batches that wait to be imported.
const WAITING: usize = 4;

/// The values in the index: the first part of their partitions, and what they are.
pub const VALUES: [(&str, &str); 4] = [
    ("NAME", "words of names"),
    ("BORN", "birth dates"),
    ("PHONE", "phones"),
    ("IDENTIFIER", "identifiers"),
];

pub struct Clinic {
    pub world: World,
    /// Somebody who may search.
    pub staff: Actor,
    pub size: u64,
    pub partitions: Partitions,
}

/// The number of rows in each partition of the index.
#[derive(Default)]
pub struct Partitions(HashMap<String, u64>);

impl Clinic {
    pub async fn new(size: u64) -> Result<Self> {
        let world = World::new().await;
        let staff = world.actor(Role::Staff).await;
        let partitions = load(&world.emulator, size)?;
        Ok(Self { world, staff, size, partitions })
    }
}

/// Adds patients. Threads make their rows while this one imports them. All sizes begin with the same patients.
fn load(emulator: &Emulator, size: u64) -> Result<Partitions> {
    let people = People::new();
    let threads = available_parallelism()?.get();
    let progress = ui::progress("Adding", size)?;
    let mut partitions = Partitions::default();
    scope(|scope| {
        let (sender, batches) = sync_channel(WAITING);
        for thread in 0..threads {
            let (sender, people) = (sender.clone(), &people);
            scope.spawn(move || {
                for number in (0..size.div_ceil(BATCH)).skip(thread).step_by(threads) {
                    // The receiver has ended if an import failed.
                    if sender.send(batch(people, number, size)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for batch in batches {
            let rows = batch?;
            partitions.count(&rows);
            emulator.import(rows)?;
            progress.inc(BATCH);
        }
        Ok(partitions)
    })
}

/// Returns the rows of a batch of patients.
fn batch(people: &People, number: u64, size: u64) -> Result<Vec<Item>> {
    let mut random = Rng::with_seed(number);
    let mut rows = Vec::new();
    for patient in number * BATCH..size.min((number + 1) * BATCH) {
        rows.extend(bulk::rows(&people.patient(patient, &mut random)?)?);
    }
    Ok(rows)
}

impl Partitions {
    fn count(&mut self, rows: &[Item]) {
        for row in rows {
            let Some(AttributeValue::S(partition)) = row.get("pk") else { continue };
            // A record is in a partition of its own, which has its id.
            if VALUES.iter().any(|(value, _)| is_of(partition, value)) {
                match self.0.get_mut(partition) {
                    Some(rows) => *rows += 1,
                    None => drop(self.0.insert(partition.clone(), 1)),
                }
            }
        }
    }

    /// Returns the number of rows of a kind of value in the largest partition, and in all.
    pub fn largest_and_all(&self, value: &str) -> (u64, u64) {
        let of_value = self.0.iter().filter(|(partition, _)| is_of(partition, value));
        of_value.fold((0, 0), |(largest, all), (_, rows)| (largest.max(*rows), all + rows))
    }
}

fn is_of(partition: &str, value: &str) -> bool {
    partition.split('#').next() == Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pk: &str) -> Item {
        [("pk".to_owned(), AttributeValue::S(pk.to_owned()))].into()
    }

    #[test]
    fn rows_are_counted_by_partition() {
        let mut partitions = Partitions::default();
        let all = [
            "NAME#patient#an",
            "NAME#patient#ro",
            "NAME#patient#an",
            "PATIENT#1",
            "BORN#patient#1990",
        ];
        partitions.count(&all.map(row));
        assert_eq!(partitions.largest_and_all("NAME"), (2, 3));
        assert_eq!(partitions.largest_and_all("BORN"), (1, 1));
        assert_eq!(partitions.largest_and_all("PHONE"), (0, 0));
    }

    #[test]
    fn batch_ends_with_the_last_patient() {
        let people = People::new();
        let is_record = |row: &&Item| matches!(row.get("pk"), Some(AttributeValue::S(pk)) if pk.starts_with("PATIENT#"));
        let records = |rows: Vec<Item>| rows.iter().filter(is_record).count();
        assert_eq!(records(batch(&people, 0, 3).unwrap()), 3);
        assert_eq!(records(batch(&people, 1, BATCH + 2).unwrap()), 2);
    }
}
