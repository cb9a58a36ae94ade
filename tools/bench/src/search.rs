//! `cargo benchmark search`: what a search of patients costs in a small table and in a large one, and how evenly the
//! index is spread over partitions.

mod clinic;
mod names;
mod people;
mod report;

use std::time::Instant;

use ops::stop::unless_stopped;
use ops::{Result, ui};
use serde_json::Value;
use shared::model::patient::PatientDetails;
use shared::records;
use shared::testing::{Event, Handler, protected};

use self::clinic::Clinic;
use self::people::{BIRTH_DATE, FREQUENT_NAME, IDENTIFIER, ONE_WORD, PHONE, TWO_WORDS};
use self::report::{Cost, Report, Row};
use crate::functions::startup::median;
use crate::machine::Machine;
use crate::markers;

const SIZES: [u64; 2] = [1_000, 1_000_000];

/// The rows of a page.
const LIMIT: &str = "20";

/// What is searched for. The first five find one patient each, the last one fills a page.
const SEARCHES: [(&str, &str, &str); 6] = [
    ("name, one word", "search", ONE_WORD),
    ("name, two words", "search", TWO_WORDS),
    ("birth date", "birth_date", BIRTH_DATE),
    ("phone", "phone", PHONE),
    ("identifier", "identifier", IDENTIFIER),
    ("frequent name", "search", FREQUENT_NAME),
];

#[derive(clap::Args)]
pub struct Options {
    /// Numbers of patients; the first is the base of the ratios
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = SIZES)]
    #[arg(value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    patients: Vec<u64>,

    /// Number of searches of each kind; the reported times are medians, the calls those of the last one
    #[arg(long, value_name = "N", default_value_t = 201)]
    #[arg(value_parser = clap::value_parser!(u16).range(2..))]
    requests: u16,

    /// Write the result to docs/performance.md
    #[arg(long)]
    save: bool,
}

pub async fn run(options: &Options) -> Result {
    unless_stopped(bench(options), false).await?.ok_or("stopped")?
}

async fn bench(options: &Options) -> Result {
    let mut clinics = Vec::new();
    for size in &options.patients {
        ui::status("Adding", format!("{size} patients"));
        // Boxed: the compiler limits how deep futures nest.
        clinics.push(Box::pin(Clinic::new(*size)).await?);
    }
    ui::status("Searching", format!("{} times for each field", options.requests));
    let handler = protected(records::list::<PatientDetails>);
    let mut rows = Vec::new();
    for (what, field, value) in SEARCHES {
        let query = [(field, value), ("limit", LIMIT)];
        let costs = search(&clinics, &handler, &query, options.requests).await?;
        rows.push(Row { what, costs: same_matches(what, costs)? });
    }
    let report = format!("{}.\n\n{}", Machine::this()?, Report { clinics: &clinics, rows: &rows });
    ui::print(&report);
    if options.save {
        markers::write("search", &report)?;
    }
    Ok(())
}

/// Searches each clinic's patients this number of times, in turns, so that other work of the machine affects all sizes.
#[allow(clippy::disallowed_methods, reason = "measures a span")]
async fn search(
    clinics: &[Clinic],
    handler: &impl Handler,
    query: &[(&str, &str)],
    requests: u16,
) -> Result<Vec<Cost>> {
    let event = Event::of("patients-list").without_policy().query(query);
    let mut measured: Vec<_> =
        clinics.iter().map(|clinic| (clinic, Vec::new(), Cost::default())).collect();
    for _ in 0..requests {
        for (clinic, times, cost) in &mut measured {
            let event = event.clone().by(&clinic.staff);
            clinic.world.calls.take();
            let started = Instant::now();
            let answer = Box::pin(clinic.world.call(handler.clone(), event)).await;
            times.push(started.elapsed());
            let results = answer.body.get("results").and_then(Value::as_array);
            let results = results.ok_or_else(|| format!("a search answered {}", answer.body))?;
            let at_dynamodb = clinic.world.calls.take_cost();
            *cost = Cost { matches: results.len(), at_dynamodb, time: None };
        }
    }
    let cost = |(_, times, cost)| Cost { time: median(times), ..cost };
    Ok(measured.into_iter().map(cost).collect())
}

/// Returns an error unless the search had the same number of matches with each number of patients, and at least one.
fn same_matches(what: &str, costs: Vec<Cost>) -> Result<Vec<Cost>> {
    let first = costs.first().map_or(0, |cost| cost.matches);
    if first > 0 && costs.iter().all(|cost| cost.matches == first) {
        return Ok(costs);
    }
    let matches: Vec<_> = costs.iter().map(|cost| cost.matches).collect();
    Err(format!("the numbers of matches by {what} differ: {matches:?}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_with_different_matches_are_not_compared() {
        let costs = |matches: &[usize]| {
            let cost = |matches| Cost { matches, ..Cost::default() };
            matches.iter().copied().map(cost).collect::<Vec<_>>()
        };
        assert!(same_matches("name", costs(&[1, 1])).is_ok());
        for matches in [&[1, 2][..], &[0, 0], &[]] {
            assert!(same_matches("name", costs(matches)).is_err());
        }
    }
}
