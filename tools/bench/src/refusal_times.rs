//! `cargo benchmark refusal-times`: whether the time of a 403 depends on the record or the list behind it.
//!
//! The caller was demoted after signing in. The token's hint still names a role that may read patients, so the function
//! reads the record or the list with the caller: no other refused caller makes it do so.

use ops::{Result, ui};
use serde_json::json;
use xtask::stack::Stack;

use crate::times::{Report, Times, refused, require_same};

/// The longest history that a patient may have, in characters.
const LONG: usize = 10_000;

#[derive(clap::Args)]
pub struct Options {
    /// Requests of each kind
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(2..=1000))]
    requests: u16,
}

pub fn run(options: &Options) -> Result {
    let stack = Stack::start(&[], &[])?;
    stack.register("admin")?;
    let admin = stack.log_in("admin")?;
    let patient = |history: usize| -> Result<String> {
        let patient = json!({
            "first_name": "Jane", "last_name": "Roe", "date_of_birth": "1985-04-12", "gender": "Female",
            "contact_number": "+12025550147", "address": "12 Elm Street, Springfield",
            "medical_history": "x".repeat(history),
        });
        let created = stack.create(Some(&admin), "api/patients/", &patient)?;
        Ok(created.get("id").ok_or("a patient has an id")?.to_string())
    };
    let (long, short) = (patient(LONG)?, patient(1)?);
    let demoted = stack.register("demoted")?;
    let token = stack.log_in("demoted")?;
    stack.change(&admin, demoted, &json!({ "role": "pending" }))?;

    let records = [long, short, "999999".to_owned(), "none".to_owned()];
    let records = records.map(|id| format!("api/patients/{id}/"));
    let searches = ["Roe", "Nobody"].map(|name| format!("api/patients/?search={name}"));
    let paths: Vec<String> = records.into_iter().chain(searches).collect();
    let mut kinds = [
        "long record",
        "short record",
        "missing record",
        "invalid id",
        "search with results",
        "search without results",
    ]
    .map(Times::new);
    let refuse = |path: &str| refused(403, || stack.get(Some(&token), path));
    ui::status("Measuring", format!("{} requests", paths.len() * usize::from(options.requests)));
    // The first call of a process takes longer.
    for path in &paths {
        refuse(path)?;
    }
    let mut body = None;
    for _ in 0..options.requests {
        for (times, path) in kinds.iter_mut().zip(&paths) {
            let (time, answer) = refuse(path)?;
            times.add(time);
            require_same(&mut body, answer)?;
        }
    }
    ui::print(Report { what: "403 about", kinds: &kinds });
    Ok(())
}
