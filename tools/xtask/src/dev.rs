//! `cargo dev`: the whole API on this machine.
//!
//! One process with DynamoDB, embedded, and a gateway in it, and under it `cargo lambda watch`, which starts
//! a function at its first request and again whenever its code changes. All end with it.

mod demo;
mod functions;
mod gateway;
mod summary;

use std::path::PathBuf;

use shared::table;
use shared::testing::emulator::create_tables;
use tokio::task::spawn_blocking;
use ops::data::Data;
use ops::dynamodb::DynamoDb;
use ops::stop::unless_stopped;
use ops::{Result, ui};
use repo::generated;
use repo::template::Template;

use self::functions::Functions;
use self::gateway::Gateway;
use self::summary::Summary;
use crate::environment::environment;
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

    /// Keep no data after the end
    #[arg(long)]
    in_memory: bool,

    /// Another DynamoDB than the embedded one: DynamoDB Local, or a region's with AWS_REGION,
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set
    #[arg(long, value_name = "URL", conflicts_with = "in_memory")]
    dynamodb_endpoint: Option<String>,

    /// Build with optimizations
    #[arg(long)]
    release: bool,

    /// Processes per function; each handles one request at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    /// Do not watch the code: an edited handler needs a restart, and many processes start sooner
    #[arg(long)]
    no_reload: bool,

    /// Add a demo account, 20 doctors, 100 patients and 300 mappings
    #[arg(long)]
    demo: bool,

    /// End when stdin does: for test suites, which then leave nothing behind however they end
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

pub async fn run(options: &Options) -> Result {
    match unless_stopped(serve(options), options.until_stdin_closes).await? {
        Some(outcome) => outcome,
        None => Ok(()),
    }
}

/// Serves for as long as it can: what it returns is the reason why it no longer does.
async fn serve(options: &Options) -> Result {
    let template = Template::load()?;
    for (path, _) in generated::stale(&template)? {
        ui::warning(format!("{path} is older than its source: run `cargo xtask generate`"));
    }
    let data = Data::open(options.data.as_deref()).await?;
    let port = Port::reserve(options.port)?;
    let url = port.url();

    let dynamodb = match &options.dynamodb_endpoint {
        Some(endpoint) => DynamoDb::at(endpoint)?,
        None if options.in_memory => DynamoDb::in_memory().await?,
        None => DynamoDb::on_file(&data.database()).await?,
    };
    create_tables(&table::client(dynamodb.settings()), &template).await?;
    if let Some(endpoint) = dynamodb.endpoint() {
        data.announce(endpoint)?;
    }
    let cargo_lambda = CARGO_LAMBDA.installed().await?;
    functions::build(options.release).await?;

    ui::status("Starting", format!("the API, with {dynamodb}"));
    let outbox = data.outbox()?;
    let environment = environment(&template, &dynamodb, data.token_secret()?, Some(&outbox));
    let inner = Port::reserve(0)?;
    let _gateway = Gateway::serve(port, inner.number())?;
    let mut functions = Functions::start(&cargo_lambda, inner, options, environment, data.log())?;
    functions.ready(&url).await?;
    let demo = if options.demo {
        Some(functions.unless_ended(load_demo(url.clone())).await??)
    } else {
        None
    };
    ui::print(Summary {
        url: &url,
        template: &template,
        dynamodb: &dynamodb,
        log: &data.log(),
        outbox: &outbox,
        demo,
    });
    Err(functions.ended().await)
}

async fn load_demo(url: String) -> Result<demo::Account> {
    ui::status("Adding", "the demo account, doctors, patients and mappings");
    spawn_blocking(move || demo::load(&url)).await?
}
