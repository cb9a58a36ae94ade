//! Compares the DynamoDB actions of a function with the grants of its policy in template.yaml.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test, and a missing member of a JSON value is null"
)]

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::Command;
use std::{env, process};

use repo::template::{AUDIT_TABLE_NAME, KEYS_TABLE_NAME, Statement, TABLE_NAME};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::template;

/// The environment variable with the path of the file in which a run of tests records the function's accesses.
const RECORD: &str = "RECORD_ACCESS_IN";

/// An action on one item or on the items of one partition. In a policy: an action on all items with a matching key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Access {
    action: String,
    /// The resource in template.yaml's notation.
    resource: String,
    /// The partition key; in a policy, a pattern such as `USER#*`. It is `None` for a Scan and for a policy that does
    /// not restrict keys.
    leading_key: Option<String>,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.leading_key.as_deref().unwrap_or("all keys");
        write!(f, "{} on {} of {key}", self.action, self.resource)
    }
}

impl Access {
    /// Returns the accesses of one call. Each part of a transaction is an access with its own permission.
    pub fn of_call(operation: &str, body: &Value) -> Vec<Self> {
        let of = |action: &str, request: &Value| Self::of_request(action, request);
        match operation {
            "TransactWriteItems" => {
                let parts = body["TransactItems"].as_array().into_iter().flatten();
                parts
                    .flat_map(|part| part.as_object().into_iter().flatten())
                    .map(|(verb, request)| match verb.as_str() {
                        "ConditionCheck" => of("ConditionCheckItem", request),
                        verb => of(&format!("{verb}Item"), request),
                    })
                    .collect()
            }
            "BatchGetItem" => {
                let tables = body["RequestItems"].as_object().into_iter().flatten();
                let keys = tables.flat_map(|(table, request)| {
                    let keys = request["Keys"].as_array().into_iter().flatten();
                    keys.map(move |key| Self::new(operation, table, None, text(&key["pk"])))
                });
                keys.collect()
            }
            _ => vec![of(operation, body)],
        }
    }

    fn of_request(action: &str, request: &Value) -> Self {
        let key = text(&request["Key"]["pk"]).or_else(|| text(&request["Item"]["pk"]));
        let key = key.or_else(|| partition(request));
        let table = request["TableName"].as_str().expect("the name of a table");
        Self::new(action, table, request["IndexName"].as_str(), key)
    }

    fn new(action: &str, table: &str, index: Option<&str>, leading_key: Option<String>) -> Self {
        let table = match table {
            TABLE_NAME => "Table",
            KEYS_TABLE_NAME => "KeysTable",
            AUDIT_TABLE_NAME => "AuditTable",
            other => other,
        };
        let resource = match index {
            Some(index) => format!("${{{table}.Arn}}/index/{index}"),
            None => format!("{table}.Arn"),
        };
        Self { action: format!("dynamodb:{action}"), resource, leading_key }
    }

    fn is_granted_by(&self, grant: &Self) -> bool {
        let matches_key = |pattern: &String| {
            let key = self.leading_key.as_deref();
            key.is_some_and(|key| match pattern.strip_suffix('*') {
                Some(prefix) => key.starts_with(prefix),
                None => key == pattern,
            })
        };
        self.action == grant.action
            && self.resource == grant.resource
            && grant.leading_key.as_ref().is_none_or(matches_key)
    }
}

/// Returns the text of a DynamoDB string.
fn text(value: &Value) -> Option<String> {
    value["S"].as_str().map(str::to_owned)
}

/// Returns the partition that a Query reads. The condition of the Query begins with `pk = :placeholder`.
fn partition(query: &Value) -> Option<String> {
    let placeholder = query["KeyConditionExpression"].as_str()?.split_whitespace().nth(2)?;
    text(&query["ExpressionAttributeValues"][placeholder])
}

/// The end of the resource of a table's stream, in template.yaml's notation.
const STREAM: &str = ".StreamArn";

/// Returns the DynamoDB grants of a function, except those with which Lambda reads a stream for it.
fn grants(function: &str) -> Vec<Access> {
    let function = template().functions.get(function).expect("template.yaml defines the function");
    let statements = function.statements.iter();
    statements.filter(|it| !it.resource.ends_with(STREAM)).flat_map(grants_of).collect()
}

fn grants_of(statement: &Statement) -> Vec<Access> {
    let keys = match &statement.leading_keys {
        Some(keys) => keys.iter().cloned().map(Some).collect(),
        None => vec![None],
    };
    let of_dynamodb = statement.actions.iter().filter(|action| action.starts_with("dynamodb:"));
    let pairs = of_dynamodb.flat_map(|action| keys.iter().map(move |key| (action, key)));
    pairs
        .map(|(action, key)| Access {
            action: action.clone(),
            resource: statement.resource.clone(),
            leading_key: key.clone(),
        })
        .collect()
}

