//! `cargo ops audit`: verifies the audit trail, finds rows in it, and mends its views.

mod archive;
mod digests;
mod find;
pub mod log;
mod pages;
mod public_key;
mod rebuild;
mod verify;
mod views;

use crate::Result;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Check that nobody has changed or removed a row
    ///
    /// The rows are in chains. A row has the hash of its own text and the hash of the row before it, so a changed row
    /// and a gap show in the table alone. The log shows the rest: each request's log line has the hashes of its rows.
    /// If the end of a chain or a whole chain was removed, or if hashes were computed anew, the table differs from
    /// the log.
    ///
    /// Also compares the views, by which the API finds rows, with the rows. On the data of `cargo dev`, rows that are
    /// not in their views are only counted: rows of `cargo ops` are in none until `cargo ops audit rebuild`.
    ///
    /// Prints one line for each chain that is wrong, about its first wrong row, and one for each item of a view that
    /// is missing, changed or invented; then ends with an error. Changes nothing.
    Verify(verify::Options),
    /// Print the rows about a patient, of an account or of a day, as lines of JSON in the order of time
    ///
    /// Reads the whole table. So it also finds the lists on which a patient was shown, which the API does not show
    /// among the accesses to a patient. A request can have two rows: then the later row names the earlier one in its
    /// member `corrects`, and replaces it.
    Find(find::Options),
    /// Make the views, by which the API finds rows, as the rows say
    ///
    /// Puts items that are missing, replaces items that differ from their row, and removes items that show no row of
    /// the trail. Changes no row. Run `verify` first: if a row was removed, the views may have its only copy.
    ///
    /// Use it after a restore, or if `audit-archive` has failed for more than a day: then --archive-bucket also writes
    /// the rows into the archive. You can stop the command and run it again.
    Rebuild(rebuild::Options),
}

pub async fn run(command: &Command) -> Result {
    match command {
        Command::Verify(options) => verify::run(options).await,
        Command::Find(options) => find::run(options).await,
        Command::Rebuild(options) => rebuild::run(options).await,
    }
}

/// Returns a number of things: `1 row`, `2 rows`.
fn count(number: impl TryInto<u64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

#[cfg(test)]
mod tests;
