//! `cargo ops import-users`: creates accounts for the users of a Django project.
//!
//! Each account is created in one transaction, and existing accounts are not changed. So a run may end at any point,
//! and the next run continues: it knows the accounts of the runs before by their mark.

mod django;

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::ValueEnum;
use futures_util::{StreamExt, stream};
use shared::model::field::FieldErrors;
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::store::{Imported, Store, StoreError};

use self::django::{Candidate, Dump, Entry, Reading, Skipped};
use crate::patience::patiently;
use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Result, ui};

/// The number of imports that run at the same time.
const AT_ONCE: usize = 16;

#[derive(clap::Args)]
pub struct Options {
    /// Output of `manage.py dumpdata auth.user`
    file: PathBuf,

    /// Role of users who are neither superusers nor staff. Superusers become admin, staff become staff
    #[arg(long, value_enum, default_value_t = OtherRole::Pending)]
    role: OtherRole,

    /// Model of the users [default: every model called User]
    #[arg(long, value_name = "APP.MODEL")]
    model: Option<String>,

    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, ValueEnum)]
enum OtherRole {
    Pending,
    Staff,
}

impl From<OtherRole> for Role {
    fn from(role: OtherRole) -> Self {
        match role {
            OtherRole::Pending => Self::Pending,
            OtherRole::Staff => Self::Staff,
        }
    }
}

pub async fn run(options: &Options) -> Result {
    let now = Timestamp::system();
    let Dump { entries, others } = read(options, now)?;
    let total = entries.len();
    let target = unless_stopped(options.target.open(), false).await?.ok_or("stopped")??;
    let store = target.recorded_as("ops import-users")?;

    let mut report = Report { others, ..Report::default() };
    let import = import(&store, entries, now, &mut report);
    let problem = match unless_stopped(import, false).await? {
        Some(Ok(())) => {
            ui::print(report);
            return Ok(());
        }
        Some(Err(error)) => error.to_string(),
        None => "stopped".to_owned(),
    };
    let done = report.done();
    let way_out = "run the same command again to continue";
    Err(format!("{problem}; {done} of {total} users are done: {way_out}").into())
}

fn read(options: &Options, now: Timestamp) -> Result<Dump> {
    let path = options.file.display();
    let file = File::open(&options.file).map_err(|error| format!("cannot read {path}: {error}"))?;
    let model = options.model.as_deref();
    let reading = Reading { model, role: options.role.into(), now };
    let dump = django::read(BufReader::new(file), &reading).map_err(|error| {
        if error.is_io() {
            return format!("cannot read {path}: {error}");
        }
        // Without the error's own text, which may quote a name.
        let (line, column) = (error.line(), error.column());
        format!("{path} is not output of `manage.py dumpdata`: line {line}, column {column}")
    })?;
    if dump.entries.is_empty() && dump.others > 0 {
        ui::warning("the file has no users; if their model has another name, set it with --model");
    }
    Ok(dump)
}

/// Imports the entries in their order, up to the first one at which DynamoDB fails.
async fn import(store: &Store, entries: Vec<Entry>, now: Timestamp, report: &mut Report) -> Result {
    let progress = ui::progress("Importing", u64::try_from(entries.len())?)?;
    let imports = entries.into_iter().map(|entry| import_entry(store, entry, now));
    let mut outcomes = stream::iter(imports).buffered(AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        report.add(outcome?);
        progress.inc(1);
    }
    Ok(())
}

/// The result of one entry.
enum Outcome {
    Imported { must_reset: bool },
    Already,
    Skipped(Skipped),
}

async fn import_entry(
    store: &Store,
    entry: Entry,
    now: Timestamp,
) -> std::result::Result<Outcome, StoreError> {
    let Candidate { who, user } = match entry {
        Ok(candidate) => candidate,
        Err(skipped) => return Ok(Outcome::Skipped(skipped)),
    };
    let must_reset = user.password_hash.is_none();
    let operator = store.operator();
    let import = async || operator.import_user(user.clone(), now).await;
    Ok(match patiently(import).await? {
        Imported::Done(_) => Outcome::Imported { must_reset },
        Imported::Already => Outcome::Already,
        Imported::Registered => {
            let problems = FieldErrors::one("account", "exists, not by import; it is unchanged");
            Outcome::Skipped(Skipped { who, problems })
        }
        Imported::Taken(problems) => Outcome::Skipped(Skipped { who, problems }),
    })
}

