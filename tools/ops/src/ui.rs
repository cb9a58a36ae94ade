//! Terminal output of a command: its result on stdout, everything else on stderr, in the style of cargo.
//!
//! It is coloured only on a terminal, and not if NO_COLOR is set. A closed pipe must not stop a command, so these
//! functions ignore errors.

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

/// Prints the command's result to stdout.
pub fn print(what: impl Display) {
    let mut stdout = anstream::stdout().lock();
    let _ = write!(stdout, "{what}").and_then(|()| stdout.flush());
}

/// Reports a step that begins: `   Compiling everything`.
pub fn status(verb: &str, what: impl Display) {
    let _ = writeln!(anstream::stderr(), "{GOOD}{verb:>12}{GOOD:#} {what}");
}

/// Shows the progress of a long step, on a terminal only, until the returned bar is dropped.
pub fn progress(verb: &'static str, total: u64) -> Result<ProgressBar, TemplateError> {
    let style = ProgressStyle::with_template("{prefix:>12.green.bold} [{bar:30}] {pos}/{len}")?;
    Ok(ProgressBar::new(total).with_prefix(verb).with_style(style.progress_chars("=> ")))
}

/// Reports a problem that does not stop the command.
pub fn warning(what: impl Display) {
    let _ = writeln!(anstream::stderr(), "{DOUBTFUL}warning{DOUBTFUL:#}: {what}");
}

/// Reports one of the errors of a command.
pub fn problem(what: impl Display) {
    let _ = writeln!(anstream::stderr(), "{BAD}error{BAD:#}: {what}");
}

/// Reports the error that ends a command, with its causes, on one line.
pub fn error(error: &(dyn Error + 'static)) {
    let causes: Vec<_> =
        successors(Some(error), |error| (*error).source()).map(|error| error.to_string()).collect();
    problem(causes.join(": "));
}
