use std::fs;

use repo::root::repository;
use repo::template::Template;

use super::*;

const TEMPLATE: &str = r"
Resources:
  Health:
    Type: AWS::Serverless::Function
    Metadata:
      BuildProperties: { Binary: health }
      checkov: { skip: [{ id: CKV_1, comment: there is nothing to queue }] }
      guard: { SuppressedRules: [QUEUED] }
    Properties: {}
  Topic:
    Type: AWS::SNS::Topic
    Metadata: { cfn-lint: { config: { ignore_checks: [W1] } } }
";

const SECURITY: &str = "
## Before

| `NOT_THIS` | `Topic` | another table |

## Checks of the linters that do not apply

Text.

| rule | resource | reason |
|---|---|---|
| `CKV_1`, `QUEUED` | `Health` | nothing calls it without waiting |
| `CKV_2`, `IN_VPC` | every function | it calls nothing in a VPC |
| `W1` | `Topic` | it is so |

## After

| `NOR_THIS` | `Topic` | another table |
";

fn findings(template: &str, security: &str) -> Vec<Finding> {
    let left_out = BTreeSet::from(["CKV_2", "IN_VPC"].map(str::to_owned));
    check(&Template::parse(template).unwrap(), &left_out, security).list
}

#[test]
fn explained_suppression_passes() {
    assert_eq!(findings(TEMPLATE, SECURITY), []);
    let template = Template::parse(TEMPLATE).unwrap();
    assert_eq!(suppressed(&template), BTreeSet::from(["CKV_1", "QUEUED", "W1"]));
}

#[test]
fn suppression_must_be_explained() {
    let security = SECURITY.replace(", `QUEUED`", "").replace(", `IN_VPC`", "");
    let found = findings(TEMPLATE, &security);
    let places: Vec<_> = found.iter().map(|it| (&*it.rule, &*it.place)).collect();
    assert_eq!(places, [("IN_VPC", EVERYWHERE), ("QUEUED", "Health")]);
    assert!(found.iter().all(|it| it.message.contains("add the reason")), "{found:?}");
}

#[test]
fn explained_rule_must_be_suppressed() {
    let template = TEMPLATE.replace("ignore_checks: [W1]", "ignore_checks: []");
    let security = SECURITY.replace("`CKV_2`, ", "`CKV_2`, `CKV_3`, ");
    let found = findings(&template, &security);
    let places: Vec<_> = found.iter().map(|it| (&*it.rule, &*it.place)).collect();
    assert_eq!(places, [("CKV_3", EVERYWHERE), ("W1", "Topic")]);
    assert!(found.iter().all(|it| it.message.contains("nothing suppresses it")), "{found:?}");
}

#[test]
fn suppression_must_have_a_comment() {
    let template = TEMPLATE.replacen("comment: there is nothing to queue", "comment: ' '", 1);
    let [finding] = findings(&template, SECURITY).try_into().unwrap();
    let expected = Finding::new("CKV_1", "Health", "is suppressed without a comment");
    assert_eq!(finding, expected);

    let security = SECURITY.replace("| it is so |", "| |");
    let [finding] = findings(TEMPLATE, &security).try_into().unwrap();
    assert_eq!(finding, Finding::new("W1", "docs/security.md", "add the reason"));
}

#[test]
fn suppressions_of_this_repository_are_explained() {
    let security = fs::read_to_string(repository().join("docs/security.md")).unwrap();
    let left_out = left_out().unwrap();
    assert_eq!(check(&Template::load().unwrap(), &left_out, &security).list, []);
}
