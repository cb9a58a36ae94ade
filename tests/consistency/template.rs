//! Rules of template.yaml that no linter has.

use std::collections::BTreeSet;
use std::fs;

use repo::root::repository;
use repo::template::Template;

use crate::Outcome;

/// The most lines of a part.
const LIMIT: usize = 46;

#[test]
fn part_of_every_endpoint_is_short() -> Outcome {
    let text = fs::read_to_string(repository().join("template.yaml"))?;
    let mut wrong = Vec::new();
    for function in Template::load()?.functions.values() {
        let id = &function.logical_id;
        let lines = lines_of_part(&text, id);
        if !(1..=LIMIT).contains(&lines) {
            wrong.push(format!("{id} has {lines}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "template.yaml: a function, its role and its policy have at most {LIMIT} lines: {}",
        wrong.join(", ")
    );
    Ok(())
}

/// Counts the lines of a function, its role and its policy, with the comments directly above and the blank lines
/// between them.
fn lines_of_part(template: &str, id: &str) -> usize {
    let keys = ["", "Role", "Policy"].map(|suffix| format!("  {id}{suffix}:"));
    let mut is_part = false;
    let resources = template.split("\n\n").filter(|block| {
        let first = block.lines().find(|line| !line.starts_with("  #")).unwrap_or_default();
        // A block that begins deeper continues the resource before it.
        if !first.starts_with("   ") {
            is_part = keys.iter().any(|key| key == first);
        }
        is_part
    });
    // A blank line follows each, except the last.
    resources.map(|resource| resource.lines().count() + 1).sum::<usize>().saturating_sub(1)
}

#[test]
fn comments_and_blank_lines_of_a_part_count() {
    let template = "Resources:\n\n  # A comment.\n  Health:\n    Type: A\n\n    Properties: {}\n\n  HealthRole:\n    Type: B\n\n  Docs:\n";
    assert_eq!(lines_of_part(template, "Health"), 8);
    assert_eq!(lines_of_part(template, "Absent"), 0);
}

/// A role without it would escape the limit that the operator sets for all.
#[test]
fn every_role_has_the_permissions_boundary() -> Outcome {
    let text = fs::read_to_string(repository().join("template.yaml"))?;
    let boundary =
        "PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundary, !Ref AWS::NoValue]";
    let roles = text.split("\n\n").filter(|block| block.contains("    Type: AWS::IAM::Role\n"));
    let without: Vec<_> = roles.filter(|role| !role.contains(boundary)).collect();
    assert!(without.is_empty(), "template.yaml: roles without {boundary}:\n{}", without.join("\n"));
    Ok(())
}

/// Except the parts of composite alarms, which tell nobody.
#[test]
fn every_alarm_is_on_the_dashboard_and_in_the_documents() -> Outcome {
    let template = fs::read_to_string(repository().join("template.yaml"))?;
    let operations = fs::read_to_string(repository().join("docs/operations.md"))?;
    let resources = Template::load()?.resources;
    let kinds = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
    let alarms = resources.iter().filter(|(_, it)| kinds.contains(&it.kind.as_str()));
    let alarms = alarms.filter(|(id, _)| !template.contains(&format!("ALARM(\"${{{id}}}\")")));
    let mut missing = Vec::new();
    for (id, _) in alarms {
        if !template.contains(&format!("\"${{{id}.Arn}}\"")) {
            missing.push(format!("template.yaml: the dashboard lacks {id}"));
        }
        if !operations.contains(&format!("\n| `{id}` |")) {
            missing.push(format!("docs/operations.md: the table of alarms lacks {id}"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    Ok(())
}

/// Pages could not read a refusal of API Gateway without CORS headers.
#[test]
fn edge_answers_have_the_same_headers() -> Outcome {
    let text = fs::read_to_string(repository().join("template.yaml"))?;
    let answers = text.split("      GatewayResponses:\n").nth(1).unwrap_or_default();
    let answers = answers.split("\n\n").next().unwrap_or_default();
    let headers = answers.split("            Headers:\n").skip(1).map(|answer| {
        let lines = answer.lines().take_while(|line| line.starts_with("              "));
        lines.filter(|line| !line.contains("Retry-After: ")).map(str::trim).collect::<Vec<_>>()
    });
    let headers: BTreeSet<_> = headers.collect();
    assert_eq!(headers.len(), 1, "{headers:#?}");
    for needed in ["Access-Control-Allow-Origin: ", "Strict-Transport-Security: "] {
        assert!(headers.iter().flatten().any(|it| it.starts_with(needed)), "{needed}{headers:?}");
    }
    Ok(())
}

/// A flood of logins must not refuse refreshes, or everybody is locked out.
#[test]
fn only_hashes_and_mails_have_the_small_throttle() -> Outcome {
    let text = fs::read_to_string(repository().join("template.yaml"))?;
    let settings = text.split("ResourcePath: /~1").skip(1);
    let paths = settings.filter_map(|it| it.split(',').next()).map(str::to_owned);
    let paths: BTreeSet<String> = paths.collect();
    let expected = [
        "invitations~1accept",
        "login",
        "password",
        "password~1reset",
        "password~1reset~1confirm",
        "register",
    ];
    let expected: BTreeSet<String> =
        expected.into_iter().map(|it| format!("api~1auth~1{it}")).collect();
    assert_eq!(paths, expected);
    Ok(())
}
