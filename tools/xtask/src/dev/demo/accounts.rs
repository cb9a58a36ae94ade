//! The accounts of the demo: one in each role, and some more.

use std::collections::BTreeMap;

use ops::Result;
use serde_json::{Value, json};

use super::api::{Api, id};
use super::care::{COVERING, ON_VACATION, People};

const ADMIN: &str = "demo";
/// Public, but useful only to those who can reach this machine's 127.0.0.1.
const PASSWORD: &str = "violet-harbor-42-lantern";

/// The patient who has an account.
const PATIENT: usize = 0;

/// An account that can see demo data.
pub struct Account {
    pub username: &'static str,
    pub password: &'static str,
    /// Its role, and whose account it is.
    pub owner: String,
}

impl Account {
    fn new(username: &'static str, owner: impl Into<String>) -> Self {
        Self { username, password: PASSWORD, owner: owner.into() }
    }
}

/// An account besides the administrator's.
struct Plan {
    username: &'static str,
    owner: &'static str,
    role: &'static str,
    doctor_id: Option<u64>,
    patient_id: Option<u64>,
}

/// Signs in as the administrator, and registers first if necessary. Returns the account, and whether it is an
/// administrator's: it is not if another account was registered first.
pub fn sign_in(api: &mut Api<'_>) -> Result<(Account, bool)> {
    let credentials = json!({ "username": ADMIN, "password": PASSWORD });
    let mut answer = api.post("api/auth/login/", &credentials)?;
    if answer.status == 401 {
        register(api, ADMIN)?;
        answer = api.post("api/auth/login/", &credentials)?;
    }
    let body = answer.expect(&[200])?;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    api.sign_in(text("/access").ok_or("the login has no access token")?);
    let role = text("/user/role").unwrap_or_default();
    let is_admin = role == "admin";
    Ok((Account::new(ADMIN, role), is_admin))
}

/// Returns the new account.
fn register(api: &Api<'_>, username: &str) -> Result<Value> {
    let email = format!("{username}@clinic.example");
    let account = json!({ "username": username, "email": email, "password": PASSWORD });
    let answer = api.post("api/auth/register/", &account)?.expect(&[201])?;
    Ok(answer.get("user").cloned().ok_or("the registration has no account")?)
}

/// Registers the other accounts that are missing, and gives each its role. Returns them, and the id of the parent's.
pub fn create(api: &Api<'_>, people: &People) -> Result<(Vec<Account>, u64)> {
    let mut existing: BTreeMap<String, Value> = BTreeMap::new();
    for account in api.list("api/users/", &[("search", ADMIN)])? {
        if let Some(username) = account.get("username").and_then(Value::as_str) {
            existing.insert(username.to_owned(), account);
        }
    }
    let mut accounts = Vec::new();
    let mut last = None;
    for plan in plans(people)? {
        let account = match existing.remove(plan.username) {
            Some(account) => account,
            None => register(api, plan.username)?,
        };
        let id = id(&account).ok_or("an account has no id")?;
        if let Some(change) = plan.change_of(&account) {
            // 409: another account has the doctor or the patient.
            api.patch(&format!("api/users/{id}/"), &change)?.expect(&[200, 409])?;
        }
        accounts.push(Account::new(plan.username, format!("{}: {}", plan.role, plan.owner)));
        last = Some(id);
    }
    Ok((accounts, last.ok_or("the demo has no accounts")?))
}

/// Returns the plans; the parent's is the last.
fn plans(people: &People) -> Result<[Plan; 5]> {
    let plan =
        |username, role, owner| Plan { username, owner, role, doctor_id: None, patient_id: None };
    let of_doctor = |number, plan: Plan| -> Result<Plan> {
        Ok(Plan { doctor_id: Some(people.doctor(number)?), ..plan })
    };
    let patient_id = Some(people.patient(PATIENT)?);
    Ok([
        plan("demo-staff", "staff", "sees everybody who is not restricted"),
        of_doctor(ON_VACATION, plan("demo-doctor", "doctor", "on vacation"))?,
        of_doctor(COVERING, plan("demo-cover", "doctor", "covers demo-doctor"))?,
        Plan { patient_id, ..plan("demo-patient", "patient", "sees their own record") },
        plan("demo-parent", "patient", "acts for a child"),
    ])
}

impl Plan {
    /// Returns the change that makes the account as planned; `None` if it is.
    fn change_of(&self, account: &Value) -> Option<Value> {
        let links = [("doctor_id", self.doctor_id), ("patient_id", self.patient_id)];
        let planned = links.into_iter().filter_map(|(link, id)| Some((link, json!(id?))));
        let planned = planned.chain([("role", json!(self.role))]);
        let change: serde_json::Map<String, Value> = planned
            .filter(|(field, value)| account.get(*field) != Some(value))
            .map(|(field, value)| (field.to_owned(), value))
            .collect();
        (!change.is_empty()).then_some(Value::Object(change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_changed() {
        let people = People { doctors: (1..=20).collect(), patients: (101..=200).collect() };
        let [staff, doctor, _, patient, parent] = plans(&people).unwrap();
        let new = json!({ "role": "staff", "doctor_id": null, "patient_id": null });
        assert_eq!(staff.change_of(&new), None);
        assert_eq!(doctor.change_of(&new), Some(json!({ "role": "doctor", "doctor_id": 1 })));
        assert_eq!(patient.change_of(&new), Some(json!({ "role": "patient", "patient_id": 101 })));
        assert_eq!(parent.change_of(&new), Some(json!({ "role": "patient" })));
        let changed = json!({ "role": "doctor", "doctor_id": 1, "patient_id": null });
        assert_eq!(doctor.change_of(&changed), None);
    }

    #[test]
    fn search_for_the_administrator_finds_all_accounts() {
        let people = People { doctors: vec![1, 2], patients: vec![1] };
        for plan in plans(&people).unwrap() {
            assert!(plan.username.starts_with(ADMIN), "{}", plan.username);
        }
    }
}
