//! `cargo dev`: the whole API on this machine.
//!
//! One process has an embedded DynamoDB, a gateway, and a scheduler that invokes the scheduled functions. Its child,
//! `cargo lambda watch`, starts a function at its first request and again whenever its code changes. All end together.

mod audit_log;
mod demo;
mod environment_file;
mod files;
mod functions;
mod gateway;
mod invocation;
mod new_rows;
mod schedule;
mod scheduler;
mod summary;

use std::future::pending;
use std::path::PathBuf;

use ops::data::{Data, PATIENCE};
use ops::local_tables::READY;
use ops::stop::unless_stopped;
use ops::target::{data_arguments, table_arguments};
use ops::{Result, schema, ui};
use repo::generated;
use repo::template::{AUDIT_TABLE_NAME, TABLE_NAME, Template};
use shared::store::client;
use shared::testing::emulator::create_missing_tables;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use self::environment_file::EnvironmentFile;
use self::functions::Functions;
use self::gateway::Gateway;
use self::new_rows::NewRows;
use self::scheduler::Timetable;
use self::summary::Summary;
use crate::database::Database;
use crate::environment::{Folders, environment};
use crate::port::Port;
use crate::tools::CARGO_LAMBDA;

#[derive(clap::Args)]
pub struct Options {
    /// Port of the API on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8000)]
    port: u16,

    /// Folder for the data, the token secret, the mail and the log [default: .local in the repository]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Keep the tables in memory: no record is left at the end
    #[arg(long)]
    in_memory: bool,

    /// Use another DynamoDB instead of the embedded one: DynamoDB Local, or a region's with
    /// AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set
    #[arg(long, value_name = "URL", conflicts_with = "in_memory")]
    dynamodb_endpoint: Option<String>,

    /// Build with optimizations
    #[arg(long)]
    release: bool,

    /// Processes per function; each handles one request at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    /// Do not watch the code: changes need a restart, and many processes start sooner
    #[arg(long)]
    no_reload: bool,

    /// Add accounts in every role, 20 doctors and 100 patients with assignments, a vacation cover,
    /// a transfer and a restricted patient
    #[arg(long)]
    demo: bool,

    /// Open the tables, without the API: for other commands, and for a `cargo lambda watch` that
    /// you start with the printed line
    #[arg(long)]
    #[arg(conflicts_with_all = ["port", "dynamodb_endpoint", "release"])]
    #[arg(conflicts_with_all = ["concurrency", "no_reload", "demo"])]
    table_only: bool,

    /// Only print the endpoint of the tables: for a command that opens them for itself
    #[arg(long, hide = true, requires = "table_only")]
    unannounced: bool,

