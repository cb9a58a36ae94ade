//! `cargo benchmark refusal-times`: whether the time of a 403 depends on the record or the list behind it.
//!
//! One caller was demoted after signing in. The token's hint still names a role that may read patients, so the function
//! reads the record or the list with the caller. The other caller is a doctor, who gets the same 403 for a patient of
//! other doctors as for one who does not exist. No other refused caller makes the function read a record.

use ops::{Result, ui};
use serde_json::{Value, json};
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

/// The requests of one caller, which all get the same refusal.
struct Refusals<'a> {
    /// The heading of their report.
    what: &'static str,
    token: &'a str,
    /// The name of each kind, and its path.
    kinds: Vec<(&'static str, String)>,
}

pub fn run(options: &Options) -> Result {
    let stack = Stack::start(&[], &[])?;
    stack.register("admin")?;
    let admin = stack.log_in("admin")?;
    let (long, short) = (patient(&stack, &admin, LONG)?, patient(&stack, &admin, 1)?);
    let record = |id: &str| format!("api/patients/{id}/");
    let search = |name: &str| format!("api/patients/?search={name}");

    let demoted = stack.register("demoted")?;
    let token = stack.log_in("demoted")?;
    stack.change(&admin, demoted, &json!({ "role": "pending" }))?;
    let kinds = vec![
        ("long record", record(&long)),
        ("short record", record(&short)),
        ("missing record", record("999999")),
        ("invalid id", record("none")),
        ("search with results", search("Roe")),
        ("search without results", search("Nobody")),
    ];
    measure(&stack, options, Refusals { what: "403 about", token: &token, kinds })?;

    let token = doctor(&stack, &admin)?;
    let kinds = vec![
        ("unassigned patient, long record", record(&long)),
        ("unassigned patient, short record", record(&short)),
        ("missing patient", record("999999")),
        ("invalid id", record("none")),
    ];
    measure(&stack, options, Refusals { what: "403 of a doctor about", token: &token, kinds })
}

/// Creates a patient with a history of this length, and returns the id.
fn patient(stack: &Stack, admin: &str, history: usize) -> Result<String> {
    let patient = json!({
        "first_name": "Jane", "last_name": "Roe", "date_of_birth": "1985-04-12", "gender": "Female",
        "contact_number": "+12025550147", "address": "12 Elm Street, Springfield",
        "medical_history": "x".repeat(history),
    });
    Ok(id(&stack.create(Some(admin), "api/patients/", &patient)?)?.to_string())
}

/// Creates a doctor without patients and an account that is linked to the doctor. Returns an access token.
fn doctor(stack: &Stack, admin: &str) -> Result<String> {
    let doctor = json!({
        "first_name": "Grace", "last_name": "Okafor", "email": "grace@clinic.example",
        "phone_number": "+442079460123", "specialization": "Internal Medicine",
        "license_number": "LIC-1", "years_of_experience": 12,
    });
    let doctor = stack.create(Some(admin), "api/doctors/", &doctor)?;
    let account = stack.register("doctor")?;
    stack.change(admin, account, &json!({ "role": "doctor", "doctor_id": id(&doctor)? }))?;
    stack.log_in("doctor")
}

fn id(record: &Value) -> Result<&Value> {
    Ok(record.get("id").ok_or("a record has an id")?)
}

fn measure(stack: &Stack, options: &Options, refusals: Refusals<'_>) -> Result {
    let Refusals { what, token, kinds } = refusals;
    let (names, paths): (Vec<&'static str>, Vec<String>) = kinds.into_iter().unzip();
    let mut kinds: Vec<Times> = names.into_iter().map(Times::new).collect();
    let refuse = |path: &str| refused(403, || stack.get(Some(token), path));
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
    ui::print(Report { what, kinds: &kinds });
    Ok(())
}
