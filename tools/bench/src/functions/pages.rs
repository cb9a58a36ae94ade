//! The cost of a page of a list, with a patient who has a thousand doctors and with one who has a million.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use ops::{Result, ui};
use serde_json::Value;
use shared::access::Act;
use shared::model::id::{DoctorId, Id};
use shared::targets::list_label;
use shared::testing::emulator::{AttributeValue, Item};
use shared::testing::process::peak_resident_bytes;

use super::startup::median;
use super::table::{millions, millis, write_markdown};
use super::test_bed::{TestBed, Way};

/// The lists that grow, and the place of the page in each. doctors-list has no page in the middle, because it is sorted
/// by name, and all copies have the same name.
const PLACES: [(&str, Place); 5] = [
    ("doctors-list", Place::Beginning),
    ("mappings-doctors", Place::Beginning),
    ("mappings-doctors", Place::Middle),
    ("mappings-list", Place::Beginning),
    ("mappings-list", Place::Middle),
];

const SIZES: [u64; 2] = [1_000, 1_000_000];

/// The number of rows of a page.
const ROWS: usize = 50;

/// The number of requests for each page.
const ROUNDS: usize = 201;

/// The first id of the copies of a doctor.
const FIRST_COPY: u64 = 1_000_000;

/// The number of copies that are imported at once.
const BATCH: usize = 20_000;

#[derive(Debug, Clone, Copy)]
enum Place {
    Beginning,
    Middle,
}

/// Each page with its costs, in the order of [`SIZES`].
pub struct Pages(Vec<(String, Vec<Cost>)>);

struct Cost {
    time: Option<Duration>,
    resident_bytes: Option<u64>,
}

/// An environment with this number of mappings.
struct Clinic {
    bed: TestBed,
    size: u64,
}

/// Measures those of these functions that return lists.
pub async fn measure(binaries: &BTreeMap<String, PathBuf>) -> Result<Pages> {
    let mut clinics = Vec::new();
    for size in SIZES {
        ui::status("Adding", format!("{size} mappings"));
        let clinic = Clinic { bed: TestBed::new().await?, size };
        clinic.grow()?;
        clinics.push(clinic);
    }
    ui::status("Paging", format!("{} pages, {ROUNDS} times", PLACES.len()));
    let mut pages = Vec::new();
    for (name, place) in PLACES {
        if let Some(executable) = binaries.get(name) {
            let what = format!("{name}, {}", format!("{place:?}").to_lowercase());
            pages.push((what, page(&mut clinics, name, place, executable).await?));
        }
    }
    Ok(Pages(pages))
}

#[allow(clippy::disallowed_methods, reason = "measures a span")]
async fn page(
    clinics: &mut [Clinic],
    name: &str,
    place: Place,
    executable: &Path,
) -> Result<Vec<Cost>> {
    let mut running = Vec::new();
    for clinic in clinics {
        let event = clinic.event(name, place).await?;
        let bed = &clinic.bed;
        let way = Way::Plain(&bed.world.endpoint());
        let function = bed.start(Command::new(executable), name, way).await?;
        running.push((bed, function, event, Vec::with_capacity(ROUNDS)));
    }
    // In turns, so that other work of the machine affects all sizes.
    for _ in 0..ROUNDS {
        for (bed, function, event, times) in &mut running {
            let started = Instant::now();
            let answer = bed.answer(function, name, event).await?;
            times.push(started.elapsed());
            expect_full(name, &answer)?;
        }
    }
    let cost = running.into_iter().map(|(_, function, _, times)| Cost {
        time: median(times),
        resident_bytes: peak_resident_bytes(function.process_id()),
    });
    Ok(cost.collect())
}

impl Clinic {
    async fn event(&mut self, name: &str, place: Place) -> Result<Value> {
        let TestBed { operations, world, .. } = &mut self.bed;
        world.catch_up();
        let event = operations.event(world, name).await?.ok_or("a list can be called")?;
        let limit = ROWS.to_string();
        let (Place::Middle, Some(doctor)) = (place, DoctorId::new(FIRST_COPY + self.size / 2))
        else {
            return Ok(event.query(&[("limit", &limit)]).into_json());
        };
        let patient = operations.patient.id;
        let cursors = world.cursors(operations.staff.id).await;
        let cursor = if name == Act::ListDoctorsOfPatient.function() {
            let position = (0_usize, format!("DOCTOR#{}", digits(doctor.get())));
            cursors.seal(&list_label(Act::ListDoctorsOfPatient, patient), &position)?
        } else {
            cursors.seal(Act::ListAssignments.function(), &(doctor, patient))?
        };
        Ok(event.query(&[("limit", &limit), ("cursor", &cursor)]).into_json())
    }

