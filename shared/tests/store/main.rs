//! The store, tested below the API: the items in DynamoDB after a change, a race or a fault.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod accounts;
mod care;
mod care_rows;
mod deletion;
mod emulators;
mod handover;
mod handover_killed;
mod handover_races;
mod handover_requests;
mod interleavings;
mod killed;
mod lapse;
mod lists;
mod migration;
mod old_data;
mod outage;
mod races;
mod reindex;
mod rename;
mod retries;
mod search;
mod throttle_log;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::TABLE_NAME;
use shared::testing::World;

/// Returns the keys `(pk, sk)` of the rows whose keys pass the test.
async fn rows(world: &World, is_wanted: impl Fn(&str, &str) -> bool) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut pages = world.dynamodb.scan().table_name(TABLE_NAME).into_paginator().items().send();
    while let Some(item) = pages.next().await {
        let item = item.unwrap();
        let text = |name: &str| item[name].as_s().unwrap().clone();
        if is_wanted(&text("pk"), &text("sk")) {
            found.insert((text("pk"), text("sk")));
        }
    }
    found
}

/// Returns the keys of the rows of all assignments that have not ended, in both partitions.
async fn assignment_rows(world: &World) -> BTreeSet<(String, String)> {
    rows(world, |pk, sk| {
        (pk.starts_with("PATIENT#") && sk.starts_with("DOCTOR#"))
            || (pk.starts_with("DOCTOR#") && sk.starts_with("NAME#"))
    })
    .await
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
