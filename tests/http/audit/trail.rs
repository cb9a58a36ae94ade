//! The audit trail of the tests' own stack.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use ops::audit::log::Named;
use repo::template::AUDIT_TABLE_NAME;
use shared::audit::Row;
use shared::audit::verify::Verification;
use shared::model::id::Id;
use shared::model::timestamp::Timestamp;
use shared::store::client;
use shared::testing::emulator::settings;
use tokio::runtime;

use crate::stack;

/// How long rows stay: longer than the stack runs.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns all rows. Fails the test unless they are as they were written, by themselves and in comparison with the log.
pub fn read() -> Vec<Row> {
    // First, because the trail may have rows whose lines are not written yet, but not the other way round.
    let named = Named::read(&[stack::data().join("functions.log")]).expect("the log");
    assert!(!named.rows.is_empty(), "no line of the log names a row");
    let (rows, mut verification) = rows_and_verification();
    for (head, at) in named.rows {
        verification.add_witness(head, at);
    }
    let report = verification.report(RETENTION, Timestamp::system());
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.strangers.is_empty(), "{:?}", report.strangers);
    rows
}

fn rows_and_verification() -> (Vec<Row>, Verification) {
    let endpoint = fs::read_to_string(stack::data().join("dynamodb-endpoint"));
    let client = client(&settings(endpoint.expect("the endpoint of the tables")));
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut rows, mut verification) = (Vec::new(), Verification::default());
        let scan = client.scan().table_name(AUDIT_TABLE_NAME).consistent_read(true);
        let items = scan.into_paginator().items().send().try_collect().await.expect("the trail");
        for item in items {
            // Other items of the table are copies of rows, for readers.
            if item["pk"].as_s().unwrap().starts_with("CHAIN#") {
                verification.add_row(&item);
                rows.push(serde_json::from_str(item["row"].as_s().unwrap()).expect("a row"));
            }
        }
        (rows, verification)
    })
}

/// Returns the rows of an account's requests since this moment, request by request, in the order of the requests.
pub fn requests_of(rows: &[Row], account: u64, since: Timestamp) -> Vec<Vec<&Row>> {
    let mut requests: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let is_wanted = row.facts.actor.is_some_and(|actor| actor.get() == account);
        if is_wanted && row.at >= since {
            requests.entry(&row.facts.request_id).or_default().push(row);
        }
    }
    let mut requests: Vec<Vec<&Row>> = requests.into_values().collect();
    for rows in &mut requests {
        rows.sort_by_key(|row| (row.at, row.corrects.is_some()));
    }
    requests.sort_by_key(|rows| rows[0].at);
    requests
}
