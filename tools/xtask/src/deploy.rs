//! `cargo xtask deploy`: builds the stack, deploys it as a stage, and tests the deployed API.

mod sbom;

use std::ffi::OsString;
use std::time::Duration;

use ops::dynamodb::DynamoDb;
use ops::stop::unless_stopped;
use ops::target::{RETENTION, table_arguments};
use ops::{Failure, Result, aws, http, schema, smoke, ui};
use repo::root::repository;
use shared::config::Aws;
use shared::store::Store;
use shared::store::client;
use tokio::time::timeout;

use crate::sam::{Build, Outputs, Sam};
use crate::stage::Stage;

/// The output with the name of the main table.
const TABLE_NAME: &str = "TableName";

/// The output with the name of the audit trail's table, which stacks of older versions do not have.
const AUDIT_TABLE_NAME: &str = "AuditTableName";

/// The time until a new API must be reachable everywhere.
const PATIENCE: Duration = Duration::from_secs(60);

/// The template of a build.
const BUILT: &str = ".aws-sam/build/template.yaml";

#[derive(clap::Args)]
pub struct Options {
    /// Stage of samconfig.toml: dev, prod or one of your own
    #[arg(long, value_name = "NAME")]
    stage: String,

    /// Only build the functions and list their crates in target/sbom; needs no credentials
    #[arg(long, conflicts_with_all = ["built", "yes"])]
    build_only: bool,

    /// Deploy the build in .aws-sam instead of building
    #[arg(long)]
    built: bool,

    /// Do not ask for confirmation, even if the stage is configured to ask
    #[arg(long)]
    yes: bool,

