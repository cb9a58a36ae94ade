//! `cargo xtask smoke`: whether an API does what it is there for, final slashes and all.

mod api;
mod visit;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::table::Table;

use self::api::Api;
use self::visit::Visit;
use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Result, ui};

#[derive(clap::Args)]
pub struct Options {
    /// Where the API answers: what its paths are appended to
    url: String,

    #[command(flatten)]
    target: Target,
}

pub async fn run(options: &Options) -> Result {
    let target = unless_stopped(options.target.open(), false).await?.ok_or("stopped")??;
    smoke(&options.url, &target.table).await
}

/// Tries the API at a URL, whose table this is. What is made for it is taken away again, even when something
/// fails, or when whoever started it has had enough.
pub async fn smoke(url: &str, table: &Table) -> Result {
    ui::status("Trying", url);
    let stopped = AtomicBool::new(false);
    let api = Api::at(url, &stopped);
    let mut visit = Visit::new(&api, table)?;
    let outcome = {
        let mut calls = pin!(visit.calls());
        match unless_stopped(&mut calls, false).await? {
            Some(outcome) => outcome,
            None => {
                // The call that is under way may make something: it is waited for.
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
