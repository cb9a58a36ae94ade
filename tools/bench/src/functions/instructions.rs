//! Instructions of a start and of a request. Unlike times, they are nearly the same in every run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use ops::{Result, ui};

use super::binaries::called_as;
use super::callgrind::Callgrind;
use super::rows::Rows;
use super::test_bed::{TestBed, Way};

/// The number of requests of a first run. A second run has twice as many, so the difference is the cost of this number.
const REQUESTS: usize = 8;

/// Functions that hash a password, which takes a hundred times as long as other requests.
pub const HASHES: [&str; 5] = [
    "auth-invitation-accept",
    "auth-login",
    "auth-password",
    "auth-password-reset-confirm",
    "auth-register",
];
const REQUESTS_WITH_HASH: usize = 2;

pub async fn measure(
    callgrind: &Callgrind,
    bed: &mut TestBed,
    binaries: &BTreeMap<String, PathBuf>,
    rows: &mut Rows,
) -> Result {
    ui::status("Counting", format!("instructions of {} binaries", binaries.len()));
    let progress = ui::progress("Counting", binaries.len() as u64)?;
    for (name, executable) in binaries {
        let unprimed = callgrind.count(bed, name, executable, Way::Unprimed, &[]).await?;
        let before = bed.tls.connections();
        let primed = callgrind.count(bed, name, executable, Way::Tls, &[]).await?;
        let is_primed = bed.tls.connections() > before;
        let of_request = of_request(callgrind, bed, name, executable).await?;
        let of_repeated = if is_primed {
            of_request_again(callgrind, bed, name, executable).await?
        } else {
            None
        };
        let figures = &mut rows.of(name).figures;
        figures.start_instructions = Some(unprimed);
        figures.primed_start_instructions = is_primed.then_some(primed);
        figures.request_instructions = of_request;
        figures.repeated_request_instructions = of_repeated;
        progress.inc(1);
    }
    Ok(())
}

async fn of_request(
    callgrind: &Callgrind,
    bed: &mut TestBed,
    name: &str,
    executable: &Path,
) -> Result<Option<u64>> {
    let event = called_as(name);
    let requests = if HASHES.contains(&name) { REQUESTS_WITH_HASH } else { REQUESTS };
    // One request before the counted ones, because the records that the very first one creates change the cost of
    // later ones.
    let Some(first) = bed.events(event, 1).await? else { return Ok(None) };
    let mut function = bed.start(Command::new(executable), name, Way::Tls).await?;
    bed.call(&mut function, name, &first).await?;
    drop(function);

    let mut counts = [0; 2];
    for (count, requests) in counts.iter_mut().zip([requests, 2 * requests]) {
        let Some(events) = bed.events(event, requests).await? else { return Ok(None) };
        *count = callgrind.count(bed, name, executable, Way::Tls, &events).await?;
    }
    Ok(Some(of_one(counts, requests)))
}

/// Counts the instructions of a repeated request, whose token the function has verified before. Only reads can be
/// repeated.
async fn of_request_again(
    callgrind: &Callgrind,
    bed: &mut TestBed,
    name: &str,
    executable: &Path,
) -> Result<Option<u64>> {
    let event = bed.event(called_as(name)).await?;
    let Some(event) = event.filter(|event| event["httpMethod"] == "GET") else { return Ok(None) };
    let mut counts = [0; 2];
    for (count, requests) in counts.iter_mut().zip([REQUESTS, 2 * REQUESTS]) {
        let events = vec![event.clone(); requests];
        *count = callgrind.count(bed, name, executable, Way::Tls, &events).await?;
    }
    Ok(Some(of_one(counts, REQUESTS)))
}

/// Returns the cost of one request, from the counts for `requests` and for twice as many.
fn of_one([some, twice]: [u64; 2], requests: usize) -> u64 {
    twice.saturating_sub(some) / requests as u64
}
