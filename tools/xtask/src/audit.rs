//! `cargo xtask audit`: runs the linters on template.yaml and openapi.yaml and cargo-deny on the crates, and prints
//! their findings.
//!
//! Most rules do not know SAM's own resources, so the linters also check the template as SAM expands it. Metadata of a
//! resource, or the settings of a linter in tools/, suppress a rule. The reason is in docs/security.md.

mod cfn_lint;
mod checkov;
mod contract;
mod deny;
mod findings;
mod guard;
mod resources;
mod scratch;
mod suppressions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::root::repository;
use repo::template::Template;
use tokio::try_join;

use self::findings::Findings;
use self::scratch::Scratch;
use crate::tools::{CARGO_DENY, CFN_GUARD, CFN_LINT, CHECKOV, CONTRACT_LINTERS, SAM_TRANSLATOR};

pub async fn run() -> Result {
    unless_stopped(audit(), false).await?.ok_or("stopped")?
}

async fn audit() -> Result {
    // At the same time, because building one needs the processor, and the others need the network.
    let (cfn_lint, checkov, translator, cfn_guard, cargo_deny, node) = try_join!(
        CFN_LINT.installed(),
        CHECKOV.installed(),
        SAM_TRANSLATOR.installed(),
        CFN_GUARD.installed(),
        CARGO_DENY.installed(),
        CONTRACT_LINTERS.installed(),
    )?;
    let scratch = Scratch::new()?;
    let mut failed: usize = 0;
    let mut report = |findings: Findings| {
        failed = failed.saturating_add(usize::from(findings.has_any()));
        ui::print(findings);
    };

    ui::status("Auditing", "openapi.yaml");
    report(contract::redocly(&node, &scratch).await?);
    report(contract::spectral(&node, &scratch).await?);

    ui::status("Auditing", "template.yaml");
    report(
        cfn_lint::check(&cfn_lint, Path::new("template.yaml"), "template.yaml", &scratch).await?,
    );
    let expanded = expanded(&translator, &scratch).await?;
    // Some errors exist only there, such as a DependsOn of a resource that a condition leaves out.
    report(
        cfn_lint::check(&cfn_lint, &expanded, "template.yaml as SAM expands it", &scratch).await?,
    );
    report(resources::check(&fs::read(&expanded)?)?);
    report(checkov::check(&checkov, &expanded, &scratch).await?);

    let rules = guard::rules()?;
    let template = Template::load()?;
    let suppressed = suppressions::suppressed(&template);
    report(guard::test_rules(&cfn_guard, &rules, &scratch).await?);
    report(guard::check(&cfn_guard, &expanded, &rules, &suppressed, &scratch).await?);
    let security = fs::read_to_string(repository().join("docs/security.md"))?;
    report(suppressions::check(&template, &suppressions::left_out()?, &security));

    ui::status("Auditing", "the crates in Cargo.lock");
    report(deny::check(&cargo_deny).await?);
    if let Some(findings) = deny::advisories(&cargo_deny).await? {
        report(findings);
    }

    match failed {
        0 => Ok(()),
        1 => Err("one check has findings; docs/testing.md says what to do".into()),
        some => Err(format!("{some} checks have findings; docs/testing.md says what to do").into()),
    }
}

/// Expands the template with SAM, and returns the file with the result.
async fn expanded(python: &Path, scratch: &Scratch) -> Result<PathBuf> {
    let mut command = Command::new(python);
    command.args(["tools/xtask/src/audit/expand.py", "template.yaml"]);
    let (status, file) = scratch.keep("expanded.json", command).await?;
    if status.success() {
        Ok(file)
    } else {
        Err("SAM cannot expand template.yaml; its errors are above".into())
    }
}