/// Fails the test unless the function's policy grants these accesses. Records the granted accesses.
pub(super) fn check(function: &str, done: &[Access]) {
    let grants = grants(function);
    let mut denied = String::new();
    for access in done {
        if !grants.iter().any(|grant| access.is_granted_by(grant)) {
            let _ = writeln!(denied, "  {access}");
        }
    }
    assert!(denied.is_empty(), "the function's policy in template.yaml does not grant\n{denied}");
    record(done).expect("the file of accesses can be written");
}

fn record(done: &[Access]) -> Result<(), Box<dyn std::error::Error>> {
    let Some(path) = env::var_os(RECORD) else { return Ok(()) };
    let mut lines = Vec::new();
    for access in done {
        serde_json::to_writer(&mut lines, access)?;
        lines.push(b'\n');
    }
    // Tests run concurrently. Lines that are appended in one write stay together.
    OpenOptions::new().create(true).append(true).open(path)?.write_all(&lines)?;
    Ok(())
}

/// Fails the test if the function's policy grants an access that the function's other tests do not use. Runs these tests
/// again to record their accesses. Each of them checks by itself that the policy grants its accesses. `skipped` are
/// parts of the names of slow tests that use no additional access.
pub fn policy_grants_nothing_else(function: &str, skipped: &[&str]) {
    let record = env::temp_dir().join(format!("healthcare-access-{function}-{}", process::id()));
    let tests = Command::new(env::current_exe().expect("the path of this program"))
        .arg(format!("{}::tests::", function.replace('-', "_")))
        .args(skipped.iter().chain(&["survives", "nothing_else"]).flat_map(|it| ["--skip", it]))
        .env(RECORD, &record)
        .output()
        .expect("the tests can be started");
    let recorded = fs::read_to_string(&record).unwrap_or_default();
    let _ = fs::remove_file(&record);
    assert!(tests.status.success(), "{}", String::from_utf8_lossy(&tests.stdout));

    let done: BTreeSet<Access> = recorded
        .lines()
        .map(|line| serde_json::from_str(line).expect("a recorded access"))
        .collect();
    assert!(!done.is_empty(), "no test of {function} calls DynamoDB");
    let unused: Vec<_> = grants(function)
        .iter()
        .filter(|grant| !done.iter().any(|access| access.is_granted_by(grant)))
        .map(|grant| format!("\n  {grant}"))
        .collect();
    assert!(
        unused.is_empty(),
        "template.yaml grants accesses that no test uses:{}",
        unused.concat()
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accesses(operation: &str, body: Value) -> Vec<String> {
        Access::of_call(operation, &body).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn transaction_needs_a_permission_for_each_part() {
        let table = TABLE_NAME;
        let body = json!({"TransactItems": [
            {"Put": {"TableName": table, "Item": {"pk": {"S": "USER#1"}}}},
            {"ConditionCheck": {"TableName": table, "Key": {"pk": {"S": "ADMINS"}}}},
        ]});
        assert_eq!(
            accesses("TransactWriteItems", body),
            [
                "dynamodb:PutItem on Table.Arn of USER#1",
                "dynamodb:ConditionCheckItem on Table.Arn of ADMINS",
            ]
        );
    }

    #[test]
    fn reads_need_permissions_for_partitions_and_indexes() {
        let keys = json!({"RequestItems": {TABLE_NAME: {"Keys": [{"pk": {"S": "CRED#1"}}]}}});
        assert_eq!(
            accesses("BatchGetItem", keys),
            ["dynamodb:BatchGetItem on Table.Arn of CRED#1"]
        );
        let query = json!({
            "TableName": TABLE_NAME,
            "IndexName": "gsi2",
            "KeyConditionExpression": "gsi2pk = :kind",
            "ExpressionAttributeValues": {":kind": {"S": "USER"}},
        });
        let expected = "dynamodb:Query on ${Table.Arn}/index/gsi2 of USER";
        assert_eq!(accesses("Query", query), [expected]);
        let scan = json!({"TableName": KEYS_TABLE_NAME});
        assert_eq!(accesses("Scan", scan), ["dynamodb:Scan on KeysTable.Arn of all keys"]);
    }

    #[test]
    fn grant_covers_only_keys_of_its_pattern() {
        let statement = Statement {
            actions: vec!["dynamodb:GetItem".to_owned(), "kms:Decrypt".to_owned()],
            resource: "Table.Arn".to_owned(),
            leading_keys: Some(vec!["USER#*".to_owned(), "ADMINS".to_owned()]),
        };
        let grants = grants_of(&statement);
        let is_granted = |action: &str, key: &str| {
            let access = Access::new(action, TABLE_NAME, None, Some(key.to_owned()));
            grants.iter().any(|grant| access.is_granted_by(grant))
        };
        assert_eq!(grants.len(), 2);
        assert!(is_granted("GetItem", "USER#1") && is_granted("GetItem", "ADMINS"));
        assert!(!is_granted("GetItem", "CRED#1") && !is_granted("GetItem", "ADMINS2"));
        assert!(!is_granted("PutItem", "USER#1"));
        let scan = Access::new("GetItem", TABLE_NAME, None, None);
        assert!(!grants.iter().any(|grant| scan.is_granted_by(grant)));
    }
}
