//! Hashes a password as the functions do, several times: prints the password, its last hash, and the
//! milliseconds of each.

use std::error::Error;
use std::time::Instant;

use secrecy::ExposeSecret;
use shared::App;
use shared::auth::password;
use shared::config::{Aws, Config, DynamoDb, Edge, Tokens};
use tokio::runtime::Builder;

const PASSWORD: &str = "correct-horse-battery-staple";
const TIMES: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_all().build()?.block_on(hash())
}

#[allow(clippy::disallowed_methods, reason = "measures a span")]
async fn hash() -> Result<(), Box<dyn Error>> {
    let app = app();
    let (mut last, mut times) = (None, Vec::new());
    for _ in 0..TIMES {
        let started = Instant::now();
        last = Some(password::hash(&app, PASSWORD.into()).await?);
        times.push(format!("{:.3}", started.elapsed().as_secs_f64() * 1000.0));
    }
    println!("{PASSWORD}");
    println!("{}", last.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default());
    println!("{}", times.join("\n"));
    Ok(())
}

/// Hashing asks nothing of the tables, wherever they are.
fn app() -> App {
    let aws = Aws {
        region: "us-east-1".to_owned(),
        access_key_id: "nobody".to_owned(),
        secret_access_key: "nothing".into(),
        session_token: None,
        ca_bundle: None,
    };
    let endpoint = Some("http://nowhere.invalid".to_owned());
    App::new(Config {
        dynamodb: DynamoDb { aws, endpoint },
        table_name: String::new(),
        keys_table_name: String::new(),
        tokens: Tokens { issuer: String::new(), audience: String::new() },
        edge: Edge::default(),
        primes: false,
        memory_mib: 1024,
    })
}