/// The results of a run so far.
#[derive(Default)]
struct Report {
    imported: usize,
    /// The imported users who must reset their password.
    must_reset: usize,
    already: usize,
    skipped: Vec<Skipped>,
    others: usize,
}

impl Report {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Imported { must_reset } => {
                self.imported += 1;
                self.must_reset += usize::from(must_reset);
            }
            Outcome::Already => self.already += 1,
            Outcome::Skipped(skipped) => self.skipped.push(skipped),
        }
    }

    fn done(&self) -> usize {
        self.imported + self.already + self.skipped.len()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { imported, must_reset, already, skipped, others } = self;
        writeln!(f, "imported {imported} ({must_reset} must reset their password)")?;
        writeln!(f, "imported before {already}")?;
        writeln!(f, "skipped {}", skipped.len())?;
        writeln!(f, "objects of other models {others}")?;
        skipped.iter().try_for_each(|skipped| writeln!(f, "{skipped}"))
    }
}

#[cfg(test)]
mod tests {
    use repo::template::{TABLE_NAMES, Template};
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};
    use shared::store::{NewUser, client};
    use shared::testing::emulator::{self, Emulator, create_tables};

    use super::*;

    /// A hash of `correct-horse-battery-staple`.
    const PBKDF2: &str = "pbkdf2_sha256$1000$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=";

    #[tokio::test]
    async fn second_run_continues_where_the_first_one_ended() {
        let (_emulator, store) = tables().await;
        let amara = user(1, "amara", "amara@example.com", PBKDF2);
        let bruno = user(2, "bruno", "bruno@example.com", "!unusable");
        let group = json!({ "model": "auth.group", "pk": 1, "fields": {} });
        let first = run(&store, json!([group, amara])).await;
        assert_eq!(
            first,
            "imported 1 (0 must reset their password)\n\
             imported before 0\n\
             skipped 0\n\
             objects of other models 1\n"
        );

        let chiara = user(3, "chiara", "amara@example.com", "");
        let second = run(&store, json!([amara, bruno, chiara])).await;
        assert_eq!(
            second,
            "imported 1 (1 must reset their password)\n\
             imported before 1\n\
             skipped 1\n\
             objects of other models 0\n\
             auth.user 3: email: is the same as that of auth.user 1\n"
        );

        let third = run(&store, json!([chiara])).await;
        assert!(third.ends_with("auth.user 3: email: is already taken\n"), "{third}");
    }

    #[tokio::test]
    async fn account_that_its_owner_registered_is_reported_and_unchanged() {
        let (_emulator, store) = tables().await;
        let registered = NewUser {
            username: "amara".parse().unwrap(),
            email: "amara@example.com".parse().unwrap(),
            password_hash: "a stranger's".into(),
            role: Role::Pending,
            first_is_admin: false,
        };
        let now = Timestamp::from_millisecond(1_600_000_000_000);
        store.accounts().register(registered, now).await.unwrap();

        let amara = user(1, "Amara", "amara@example.com", PBKDF2);
        let report = run(&store, json!([amara])).await;
        assert_eq!(
            report,
            "imported 0 (0 must reset their password)\n\
             imported before 0\n\
             skipped 1\n\
             objects of other models 0\n\
             auth.user 1: account: exists, not by import; it is unchanged\n"
        );
        let found = store.credentials().named("amara").await.unwrap().unwrap();
        assert_eq!(found.password_hash.unwrap().expose_secret(), "a stranger's");
        assert_eq!(found.user.version, 1);
    }

    async fn tables() -> (Emulator, Store) {
        let emulator = Emulator::in_memory().await.unwrap();
        let client = client(&emulator::settings(emulator.endpoint()));
        create_tables(&client, &Template::load().unwrap()).await.unwrap();
        let store = Store::new(client, TABLE_NAMES.map(str::to_owned));
        (emulator, store)
    }

    fn user(pk: u32, username: &str, email: &str, password: &str) -> Value {
        let fields = json!({ "username": username, "email": email, "password": password });
        json!({ "model": "auth.user", "pk": pk, "fields": fields })
    }

    async fn run(store: &Store, file: Value) -> String {
        let now = Timestamp::from_millisecond(1_700_000_000_000);
        let reading = Reading { model: None, role: Role::Pending, now };
        let dump = django::read(file.to_string().as_bytes(), &reading).unwrap();
        let mut report = Report { others: dump.others, ..Report::default() };
        import(store, dump.entries, now, &mut report).await.unwrap();
        report.to_string()
    }
}