    /// Assigns copies of the patient's first doctor to the patient.
    fn grow(&self) -> Result {
        let emulator = &self.bed.world.emulator;
        let operations = &self.bed.operations;
        let doctor = format!("DOCTOR#{}", digits(operations.first_doctor.id.get()));
        let of_patient = digits(operations.patient.id.get());
        let patient = format!("PATIENT#{of_patient}");
        let mut originals = emulator.rows()?;
        // The doctor, the patient's row of the assignment, and the doctor's.
        originals.retain(|row| match text(row, "pk").zip(text(row, "sk")) {
            Some((pk, sk)) if pk == doctor => {
                sk == "#" || (sk.starts_with("NAME#") && sk.ends_with(&of_patient))
            }
            Some((pk, sk)) => pk == patient && sk == doctor,
            None => false,
        });
        if originals.len() != 3 {
            return Err("the rows of the patient's first doctor have unexpected keys".into());
        }
        let ids: Vec<_> = (FIRST_COPY..FIRST_COPY + self.size).collect();
        let progress = ui::progress("Adding", self.size)?;
        for ids in ids.chunks(BATCH) {
            let copies = ids.iter().flat_map(|id| originals.iter().map(|row| copy(row, *id)));
            emulator.import(copies.collect())?;
            progress.inc(ids.len() as u64);
        }
        Ok(())
    }
}

/// Returns an error unless the page is full.
fn expect_full(name: &str, answer: &Value) -> Result {
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let body: Value = serde_json::from_str(body)?;
    match body.get("results").and_then(Value::as_array).map(Vec::len) {
        Some(ROWS) => Ok(()),
        rows => Err(format!("{name} returned {rows:?} rows instead of {ROWS}").into()),
    }
}

/// Returns an id as keys contain it.
fn digits(id: u64) -> String {
    format!("{id:016}")
}

fn text<'a>(row: &'a Item, name: &str) -> Option<&'a str> {
    match row.get(name)? {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}

/// Returns a copy of a doctor's row for another doctor.
fn copy(row: &Item, id: u64) -> Item {
    let mut row = row.clone();
    let digits = digits(id);
    for (name, value) in &mut row {
        match value {
            AttributeValue::S(text) if name == "gsi2sk" || text.starts_with("DOCTOR#") => {
                text.truncate(text.len().saturating_sub(digits.len()));
                text.push_str(&digits);
            }
            AttributeValue::S(text) if name == "id" => *text = format!("copy-{id}"),
            AttributeValue::N(number) if name == "id" || name == "doctor_id" => {
                *number = id.to_string();
            }
            _ => {}
        }
    }
    row
}

impl Display for Pages {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let headings =
            SIZES.into_iter().flat_map(|size| [format!("{size}, ms"), "RSS MB".to_owned()]);
        let mut lines = vec![[format!("page of {ROWS}")].into_iter().chain(headings).collect()];
        for (what, costs) in &self.0 {
            let base = costs.first();
            let cells = costs.iter().flat_map(|cost| {
                [
                    beside(millis(cost.time), base.and_then(|it| millis(it.time))),
                    beside(
                        millions(cost.resident_bytes),
                        base.and_then(|it| millions(it.resident_bytes)),
                    ),
                ]
            });
            lines.push([what.clone()].into_iter().chain(cells).collect::<Vec<_>>());
        }
        write_markdown(&lines, f)
    }
}

/// Returns a value and its ratio to that of the smallest size.
fn beside(value: Option<f64>, base: Option<f64>) -> String {
    match value.zip(base) {
        Some((value, base)) => format!("{value:.2} ({:.2}×)", value / base),
        None => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_that_is_not_full_is_an_error() {
        let answer = |rows: usize| {
            let body = serde_json::json!({ "results": vec![0; rows], "next": null }).to_string();
            serde_json::json!({ "statusCode": 200, "body": body })
        };
        assert!(expect_full("doctors-list", &answer(ROWS)).is_ok());
        for rows in [0, ROWS - 1] {
            assert!(expect_full("doctors-list", &answer(rows)).is_err());
        }
        assert!(expect_full("doctors-list", &Value::Null).is_err());
    }

    #[test]
    fn copy_belongs_to_another_doctor() {
        let row = [
            ("pk", "DOCTOR#0000000000000001"),
            ("sk", "#"),
            ("gsi2sk", "roe#0000000000000001"),
            ("id", "1-1-1"),
        ];
        let row = row.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
        let copy = copy(&row.into(), 1_000_000);
        assert_eq!(text(&copy, "pk"), Some("DOCTOR#0000000001000000"));
        assert_eq!(text(&copy, "sk"), Some("#"));
        assert_eq!(text(&copy, "gsi2sk"), Some("roe#0000000001000000"));
        // Pages leave out an assignment that is repeated.
        assert_eq!(text(&copy, "id"), Some("copy-1000000"));
    }
}
