//! Hashes a password several times as the functions do. Prints the password, its last hash, and the milliseconds of
//! each hash.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use secrecy::ExposeSecret;
use shared::auth::password::HashSlots;
use shared::model::timestamp::Timestamp;
use shared::system::System;
use tokio::runtime::Builder;

const PASSWORD: &str = "correct-horse-battery-staple";
const TIMES: usize = 20;

/// The memory of a function that hashes passwords.
const MEMORY_MIB: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_all().build()?.block_on(hash())
}

#[allow(clippy::disallowed_methods, reason = "measures a span")]
async fn hash() -> Result<(), Box<dyn Error>> {
    let slots = Arc::new(HashSlots::new(MEMORY_MIB));
    let system = System::new(Arc::new(Timestamp::system));
    let (mut last, mut times) = (None, Vec::new());
    for _ in 0..TIMES {
        let started = Instant::now();
        last = Some(slots.hash(&system, PASSWORD.into()).await?);
        times.push(format!("{:.3}", started.elapsed().as_secs_f64() * 1000.0));
    }
    println!("{PASSWORD}");
    println!("{}", last.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default());
    println!("{}", times.join("\n"));
    Ok(())
}
