//! `cargo benchmark login-times`: whether the time of a refused login shows why it was refused.
//!
//! Logins of unknown names, with wrong passwords and of disabled accounts take turns on a stack of their
//! own, and Welch's t compares each two kinds.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use ops::{Result, ui};
use serde_json::{Value, json};
use xtask::stack::{PASSWORD, Stack};

/// So many logins with each name, which is less than what is throttled.
const TRIES_PER_NAME: usize = 5;

/// Where two means are apart in one of twenty comparisons of the same thing.
const APART: f64 = 1.96;

#[derive(clap::Args)]
pub struct Options {
    /// Logins of each kind
    #[arg(long, default_value_t = 170)]
    logins: usize,
}

pub fn run(options: &Options) -> Result {
    // Here everything comes from one address.
    let stack = Stack::start(&[("TRIES_PER_ADDRESS_HOUR", "1000000")], &[])?;
    ui::status("Preparing", "accounts");
    let names = options.logins.div_ceil(TRIES_PER_NAME);
    stack.register("admin")?;
    let admin = stack.log_in("admin")?;
    for number in 0..names {
        stack.register(&format!("known-{number}"))?;
        let disabled = stack.register(&format!("disabled-{number}"))?;
        stack.disable(&admin, disabled)?;
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

/// What the logins of one kind of name took.
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

    /// The unbiased one.
    fn variance(&self) -> f64 {
        let mean = self.mean();
        let squares = self.millis.iter().map(|it| (it - mean).powi(2));
        squares.sum::<f64>() / (self.count() - 1.0)
    }

    /// Welch's t.
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
        writeln!(f, "\n| compared | Welch's t | told apart (beyond ±{APART}) |\n|---|---|---|")?;
        let [unknown, known, disabled] = self.kinds;
        for (one, other) in [(unknown, known), (unknown, disabled), (known, disabled)] {
            let t = one.apart_from(other);
            let verdict = if t.abs() > APART { "yes" } else { "no" };
            writeln!(f, "| {}, {} | {t:.2} | {verdict} |", one.name, other.name)?;
        }
        Ok(())
    }
}

/// A login that must fail: how long it took, and its answer but for the id of the request.
#[allow(clippy::disallowed_methods, reason = "measures a span")]
fn refused(stack: &Stack, name: &str) -> Result<(Duration, Value)> {
    // The disabled account's password is right: nothing but its state may be the reason.
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
