//! The audit trail of a world.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::{AUDIT_TABLE_NAME, TABLE_NAMES};
use serde_json::{Value, json};

use super::World;
use crate::audit::{DONE, Facts, Place, Row, StoredRow, Subjects};
use crate::model::id::UserId;
use crate::model::patient::Patient;
use crate::store::Store;

impl World {
    /// Returns the rows of the audit trail, chain by chain.
    pub async fn audit_rows(&self) -> Vec<Row> {
        let row = |item: &HashMap<String, AttributeValue>| {
            let text = item["row"].as_s().expect("a text");
            serde_json::from_str(text).expect("a row")
        };
        let mut rows: Vec<Row> = self.audit_items().await.iter().map(row).collect();
        rows.sort_by(|one, other| one.place.cmp(&other.place));
        rows
    }

    /// Returns outcome, basis, patients and doctors of each row of the audit trail, chain by chain. A row that corrects
    /// another one has `corrects` behind them.
    pub async fn audit_summary(&self) -> Vec<Value> {
        let summary = |Row { facts, corrects, .. }: Row| {
            let Facts { outcome, basis, subjects: Subjects { patients, doctors, .. }, .. } = facts;
            match corrects {
                Some(_) => json!([outcome, basis, patients, doctors, "corrects"]),
                None => json!([outcome, basis, patients, doctors]),
            }
        };
        self.audit_rows().await.into_iter().map(summary).collect()
    }

    /// Returns the facts of an operation's rows in the audit trail, in the order of time.
    pub async fn audited(&self, operation: &str) -> Vec<Facts> {
        let mut rows = self.audit_rows().await;
        rows.retain(|row| row.facts.operation == operation);
        rows.sort_by_key(|row| row.at);
        rows.into_iter().map(|row| row.facts).collect()
    }

    /// Puts the rows of the audit trail into the views, as the function `audit-archive` does after each of them.
    pub async fn put_views(&self) {
        let rows: Vec<StoredRow> = self.audit_items().await.iter().map(StoredRow::of).collect();
        self.put_in_views(&rows).await;
    }

    /// Puts this number of reads of a patient by an account into the views. They are in no chain.
    pub async fn made_up_accesses(&self, patient: &Patient, actor: UserId, number: u64) {
        let facts = Facts { basis: Some("role".into()), outcome: DONE, ..read_by(actor) };
        self.made_up("made-up", patient, facts, number).await;
    }

    /// Puts this number of refused reads of a patient by an account into the views. They are in no chain.
    pub async fn made_up_refusals(&self, patient: &Patient, actor: UserId, number: u64) {
        let facts = Facts { outcome: "not_assigned".into(), ..read_by(actor) };
        self.made_up("refused", patient, facts, number).await;
    }

    async fn made_up(&self, chain: &str, patient: &Patient, facts: Facts, number: u64) {
        let subjects = Subjects { patients: [patient.id].into(), ..Subjects::default() };
        let facts = Facts { subjects, ..facts };
        let (chain, now) = (format!("{chain}-{}", patient.id), self.app.now());
        let ttl = now.plus(super::AUDIT_RETENTION).as_second();
        let row = |seq| {
            let place = Place { chain: chain.clone(), seq };
            let row = Row::new(place, String::new(), now, facts.clone(), None, Vec::new(), ttl);
            StoredRow::of(&row.seal().expect("a row").item)
        };
        let rows: Vec<StoredRow> = (0..number).map(row).collect();
        self.put_in_views(&rows).await;
    }

    async fn put_in_views(&self, rows: &[StoredRow]) {
        // By a client whose calls are not recorded.
        let store = Store::new(self.dynamodb.clone(), TABLE_NAMES.map(str::to_owned));
        store.put_views(rows).await.expect("views");
    }

    /// Returns the items of the chains, without those of the views.
    async fn audit_items(&self) -> Vec<HashMap<String, AttributeValue>> {
        let items = self.dynamodb.scan().table_name(AUDIT_TABLE_NAME).into_paginator().items();
        let items = items.send().try_collect().await.expect("a table");
        let is_of_a_chain = |item: &HashMap<String, AttributeValue>| {
            item["pk"].as_s().is_ok_and(|pk| pk.starts_with("CHAIN#"))
        };
        items.into_iter().filter(is_of_a_chain).collect()
    }
}

fn read_by(actor: UserId) -> Facts {
    Facts { operation: "patients-get".into(), actor: Some(actor), ..Facts::default() }
}
