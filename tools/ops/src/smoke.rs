//! `cargo ops smoke`: tests the main calls of an API, with their final slashes.

mod api;
mod visit;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::store::Store;

use self::api::Api;
pub use self::visit::Account;
use self::visit::Visit;
use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Result, ui};

#[derive(clap::Args)]
pub struct Options {
    /// Base URL of the API, to which its paths are appended
    url: String,

    #[command(flatten)]
    target: Target,
}

pub async fn run(options: &Options) -> Result {
    let target = unless_stopped(options.target.open(), false).await?.ok_or("stopped")??;
    let store = target.recorded_as("ops smoke")?;
    // Unless the user names the tables, they may not be those of the API.
    let account = if options.target.is_named() { Account::Imported } else { Account::Registered };
    smoke(&options.url, &store, account).await
}

/// Tests the API at a URL, which uses this store. Removes everything that it creates, even when a call fails or the
/// user stops it.
pub async fn smoke(url: &str, store: &Store, account: Account) -> Result {
    ui::status("Testing", url);
    let stopped = AtomicBool::new(false);
    let api = Api::at(url, &stopped);
    let mut visit = Visit::new(&api, store, account)?;
    let outcome = {
        let mut calls = pin!(visit.calls());
        match unless_stopped(&mut calls, false).await? {
            Some(outcome) => outcome,
            None => {
                // The running call may create something: wait for it.
                stopped.store(true, Ordering::Relaxed);
                calls.await
            }
        }
    };
    stopped.store(false, Ordering::Relaxed);
    let cleaned = visit.clean_up().await;
    match (outcome, cleaned) {
        (Ok(()), cleaned) => cleaned,
        (outcome, Ok(())) => outcome,
        (Err(error), Err(left)) => Err(format!("{error}; and {left}").into()),
    }
}

#[cfg(test)]
mod tests;
