//! The calls of an operation to DynamoDB, and the units that they consume.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use ops::{Result, ui};

use super::binaries::called_as;
use super::recorder::{Call, Recorder};
use super::rows::{Figures, Rows};
use super::test_bed::{TestBed, Way};

/// The number of requests. Only the calls of the last one are recorded, because the first requests make extra calls.
const REQUESTS: usize = 3;

pub async fn measure(
    bed: &mut TestBed,
    binaries: &BTreeMap<String, PathBuf>,
    rows: &mut Rows,
) -> Result {
    ui::status("Recording", "calls to DynamoDB");
    let recorder = Recorder::before(&bed.world.endpoint()).await?;
    for (name, executable) in binaries.iter().filter(|(name, _)| called_as(name) == *name) {
        let Some(events) = bed.events(name, REQUESTS).await? else { continue };
        let way = Way::Plain(recorder.endpoint());
        let mut function = bed.start(Command::new(executable), name, way).await?;
        for event in events {
            recorder.take();
            bed.call(&mut function, name, &[event]).await?;
        }
        note(&recorder.take(), &mut rows.of(name).figures);
    }
    Ok(())
}

fn note(calls: &[Call], figures: &mut Figures) {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.operation.clone()).or_default() += 1;
    }
    let units = |is_read| {
        let of_kind = calls.iter().filter(|call| call.is_read() == is_read);
        of_kind.fold(0.0, |sum, call| sum + call.units)
    };
    figures.calls = Some(counts);
    figures.read_units = Some(units(true));
    figures.write_units = Some(units(false));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_are_counted_separately() {
        let call = |operation: &str, units| Call { operation: operation.to_owned(), units };
        let calls =
            [call("BatchGetItem", 2.0), call("Query", 0.5), call("TransactWriteItems", 4.0)];
        let mut figures = Figures::default();
        note(&calls, &mut figures);
        assert_eq!((figures.read_units, figures.write_units), (Some(2.5), Some(4.0)));
        assert_eq!(figures.calls.unwrap()["Query"], 1);
    }
}
