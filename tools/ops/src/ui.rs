//! What the developer sees of a command at work: on stderr, in the manner of cargo's own lines.
//!
//! Colour only on a terminal, and not if NO_COLOR is set. That a reader has gone away is no reason
//! to stop, so nothing here fails.

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::iter::successors;

use anstyle::{AnsiColor, Style};
use indicatif::style::TemplateError;
use indicatif::{ProgressBar, ProgressStyle};

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
pub const LINK: Style = AnsiColor::Cyan.on_default();
pub const HEADING: Style = Style::new().bold();

/// What the command is there to tell, to stdout.
pub fn print(what: impl Display) {
    let mut stdout = anstream::stdout().lock();
    let _ = write!(stdout, "{what}").and_then(|()| stdout.flush());
}

/// A step that begins: `   Compiling everything`.
pub fn status(verb: &str, what: impl Display) {
    let _ = writeln!(anstream::stderr(), "{GOOD}{verb:>12}{GOOD:#} {what}");
}

/// A step that takes a while, with what is done of it; gone when it is dropped, and nowhere but on a
/// terminal.
pub fn progress(verb: &'static str, total: u64) -> Result<ProgressBar, TemplateError> {
    let style = ProgressStyle::with_template("{prefix:>12.green.bold} [{bar:30}] {pos}/{len}")?;
    Ok(ProgressBar::new(total).with_prefix(verb).with_style(style.progress_chars("=> ")))
}

/// Something that is not as it should be, but does not stop anything.
pub fn warning(what: impl Display) {
    let _ = writeln!(anstream::stderr(), "{DOUBTFUL}warning{DOUBTFUL:#}: {what}");
}

/// One of several things that are wrong.
pub fn problem(what: impl Display) {
    let _ = writeln!(anstream::stderr(), "{BAD}error{BAD:#}: {what}");
}

/// The error that ends a command, with its causes, on one line.
pub fn error(error: &(dyn Error + 'static)) {
    let causes: Vec<_> =
        successors(Some(error), |error| (*error).source()).map(|error| error.to_string()).collect();
    problem(causes.join(": "));
}
