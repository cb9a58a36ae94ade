//! The number of resources of the template as SAM expands it.

use std::collections::BTreeMap;

use ops::Result;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::findings::{Finding, Findings};

/// The number of resources that the stack must stay below. CloudFormation permits 500 in a stack.
const LIMIT: usize = 420;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Expanded {
    resources: BTreeMap<String, IgnoredAny>,
}

pub fn check(expanded: &[u8]) -> Result<Findings> {
    let Expanded { resources } = serde_json::from_slice(expanded)
        .map_err(|error| format!("SAM's expansion of template.yaml has no resources: {error}"))?;
    let number = resources.len();
    let mut list = Vec::new();
    if number >= LIMIT {
        let problem = format!("{number} resources; fewer than {LIMIT} are permitted");
        list.push(Finding::new("RESOURCES", "template.yaml", problem));
    }
    let check = format!("resources: {number} in template.yaml as SAM expands it, below {LIMIT}");
    Ok(Findings { check, list })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn expanded(number: usize) -> Vec<u8> {
        let resources: BTreeMap<_, Value> =
            (0..number).map(|it| (it.to_string(), json!({ "Type": "AWS::SNS::Topic" }))).collect();
        json!({ "Resources": resources }).to_string().into_bytes()
    }

    #[test]
    fn number_of_resources_is_reported_and_limited() {
        let few = check(&expanded(LIMIT - 1)).unwrap();
        assert!(few.check.starts_with("resources: 419 in "), "{}", few.check);
        assert_eq!(few.list, []);
        let [finding] = check(&expanded(LIMIT)).unwrap().list.try_into().unwrap();
        assert_eq!(finding.message, "420 resources; fewer than 420 are permitted");
        assert!(check(b"{}").is_err());
    }
}
