//! `cargo ops audit`: verifies the audit trail, finds rows in it, and writes its views again.

mod archive;
mod digests;
mod find;
pub mod log;
mod pages;
mod rebuild;
mod verify;

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
    /// Prints one line for each chain that is wrong, about its first wrong row, and then ends with an error. Changes
    /// nothing.
    Verify(verify::Options),
    /// Print the rows about a patient, of an account or of a day, as lines of JSON in the order of time
    ///
    /// Reads the whole table. So it also finds the lists on which a patient was shown, which the API leaves out of
    /// what it shows about a patient. Rows of one request can be two: then the later one names the other one in its
    /// member `corrects`, and replaces it.
    Find(find::Options),
    /// Write the views of all rows again, by which the API finds rows
    ///
    /// Use it after a restore, or if `audit-archive` has failed for more than a day: then --archive-bucket also writes
    /// the rows into the archive. You can stop the command and run it again. It removes nothing.
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
