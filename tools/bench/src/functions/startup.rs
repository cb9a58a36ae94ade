//! The times from exec to the first poll and to the first answer, and the memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ops::{Result, ui};
use shared::testing::function::Function;
use shared::testing::process::peak_resident_bytes;

use super::binaries::called_as;
use super::rows::Rows;
use super::test_bed::{TestBed, Way};

#[derive(Default)]
struct Times {
    first_poll: Vec<Duration>,
    primed_poll: Vec<Duration>,
    first_answer: Vec<Duration>,
    resident_bytes: Vec<u64>,
}

/// Measures all binaries in turn, several times, so that other work of the machine affects all of them.
pub async fn measure(
    bed: &mut TestBed,
    binaries: &BTreeMap<String, PathBuf>,
    rounds: usize,
    rows: &mut Rows,
) -> Result {
    ui::status("Starting", format!("{} binaries, {rounds} times", binaries.len()));
    let mut all: BTreeMap<&str, Times> = BTreeMap::new();
    let progress = ui::progress("Starting", (rounds * binaries.len()) as u64)?;
    for _ in 0..rounds {
        for (name, executable) in binaries {
            let times = all.entry(name).or_default();
            one_round(bed, name, executable, times).await?;
            progress.inc(1);
        }
    }
    for (name, times) in all {
        let row = rows.of(name);
        row.first_poll = median(times.first_poll);
        row.primed_poll = median(times.primed_poll);
        row.first_answer = median(times.first_answer);
        row.resident_bytes = median(times.resident_bytes);
    }
    Ok(())
}

async fn one_round(bed: &mut TestBed, name: &str, executable: &Path, times: &mut Times) -> Result {
    let connections = bed.tls.connections();
    let mut function = bed.start(Command::new(executable), name, Way::Unprimed).await?;
    times.first_poll.push(until_poll(bed, name, &mut function).await?);
    if bed.tls.connections() > connections {
        return Err(format!("{name} calls DynamoDB at its start even with PRIMING=off").into());
    }
    drop(function);

    let mut function = bed.start(Command::new(executable), name, Way::Tls).await?;
    let until_poll = until_poll(bed, name, &mut function).await?;
    // Only functions that read the token keys at their start have a time of their own for it.
    if bed.tls.connections() > connections {
        times.primed_poll.push(until_poll);
    }
    drop(function);

    let event = bed.event(called_as(name)).await?;
    if let Some(event) = event {
        let mut function = bed.start(Command::new(executable), name, Way::Tls).await?;
        let started = function.started;
        function.api.send(&event);
        let reply = function.api.answered().await.map_err(|error| bed.failure(name, error))?;
        super::test_bed::expect_success(name, &reply.body)?;
        times.first_answer.push(reply.at - started);
        times.resident_bytes.extend(peak_resident_bytes(function.process_id()));
    }
    Ok(())
}

async fn until_poll(bed: &TestBed, name: &str, function: &mut Function) -> Result<Duration> {
    let polled = function.api.polled().await.map_err(|error| bed.failure(name, error))?;
    Ok(polled - function.started)
}

pub fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_value_in_the_middle() {
        assert_eq!(median(vec![9, 1, 5]), Some(5));
        assert_eq!(median::<u8>(vec![]), None);
    }
}