    /// End when stdin does: for test suites, so that the command ends even if they are killed
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

pub async fn run(options: &Options) -> Result {
    let work = async {
        if options.table_only { serve_tables(options).await } else { serve(options).await }
    };
    match unless_stopped(work, options.until_stdin_closes).await? {
        Some(outcome) => outcome,
        None => Ok(()),
    }
}

/// Keeps the tables open until it is stopped. Unless the options say otherwise, prints the command that starts the
/// functions on them.
async fn serve_tables(options: &Options) -> Result {
    let template = Template::load()?;
    let data = Data::open(options.data.as_deref()).await?;
    let Ok(database) = timeout(PATIENCE, open_tables(options, &template, &data)).await else {
        let seconds = PATIENCE.as_secs();
        return Err(format!("the tables did not open within {seconds} s").into());
    };
    let database = database?;
    let file = if options.unannounced {
        None
    } else {
        let outbox = files::outbox(data.folder())?;
        let archive = files::archive(data.folder());
        let folders = Folders { outbox: &outbox, archive: &archive };
        let token_secret = files::token_secret(data.folder())?;
        let environment = environment(&template, &database.dynamodb, token_secret, Some(&folders));
        Some(EnvironmentFile::write(data.folder(), &environment)?)
    };
    if let Some(endpoint) = database.dynamodb.endpoint() {
        ui::print(format!("{READY}{endpoint}\n"));
    }
    if let Some(file) = &file {
        ui::print(format!("{}\n", file.command()));
    }
    pending().await
}

/// Opens the database, creates what is missing in it, and, unless the options say otherwise, announces the endpoint to
/// other commands.
async fn open_tables(options: &Options, template: &Template, data: &Data) -> Result<Database> {
    let database = match &options.dynamodb_endpoint {
        Some(endpoint) => Database::at(endpoint)?,
        None if options.in_memory => Database::in_memory().await?,
        None => Database::on_file(&files::database(data.folder())).await?,
    };
    if options.unannounced {
        // The command for which these tables are opened may be the one that updates them.
        create_missing_tables(&client(database.dynamodb.settings()), template).await?;
        return Ok(database);
    }
    let arguments = match &options.dynamodb_endpoint {
        Some(endpoint) => table_arguments(TABLE_NAME, Some(AUDIT_TABLE_NAME), Some(endpoint)),
        None => data_arguments(options.data.as_deref()),
    };
    prepare(&database, template, &arguments).await?;
    if let Some(endpoint) = database.dynamodb.endpoint() {
        data.announce(endpoint)?;
    }
    Ok(database)
}

/// Creates what is missing. Refuses tables with data of another version; `arguments` are those with which operators'
/// commands work on them.
async fn prepare(database: &Database, template: &Template, arguments: &str) -> Result {
    // The tables of another version may have other indexes.
    create_missing_tables(&client(database.dynamodb.settings()), template).await?;
    let is_new = schema::is_new(&database.store(), arguments).await?;
    let store = database.prepare(template).await?;
    if is_new {
        store.operator().start_schema().await?;
    }
    Ok(())
}

/// Serves until something fails, and returns the reason.
async fn serve(options: &Options) -> Result {
    let template = Template::load()?;
    let timetable = Timetable::of(&template)?;
    for (path, _) in generated::stale(&template)? {
        ui::warning(format!("{path} is older than its source: run `cargo xtask generate`"));
    }
    let data = Data::open(options.data.as_deref()).await?;
    let port = Port::reserve(options.port)?;
    let url = port.url();

    let database = open_tables(options, &template, &data).await?;
    let dynamodb = &database.dynamodb;
    let cargo_lambda = CARGO_LAMBDA.installed().await?;
    functions::build(options.release).await?;

    ui::status("Starting", format!("the API, with {dynamodb}"));
    let outbox = files::outbox(data.folder())?;
    let log = files::log(data.folder());
    let token_secret = files::token_secret(data.folder())?;
    let archive = files::archive(data.folder());
    let folders = Folders { outbox: &outbox, archive: &archive };
    let environment = environment(&template, dynamodb, token_secret, Some(&folders));
    let inner = Port::reserve(0)?;
    let inner_number = inner.number();
    let _gateway = Gateway::serve(port, inner_number)?;
    let has_own_tables = !options.in_memory && options.dynamodb_endpoint.is_none();
    let output = (log.clone(), audit_log::begin(data.folder(), has_own_tables)?);
    let mut functions = Functions::start(&cargo_lambda, inner, options, environment, output)?;
    functions.ready(&url).await?;
    // Dropped before the functions: an invocation that ends with them has not failed.
    let _scheduler = timetable.start(inner_number, &log);
    let _new_rows = NewRows::start(database.store(), inner_number, &log);
    let demo = if options.demo {
        functions.unless_ended(load_demo(url.clone())).await??
    } else {
        Vec::new()
    };
    ui::print(Summary {
        url: &url,
        template: &template,
        dynamodb,
        log: &log,
        outbox: &outbox,
        demo,
    });
    Err(functions.ended().await)
}

async fn load_demo(url: String) -> Result<Vec<demo::Account>> {
    ui::status("Adding", "the demo's accounts, doctors, patients and assignments");
    spawn_blocking(move || demo::load(&url)).await?
}

#[cfg(test)]
mod tests {
    use shared::model::timestamp::Timestamp;
    use shared::model::user::Role;
    use shared::store::{ImportedUser, SchemaState};

    use super::*;

    #[tokio::test]
    async fn tables_with_data_of_another_version_are_refused() {
        let database = Database::in_memory().await.unwrap();
        let template = Template::load().unwrap();
        let store = database.prepare(&template).await.unwrap();
        let user = ImportedUser {
            username: "amara".parse().unwrap(),
            email: "amara@example.com".parse().unwrap(),
            password_hash: None,
            role: Role::Staff,
            active: true,
            email_verified: false,
            created_at: Timestamp::system(),
        };
        store.operator().import_user(user, Timestamp::system()).await.unwrap();

        let prepared = prepare(&database, &template, " --data old").await;
        let error = prepared.unwrap_err().to_string();
        assert!(error.ends_with("`cargo ops migrate --data old`"), "{error}");
    }

    #[tokio::test]
    async fn new_tables_get_the_version_of_their_data() {
        let database = Database::in_memory().await.unwrap();
        let template = Template::load().unwrap();
        prepare(&database, &template, "").await.unwrap();
        let store = database.store();
        assert_eq!(store.operator().schema().await.unwrap(), SchemaState::Current);
        prepare(&database, &template, "").await.unwrap();
    }
}
