//! `cargo xtask fuzz`: checks that the API keeps its contract with any request.
//!
//! Schemathesis generates valid and invalid requests from openapi.yaml, single and in sequences, and checks the answers
//! against it. schemathesis.toml limits checks that require more than the API promises; fuzz/hooks.py keeps
//! schemathesis signed in.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use ops::process_group::ProcessGroup;
use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::root::repository;
use serde_json::{Value, json};
use shared::testing::NO_LIMITS;
use tokio::task::spawn_blocking;

use crate::stack::{PASSWORD, Stack};
use crate::tools::SCHEMATHESIS;

/// Enough processes for the requests that `-- --workers 4` sends at the same time.
const FLAGS: [&str; 2] = ["--concurrency", "4"];

const ADMIN: &str = "admin";
const STAFF: &str = "staff";

/// The number of doctors, patients and mappings that exist from the start.
const RECORDS: usize = 3;

#[derive(clap::Args)]
pub struct Options {
    /// Number of random requests to each operation, besides those that test its limits
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    examples: u32,

    /// Repeat the requests of an earlier run, whose report has this seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Test only this operation, by its operationId
    #[arg(long, value_name = "ID")]
    operation: Option<String>,

    /// More arguments for schemathesis
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

/// Returns schemathesis' exit code: that of the last run that found something.
pub async fn run(options: &Options) -> Result<ExitCode> {
    unless_stopped(fuzz(options), false).await?.ok_or("stopped")?
}

async fn fuzz(options: &Options) -> Result<ExitCode> {
    let schemathesis = SCHEMATHESIS.installed().await?;
    let Prepared { stack, in_use, spare } = spawn_blocking(prepare).await??;
    let mut code = ExitCode::SUCCESS;
    for name in [STAFF, ADMIN] {
        ui::status("Fuzzing", format!("as {name}"));
        let mut command = command(&schemathesis, stack.url(), options);
        command
            .env("FUZZ_USERNAME", name)
            .env("FUZZ_PASSWORD", PASSWORD)
            .env("FUZZ_IN_USE", &in_use)
            .env("FUZZ_SPARE", spare.to_string())
            // It runs in the repository, where it must not write anything.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("HYPOTHESIS_STORAGE_DIRECTORY", stack.data().join("hypothesis"))
            // Despite HTTP_PROXY: a proxy cannot reach this machine's 127.0.0.1.
            .env("no_proxy", "127.0.0.1");
        let status = ProcessGroup::spawn(command)?.wait().await?;
        if !status.success() {
            code = exit_code(status);
        }
    }
    Ok(code)
}

/// A stack with accounts and records.
struct Prepared {
    stack: Stack,
    /// The ids of the accounts that sign in.
    in_use: String,
    /// The id of an account that requests may change.
    spare: u64,
}

fn prepare() -> Result<Prepared> {
    let stack = Stack::start(&NO_LIMITS, &FLAGS)?;
    ui::status("Preparing", "accounts, doctors, patients and mappings");
    let in_use = format!("{} {}", stack.register(ADMIN)?, stack.register(STAFF)?);
    let spare = stack.register("spare")?;

    let token = stack.log_in(STAFF)?;
    let create = |path: &str, body: Value| stack.create(Some(&token), path, &body);
    for number in 1..=RECORDS {
        let doctor = json!({
            "first_name": "Grace",
            "last_name": "Okafor",
            "email": format!("doctor-{number}@clinic.example"),
            "phone_number": format!("+130355501{number:02}"),
            "specialization": "Cardiology",
            "license_number": format!("FUZZ-{number:04}"),
            "years_of_experience": number,
        });
        let patient = json!({
            "first_name": "Jane",
            "last_name": "Roe",
            "date_of_birth": "1985-04-12",
            "gender": "Female",
            "contact_number": format!("+120255501{number:02}"),
            "address": format!("{number} Elm Street, Springfield"),
        });
        let doctor = create("api/doctors/", doctor)?;
        let patient = create("api/patients/", patient)?;
        let mapping = json!({ "doctor_id": doctor.get("id"), "patient_id": patient.get("id") });
        create("api/doctor/mappings/", mapping)?;
    }
    Ok(Prepared { stack, in_use, spare })
}

fn command(schemathesis: &Path, url: &str, options: &Options) -> Command {
    let Options { examples, seed, operation, arguments } = options;
    let mut command = Command::new(schemathesis);
    command
        // The folder of schemathesis.toml.
        .current_dir(repository().join("tools"))
        .args(["run", "../openapi.yaml", "--url", url])
        .arg(format!("--max-examples={examples}"))
        .args(seed.map(|seed| format!("--seed={seed}")))
        .args(operation.as_ref().map(|id| format!("--include-operation-id={id}")))
        // If an option is given twice, the last one applies.
        .args(arguments);
    command
}

/// Returns the exit code of a process; a failure if a signal ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_arguments_for_schemathesis_come_last() {
        let options = Options {
            examples: 7,
            seed: Some(3),
            operation: Some("doctors-get".to_owned()),
            arguments: vec!["--max-examples".into(), "9".into()],
        };
        let command = command(Path::new("schemathesis"), "http://127.0.0.1:1/", &options);
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(
            arguments,
            [
                "run",
                "../openapi.yaml",
                "--url",
                "http://127.0.0.1:1/",
                "--max-examples=7",
                "--seed=3",
                "--include-operation-id=doctors-get",
                "--max-examples",
                "9",
            ]
        );
    }
}
