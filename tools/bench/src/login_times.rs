//! `cargo benchmark login-times`: measures whether the time of a refused login reveals why it was refused.
//!
//! Logins with unknown names, with wrong passwords and to deactivated accounts alternate on a new stack, and Welch's t
//! compares each pair of kinds.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use ops::{Result, ui};
use serde_json::{Value, json};
use xtask::stack::{PASSWORD, Stack};

/// The number of logins with each name: fewer than the throttles' limit.
const TRIES_PER_NAME: usize = 5;

/// Beyond this value two means differ significantly. One of twenty comparisons of equal kinds exceeds it by chance.
const APART: f64 = 1.96;

#[derive(clap::Args)]
pub struct Options {
    /// Number of logins of each kind
    #[arg(long, default_value_t = 170)]
    logins: usize,
}

pub fn run(options: &Options) -> Result {
    // All logins come from one address.
    let stack = Stack::start(&[("TRIES_PER_ADDRESS_HOUR", "1000000")], &[])?;
    ui::status("Preparing", "accounts");
    let names = options.logins.div_ceil(TRIES_PER_NAME);
    stack.register("admin")?;
    let admin = stack.log_in("admin")?;
    for number in 0..names {
        stack.register(&format!("known-{number}"))?;
        let disabled = stack.register(&format!("disabled-{number}"))?;
        stack.deactivate(&admin, disabled)?;
    }
    // The first call of a process takes longer.
    refused(&stack, "nobody")?;

    ui::status("Measuring", format!("{} logins", 3 * options.logins));
    let mut kinds = ["unknown", "known", "disabled"].map(|name| Times { name, millis: Vec::new() });
    let mut body = None;
    for number in 0..options.logins {
        for times in &mut kinds {
            let (elapsed, answer) =
                refused(&stack, &format!("{}-{}", times.name, number / TRIES_PER_NAME))?;
            times.millis.push(elapsed.as_secs_f64() * 1000.0);
            if *body.get_or_insert(answer.clone()) != answer {
                return Err(format!("the answers differ: {body:?}, {answer:?}").into());
            }
        }
    }
    ui::print(Report { kinds: &kinds });
    Ok(())
}

/// The times of one kind of login.
struct Times {
    name: &'static str,
    millis: Vec<f64>,
}

impl Times {
    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    fn count(&self) -> f64 {
        self.millis.len() as f64
    }

    fn mean(&self) -> f64 {
        self.millis.iter().sum::<f64>() / self.count()
    }

    /// Returns the unbiased variance.
    fn variance(&self) -> f64 {
        let mean = self.mean();
        let squares = self.millis.iter().map(|it| (it - mean).powi(2));
        squares.sum::<f64>() / (self.count() - 1.0)
    }

    /// Returns Welch's t.
    fn apart_from(&self, other: &Self) -> f64 {
        let error = self.variance() / self.count() + other.variance() / other.count();
        (self.mean() - other.mean()) / error.sqrt()
    }
}

struct Report<'a> {
    kinds: &'a [Times; 3],
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "| refused login | n | mean ms | sd ms |")?;
        writeln!(f, "|---|---|---|---|")?;
        for times in self.kinds {
            let (mean, deviation) = (times.mean(), times.variance().sqrt());
            writeln!(
                f,
                "| {} | {} | {mean:.2} | {deviation:.2} |",
                times.name,
                times.millis.len()
            )?;
        }
        writeln!(f, "\n| compared | Welch's t | different (beyond ±{APART}) |\n|---|---|---|")?;
        let [unknown, known, disabled] = self.kinds;
        for (one, other) in [(unknown, known), (unknown, disabled), (known, disabled)] {
            let t = one.apart_from(other);
            let is_different = if t.abs() > APART { "yes" } else { "no" };
            writeln!(f, "| {}, {} | {t:.2} | {is_different} |", one.name, other.name)?;
        }
        Ok(())
    }
}

/// Sends a login that must fail. Returns its time, and its answer without the id of the request.
#[allow(clippy::disallowed_methods, reason = "measures a span")]
fn refused(stack: &Stack, name: &str) -> Result<(Duration, Value)> {
    // The password of the deactivated account is right, so its state is the only reason for the refusal.
    let password = if name.starts_with("disabled") { PASSWORD } else { "not the password" };
    let credentials = json!({ "username": name, "password": password });
    let started = Instant::now();
    let (status, mut body) = stack.post(None, "api/auth/login/", &credentials)?;
    let elapsed = started.elapsed();
    if status != 401 {
        return Err(format!("the login answered {status}, {body}").into());
    }
    if let Some(object) = body.as_object_mut() {
        object.remove("request_id");
    }
    Ok((elapsed, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn welchs_t_matches_a_worked_example() {
        let one = Times { name: "a", millis: vec![1.0, 2.0, 3.0, 4.0] };
        let other = Times { name: "b", millis: vec![3.0, 4.0, 5.0, 6.0] };
        // Means 2.5 and 4.5, variances 5/3 each: -2 / sqrt(5/6).
        assert!((one.apart_from(&other) + 2.190_890).abs() < 1e-6);
    }
}
