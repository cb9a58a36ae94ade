//! `cargo benchmark refusal-times`: whether the time of a 403 about a patient depends on the record.
//!
//! The caller was demoted after signing in. Their token's hint still names a role that may read patients, so the
//! function reads the record with the caller: no other refused caller makes it do so.

use ops::{Result, ui};
use serde_json::json;
use xtask::stack::Stack;

use crate::times::{Report, Times, refused, require_same};

/// The longest history that a patient may have, in characters.
const LONG: usize = 10_000;

#[derive(clap::Args)]
pub struct Options {
    /// Requests of each kind
    #[arg(long, default_value_t = 200)]
    requests: usize,
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

    ui::status("Measuring", format!("{} requests", 4 * options.requests));
    let ids = [long.as_str(), short.as_str(), "999999", "none"];
    let mut kinds = ["long record", "short record", "missing record", "invalid id"].map(Times::new);
    let refuse =
        |id: &str| refused(403, || stack.get(Some(&token), &format!("api/patients/{id}/")));
    // The first call of a process takes longer.
    refuse(&long)?;
    let mut body = None;
    for _ in 0..options.requests {
        for (times, id) in kinds.iter_mut().zip(ids) {
            let (time, answer) = refuse(id)?;
            times.add(time);
            require_same(&mut body, answer)?;
        }
    }
    ui::print(Report { what: "403 about", kinds: &kinds });
    Ok(())
}
