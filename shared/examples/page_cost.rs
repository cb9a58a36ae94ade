//! What a page of a list costs as the table grows: `cargo run -p shared --features testing --example page_cost`.
//!
//! One patient is given N doctors, in a fresh embedded DynamoDB. Then pages of 50 are timed, at the list's
//! beginning and in its middle. Medians in microseconds, and their ratio to those of the smallest N.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::collections::HashMap;
use std::time::Instant;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use shared::model::id::{DoctorId, Id};
use shared::model::page::Paging;
use shared::model::patient::Patient;
use shared::testing::emulator::TABLE_NAME;
use shared::testing::{World, run, together};

const SIZES: [u64; 3] = [300, 10_000, 100_000];
const ROUNDS: usize = 101;
const LIMIT: i32 = 50;

/// DynamoDB's limit of writes in one BatchWriteItem.
const BATCH: usize = 25;

type Item = HashMap<String, AttributeValue>;

fn main() {
    println!("{:>10} | mappings-list: first, middle | mappings-doctors: first, middle", "mappings");
    let mut smallest: Option<[u128; 4]> = None;
    for size in SIZES {
        run(async |world: World| {
            let costs = measure(&world, size).await;
            let base = *smallest.get_or_insert(costs);
            print!("{size:>10} |");
            for (cost, base) in costs.into_iter().zip(base) {
                print!(" {cost:>7} µs ({:.2}×)", cost as f64 / base as f64);
            }
            println!();
        });
    }
}

async fn measure(world: &World, size: u64) -> [u128; 4] {
    let patient = fill(world, size).await;
    let table = world.app.table();
    let middle = DoctorId::new(size / 2);
    let all = |after: Option<DoctorId>| async move {
        let after = after.map(|doctor| (doctor, patient.id));
        assert_eq!(
            table.mappings(Paging { limit: LIMIT, after }).await.expect("a page").results.len(),
            50
        );
    };
    let doctors = |after: Option<DoctorId>| async move {
        let page = table.doctors_of(patient.id, Paging { limit: LIMIT, after }).await;
        assert_eq!(page.expect("a table").expect("a patient").results.len(), 50);
    };
    [
        median(async || all(None).await).await,
        median(async || all(middle).await).await,
        median(async || doctors(None).await).await,
        median(async || doctors(middle).await).await,
    ]
}

async fn median(work: impl AsyncFn()) -> u128 {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        work().await;
        times.push(began.elapsed().as_micros());
    }
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// Assigns one doctor through the table, then copies its items under other ids.
async fn fill(world: &World, size: u64) -> Patient {
    let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
    world.assign(&doctor, &patient).await;
    let scanned = world.dynamodb.scan().table_name(TABLE_NAME).send().await.expect("a table");
    let one = "DOCTOR#0000000000000001";
    let names_it = |item: &&Item| {
        let is_it = |name: &str| item[name].as_s().is_ok_and(|key| key == one);
        is_it("pk") || is_it("sk")
    };
    let items: Vec<Item> = scanned.items().iter().filter(names_it).cloned().collect();
    let copies = (2..=size).flat_map(|id| items.iter().map(move |item| copy(item, id)));
    let puts: Vec<WriteRequest> = copies
        .map(|item| {
            let put = PutRequest::builder().set_item(Some(item)).build().expect("an item");
            WriteRequest::builder().put_request(put).build()
        })
        .collect();
    for batches in puts.chunks(BATCH * 16) {
        let calls = batches.chunks(BATCH).map(|batch| {
            world.dynamodb.batch_write_item().request_items(TABLE_NAME, batch.to_vec()).send()
        });
        for answer in together(calls).await {
            let left = answer.expect("a table").unprocessed_items.unwrap_or_default();
            assert!(left.is_empty(), "the emulator leaves nothing unprocessed");
        }
    }
    patient
}

/// An item of doctor 1 as another doctor's.
fn copy(item: &Item, id: u64) -> Item {
    let digits = format!("{id:016}");
    let mut copy = item.clone();
    for (name, value) in &mut copy {
        if let AttributeValue::S(text) = value {
            let names_doctor = name == "gsi2sk" || text.starts_with("DOCTOR#0");
            if names_doctor && text.len() >= digits.len() {
                text.truncate(text.len() - digits.len());
                text.push_str(&digits);
            }
        }
    }
    copy.entry("id".to_owned()).and_modify(|own| *own = AttributeValue::N(id.to_string()));
    copy
}
