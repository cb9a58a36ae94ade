//! `cargo benchmark login-times`: whether the time of a refused login shows why it was refused.
//!
//! Logins of unknown names, with wrong passwords and of deactivated accounts take turns on a stack of their own.

use std::time::Duration;

use ops::{Result, ui};
use serde_json::{Value, json};
use xtask::stack::{PASSWORD, Stack};

use crate::times::{Report, Times, refused, require_same};

/// Logins with each name; the throttle allows more.
const LOGINS_PER_NAME: u16 = 5;

#[derive(clap::Args)]
pub struct Options {
    /// Logins of each kind
    #[arg(long, default_value_t = 170, value_parser = clap::value_parser!(u16).range(2..))]
    logins: u16,
}

pub fn run(options: &Options) -> Result {
    // Here all logins come from one address.
    let stack = Stack::start(&[("TRIES_PER_ADDRESS_HOUR", "1000000")], &[])?;
    ui::status("Preparing", "accounts");
    let names = options.logins.div_ceil(LOGINS_PER_NAME);
    stack.register("admin")?;
    let admin = stack.log_in("admin")?;
    for number in 0..names {
        stack.register(&format!("known-{number}"))?;
        let inactive = stack.register(&format!("inactive-{number}"))?;
        stack.change(&admin, inactive, &json!({ "active": false }))?;
    }
    // The first call of a process takes longer.
    log_in(&stack, "nobody")?;

    ui::status("Measuring", format!("{} logins", 3 * options.logins));
    let mut kinds = ["unknown", "known", "inactive"].map(Times::new);
    let mut body = None;
    for number in 0..options.logins {
        for times in &mut kinds {
            let name = format!("{}-{}", times.name, number / LOGINS_PER_NAME);
            let (time, answer) = log_in(&stack, &name)?;
            times.add(time);
            require_same(&mut body, answer)?;
        }
    }
    ui::print(Report { what: "refused login", kinds: &kinds });
    Ok(())
}

/// Signs in, which must fail.
fn log_in(stack: &Stack, name: &str) -> Result<(Duration, Value)> {
    // The password of an inactive account is right: only its state may be the reason.
    let password = if name.starts_with("inactive") { PASSWORD } else { "not the password" };
    let credentials = json!({ "username": name, "password": password });
    refused(401, || stack.post(None, "api/auth/login/", &credentials))
}
