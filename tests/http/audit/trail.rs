//! The audit trail of the tests' own stack.

use std::collections::{BTreeMap, BTreeSet};
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

/// The time that rows stay: longer than the stack runs.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns all rows. Fails the test if a verification of them, compared with the log, finds a problem.
pub fn read() -> Vec<Row> {
    // The log is read first: a row is written before the line that names it.
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
            // The other items of the table are views.
            if item["pk"].as_s().unwrap().starts_with("CHAIN#") {
                verification.add_row(&item);
                rows.push(serde_json::from_str(item["row"].as_s().unwrap()).expect("a row"));
            }
        }
        (rows, verification)
    })
}

/// The rows of each request, in the order of the requests, by account and function.
pub type Requests<'a> = BTreeMap<(u64, &'a str), Vec<Vec<&'a Row>>>;

/// Returns the rows of these accounts' requests since this moment.
pub fn requests_of<'a>(
    rows: &'a [Row],
    accounts: &BTreeSet<u64>,
    since: Timestamp,
) -> Requests<'a> {
    let mut by_id: BTreeMap<(u64, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.at >= since) {
        let actor = row.facts.actor.map(|actor| actor.get());
        if let Some(account) = actor.filter(|account| accounts.contains(account)) {
            by_id.entry((account, row.facts.request_id.as_str())).or_default().push(row);
        }
    }
    let mut requests = Requests::new();
    for ((account, _), mut rows) in by_id {
        rows.sort_by_key(|row| (row.at, row.corrects.is_some()));
        let function = &*rows[0].facts.operation;
        requests.entry((account, function)).or_default().push(rows);
    }
    for of_function in requests.values_mut() {
        of_function.sort_by_key(|rows| rows[0].at);
    }
    requests
}