    /// More arguments for `sam deploy`
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

pub async fn run(options: &Options) -> Result {
    let stage = Stage::load(&options.stage)?;
    if options.build_only {
        let built = async { build(&Sam::installed().await?, &stage).await };
        unless_stopped(built, false).await?.ok_or("stopped")??;
        return sbom::write(&stage);
    }
    let aws = aws::from_variables(None).map_err(|problem| format!("{problem} to deploy"))?;
    if !options.built {
        sbom::write(&stage)?;
    } else if !repository().join(BUILT).is_file() {
        // sam would deploy the repository's files.
        return Err(format!("{BUILT} is missing: first run this with --build-only").into());
    }
    let deployment = async {
        let sam = Sam::installed().await?;
        // Before the stack is changed.
        let is_new = is_new(&sam, &stage, &aws).await?;
        let deployed = deploy(&sam, &stage, &aws, options).await?;
        Ok::<_, Failure>((is_new, deployed))
    };
    let (is_new, Deployed { url, table_name, audit_table_name }) =
        unless_stopped(deployment, false).await?.ok_or("stopped")??;
    let store = store(aws, table_name, audit_table_name).recorded_as("ops smoke", RETENTION);
    if is_new {
        store.operator().start_schema().await?;
    }
    // The smoke test reports an API that still does not answer.
    let health = http::healthy(format!("{url}api/health/"), http::TIMEOUT);
    let _ = unless_stopped(timeout(PATIENCE, health), false).await?.ok_or("stopped")?;
    smoke::smoke(&url, &store, smoke::Account::Imported).await?;
    ui::print(format!("{} answers at {url}\n", stage.stack_name));
    Ok(())
}

/// A deployed stack.
#[derive(Debug, PartialEq, Eq)]
struct Deployed {
    /// Ends with a slash.
    url: String,
    table_name: String,
    audit_table_name: String,
}

/// Returns whether the stage has no table with data yet. Refuses a table with data of another version.
async fn is_new(sam: &Sam, stage: &Stage, aws: &Aws) -> Result<bool> {
    let outputs = sam.outputs_if_deployed(stage, &aws.region).await?.unwrap_or_default();
    match outputs.get(TABLE_NAME) {
        Some(name) => {
            let audit_table = outputs.get(AUDIT_TABLE_NAME);
            let store = store(aws.clone(), name.clone(), audit_table.cloned().unwrap_or_default());
            let mut arguments = table_arguments(name, audit_table.map(String::as_str), None);
            if audit_table.is_none() {
                // For `cargo ops migrate`: the stack is older than the audit trail.
                arguments.push_str(" --without-trail");
            }
            schema::is_new(&store, &arguments).await
        }
        None => Ok(true),
    }
}

async fn build(sam: &Sam, stage: &Stage) -> Result {
    sam.build(&Build { stage: Some(stage), ..Build::default() }).await
}

async fn deploy(sam: &Sam, stage: &Stage, aws: &Aws, options: &Options) -> Result<Deployed> {
    // A job with credentials deploys what another job without any has built.
    if !options.built {
        build(sam, stage).await?;
    }
    sam.deploy(stage, &aws.region, !options.yes, &options.arguments).await?;
    if stage.is_protected {
        sam.protect(stage, &aws.region).await?;
    }
    let outputs = sam.outputs(stage, &aws.region).await?;
    Ok(Deployed {
        url: output(&outputs, stage, "ApiUrl")?,
        table_name: output(&outputs, stage, TABLE_NAME)?,
        audit_table_name: output(&outputs, stage, AUDIT_TABLE_NAME)?,
    })
}

fn output(outputs: &Outputs, stage: &Stage, name: &str) -> Result<String> {
    let missing = || format!("the stack {} has no output {name}", stage.stack_name);
    Ok(outputs.get(name).cloned().ok_or_else(missing)?)
}

fn store(aws: Aws, name: String, audit_table: String) -> Store {
    let dynamodb = DynamoDb::of(aws);
    // The stack's keys table has a name of its own, but the smoke test neither reads nor writes that table.
    Store::new(client(dynamodb.settings()), [name, String::new(), audit_table])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sam::tests::{Script, stage};

    fn options() -> Options {
        Options {
            stage: "dev".to_owned(),
            build_only: false,
            built: false,
            yes: true,
            arguments: vec!["--debug".into()],
        }
    }

    #[tokio::test]
    async fn deployment_returns_the_outputs_of_the_stack() {
        let script = Script::new(
            "deployment",
            r#"case "$*" in
               "lambda build --release" | "build --config-env dev") ;;
               "deploy --config-env dev --region us-east-1 --no-confirm-changeset --debug") ;;
               list*) echo '[{"OutputKey": "ApiUrl", "OutputValue": "https://a.example/live/"},
                             {"OutputKey": "TableName", "OutputValue": "clinic-dev-Table-1"},
                             {"OutputKey": "AuditTableName", "OutputValue": "clinic-audit-1"}]' ;;
               *) echo "unexpected call: $*" >&2; exit 1 ;;
               esac"#,
        );
        let deployed =
            deploy(&script.sam(), &stage("x86_64"), &Aws::anybody(), &options()).await.unwrap();
        let url = "https://a.example/live/".to_owned();
        let table_name = "clinic-dev-Table-1".to_owned();
        let audit_table_name = "clinic-audit-1".to_owned();
        assert_eq!(deployed, Deployed { url, table_name, audit_table_name });
    }

    #[tokio::test]
    async fn built_stack_is_deployed_without_building_and_protected() {
        let script = Script::new(
            "built",
            r#"case "$*" in
               deploy*) ;;
               "tools/xtask/src/sam/protect.py clinic-dev us-east-1") ;;
               list*) echo '[{"OutputKey": "ApiUrl", "OutputValue": "https://a.example/live/"},
                             {"OutputKey": "TableName", "OutputValue": "t"},
                             {"OutputKey": "AuditTableName", "OutputValue": "a"}]' ;;
               *) echo "unexpected call: $*" >&2; exit 1 ;;
               esac"#,
        );
        let mut stage = stage("x86_64");
        stage.is_protected = true;
        let options = Options { built: true, ..options() };
        let deployed = deploy(&script.sam(), &stage, &Aws::anybody(), &options).await.unwrap();
        assert_eq!(deployed.table_name, "t");
    }

    #[tokio::test]
    async fn stack_that_does_not_exist_is_new_and_other_failures_are_not() {
        let absent =
            r#"echo "Error: The input stack a does not exist on Cloudformation" >&2; exit 1"#;
        let script = Script::new("absent", absent);
        assert!(is_new(&script.sam(), &stage("x86_64"), &Aws::anybody()).await.unwrap());

        let script = Script::new("unreadable", "echo no credentials >&2; exit 1");
        let refused = is_new(&script.sam(), &stage("x86_64"), &Aws::anybody()).await;
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("no credentials"), "{error}");
    }

    #[tokio::test]
    async fn stack_without_a_needed_output_is_a_failure() {
        let script = Script::new("other", r#"test "$1" != list || echo '[]'"#);
        let error =
            deploy(&script.sam(), &stage("x86_64"), &Aws::anybody(), &options()).await.unwrap_err();
        assert_eq!(error.to_string(), "the stack clinic-dev has no output ApiUrl");
    }
}
