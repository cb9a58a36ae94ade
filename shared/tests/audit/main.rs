//! The audit trail: its rows and chains when requests come at the same time, fail, or are killed.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod chains;
mod clinic;
mod doubts;
mod faults;
mod killed;
mod outages;
mod proxy;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::AUDIT_TABLE_NAME;
use shared::audit::verify::Verification;
use shared::audit::{Place, Row};
use shared::testing::{Witnesses, World};

/// The time that rows stay in a world.
const RETENTION: Duration = Duration::from_secs(395 * 24 * 60 * 60);

/// Returns the items of the trail's rows.
async fn items(world: &World) -> Vec<HashMap<String, AttributeValue>> {
    let scan = world.dynamodb.scan().table_name(AUDIT_TABLE_NAME).consistent_read(true);
    let pages = scan.into_paginator().items();
    let mut items = pages.send().try_collect().await.unwrap();
    items.retain(|item| item["pk"].as_s().unwrap().starts_with("CHAIN#"));
    items
}

/// Returns the rows of each chain.
async fn rows_by_chain(world: &World) -> BTreeMap<String, Vec<Row>> {
    let mut chains: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in world.audit_rows().await {
        chains.entry(row.place.chain.clone()).or_default().push(row);
    }
    chains
}

/// Returns the numbers of the rows of each chain, the shortest chain first.
async fn numbers(world: &World) -> Vec<Vec<u64>> {
    let chains = rows_by_chain(world).await.into_values();
    let numbers = chains.map(|rows| rows.iter().map(|row| row.place.seq).collect());
    let mut numbers: Vec<Vec<u64>> = numbers.collect();
    numbers.sort_by_key(Vec::len);
    numbers
}

/// Returns the hash of the row at this place, if there is one.
async fn hash_at(world: &World, place: &Place) -> Option<String> {
    let at_place = |item: &HashMap<String, AttributeValue>| {
        let text = |name: &str| item[name].as_s().unwrap().as_str();
        text("pk") == format!("CHAIN#{}", place.chain) && text("sk") == format!("{:012}", place.seq)
    };
    let found = items(world).await.into_iter().find(at_place)?;
    Some(found["hash"].as_s().unwrap().clone())
}

/// Fails the test if a verification of the trail, compared with the log, finds a problem.
async fn verify(world: &World, witnesses: &Witnesses, what: &str) {
    let now = world.app.now();
    let mut verification = Verification::default();
    for item in items(world).await {
        verification.add_row(&item);
    }
    for head in witnesses.heads() {
        verification.add_witness(head, now);
    }
    let report = verification.report(RETENTION, now);
    assert!(report.findings.is_empty(), "{what}: {:?}", report.findings);
    assert!(report.strangers.is_empty(), "{what}: {:?}", report.strangers);
}
