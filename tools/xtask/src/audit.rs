//! `cargo xtask audit`: everything that judges template.yaml, and what each judge says.
//!
//! Most rules do not know SAM's own resources, so that what SAM makes of them is judged, too. What a judge is told
//! not to ask stands as Metadata beside the resource, and why in docs/security.md.

mod cfn_lint;
mod checkov;
mod guard;
mod scratch;
mod suppressions;
mod verdict;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::try_join;
use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::template::{Template, repository};

use self::scratch::Scratch;
use self::verdict::Verdict;
use crate::tools::{CFN_GUARD, CFN_LINT, CHECKOV, SAM_TRANSLATOR};

pub async fn run() -> Result {
    unless_stopped(audit(), false).await?.ok_or("stopped")?
}

async fn audit() -> Result {
    // One of them takes a processor's time, the others the network's.
    let (cfn_lint, checkov, translator, cfn_guard) = try_join!(
        CFN_LINT.installed(),
        CHECKOV.installed(),
        SAM_TRANSLATOR.installed(),
        CFN_GUARD.installed(),
    )?;
    let scratch = Scratch::new()?;
    let mut objections: usize = 0;
    let mut hear = |verdict: Verdict| {
        objections = objections.saturating_add(usize::from(verdict.objects()));
        ui::print(verdict);
    };

    ui::status("Auditing", "template.yaml");
    hear(cfn_lint::judge(&cfn_lint, &scratch).await?);
    let expanded = expanded(&translator, &scratch).await?;
    hear(checkov::judge(&checkov, &expanded, &scratch).await?);

    let rules = guard::rules()?;
    let template = Template::load()?;
    let suppressed = suppressions::suppressed(&template);
    hear(guard::judge_rules(&cfn_guard, &rules, &scratch).await?);
    hear(guard::judge(&cfn_guard, &expanded, &rules, &suppressed, &scratch).await?);
    let security = fs::read_to_string(repository().join("docs/security.md"))?;
    hear(suppressions::judge(&template, &security));

    match objections {
        0 => Ok(()),
        1 => Err("a judge objects; docs/testing.md says what can be done".into()),
        some => Err(format!("{some} judges object; docs/testing.md says what can be done").into()),
    }
}

/// What SAM makes of template.yaml.
async fn expanded(python: &Path, scratch: &Scratch) -> Result<PathBuf> {
    let mut command = Command::new(python);
    command.args(["xtask/src/audit/expand.py", "template.yaml"]);
    let (status, file) = scratch.keep("expanded.json", command).await?;
    if status.success() {
        Ok(file)
    } else {
        Err("SAM makes nothing of template.yaml; its own words stand above".into())
    }
}
