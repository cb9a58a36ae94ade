//! `--demo`: fictitious people and their accounts, created through the API.
//!
//! All their data follow from a number ([`people`]), so that a restart finds those who exist already.

mod accounts;
mod api;
mod care;
mod names;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use ops::{Result, ui};
use serde_json::Value;
use shared::model::search_key::search_key;

pub use self::accounts::Account;
use self::api::{Api, id};
use self::care::People;
use self::people::{DOCTORS, PATIENTS, doctor, key_of_doctor, key_of_patient, name_of, patient};

/// Creates the demo data that are missing. Returns the accounts.
pub fn load(url: &str) -> Result<Vec<Account>> {
    let mut api = Api::at(url);
    let (account, is_admin) = accounts::sign_in(&mut api)?;
    let people = People { doctors: doctors(&api)?, patients: patients(&api)? };
    care::load(&api, &people)?;
    let mut accounts = vec![account];
    if is_admin {
        let (others, parent) = accounts::create(&api, &people)?;
        accounts.extend(others);
        care::add_parent(&api, &people, parent)?;
        care::restrict(&api, &people)?;
    } else {
        ui::warning(
            "the demo has no accounts in other roles, because its account is not an administrator",
        );
    }
    Ok(accounts)
}

fn doctors(api: &Api<'_>) -> Result<Vec<u64>> {
    let path = "api/doctors/";
    let existing = ids_by(key_of_doctor, &api.list(path, &[])?);
    let find = |doctor: &Value| existing.get(&key_of_doctor(doctor)?).copied();
    create(api, path, (0..DOCTORS).map(doctor), find)
}

fn patients(api: &Api<'_>) -> Result<Vec<u64>> {
    let path = "api/patients/";
    let listed = api.list(path, &[])?;
    let existing = ids_by(key_of_patient, &listed);
    let restricted = restricted(api, &listed)?;
    let find = |patient: &Value| {
        let id = existing.get(&key_of_patient(patient)?);
        id.or_else(|| restricted.get(&name_of(patient))).copied()
    };
    create(api, path, (0..PATIENTS).map(patient), find)
}

fn ids_by(key: fn(&Value) -> Option<String>, people: &[Value]) -> BTreeMap<String, u64> {
    people.iter().filter_map(|person| Some((key(person)?, id(person)?))).collect()
}

/// Returns the restricted patients by name: the list of patients leaves them out, but an administrator sees their
/// assignments.
fn restricted(api: &Api<'_>, listed: &[Value]) -> Result<BTreeMap<String, u64>> {
    let listed: BTreeSet<u64> = listed.iter().filter_map(id).collect();
    let patient_in = |assignment: &Value| {
        let id = assignment.get("patient_id")?.as_u64().filter(|id| !listed.contains(id))?;
        Some((search_key(assignment.get("patient_name")?.as_str()?), id))
    };
    Ok(api.list("api/doctor/mappings/", &[])?.iter().filter_map(patient_in).collect())
}

/// Creates the people whom `find` does not find. Returns all ids, in order.
fn create(
    api: &Api<'_>,
    path: &str,
    everybody: impl Iterator<Item = Value>,
    find: impl Fn(&Value) -> Option<u64>,
) -> Result<Vec<u64>> {
    let create = |person: Value| -> Result<u64> {
        if let Some(id) = find(&person) {
            return Ok(id);
        }
        let created = api.post(path, &person)?.expect(&[201])?;
        Ok(id(&created).ok_or_else(|| format!("{path} answered 201 without an id"))?)
    };
    everybody.map(create).collect()
}
