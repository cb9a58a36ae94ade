//! `--demo`: fictitious people, created through the API.
//!
//! All their data follow from a number ([`people`]), so that a restart finds those who exist already.

mod names;
mod people;

use std::collections::BTreeMap;

use ops::{Result, http};
use serde_json::{Value, json};
use ureq::Agent;

use self::people::{DOCTORS, PATIENTS, doctor, key_of_doctor, key_of_patient, patient};

const DOCTORS_PER_PATIENT: usize = 3;

const USERNAME: &str = "demo";
/// Public, but useful only to those who can reach this machine's 127.0.0.1.
const PASSWORD: &str = "violet-harbor-42-lantern";

/// The account that can see the demo data.
pub struct Account {
    pub username: &'static str,
    pub password: &'static str,
    /// The role that the API returned: `admin` if it was the first account.
    pub role: String,
}

/// Creates the demo data that are missing.
pub fn load(url: &str) -> Result<Account> {
    let mut api = Api { agent: http::agent(), url, token: None };
    let role = sign_in(&mut api)?;
    let doctors = create(&api, "api/doctors/", key_of_doctor, (0..DOCTORS).map(doctor))?;
    let patients = create(&api, "api/patients/", key_of_patient, (0..PATIENTS).map(patient))?;
    assign(&api, &doctors, &patients)?;
    Ok(Account { username: USERNAME, password: PASSWORD, role })
}

/// Signs in, and registers first if necessary. Returns the role.
fn sign_in(api: &mut Api<'_>) -> Result<String> {
    let credentials = json!({ "username": USERNAME, "password": PASSWORD });
    let mut answer = api.post("api/auth/login/", &credentials)?;
    if answer.status == 401 {
        let email = format!("{USERNAME}@clinic.example");
        let account = json!({ "username": USERNAME, "email": email, "password": PASSWORD });
        api.post("api/auth/register/", &account)?.expect(&[201])?;
        answer = api.post("api/auth/login/", &credentials)?;
    }
    let body = answer.expect(&[200])?;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    api.token = Some(text("/access").ok_or("the login has no access token")?);
    Ok(text("/user/role").unwrap_or_default())
}

/// Creates the people of a collection whose keys no existing record has. Returns all ids, in order.
fn create(
    api: &Api<'_>,
    path: &str,
    key: fn(&Value) -> Option<String>,
    everybody: impl Iterator<Item = Value>,
) -> Result<Vec<u64>> {
    let existing: BTreeMap<_, _> =
        api.list(path)?.iter().filter_map(|person| Some((key(person)?, id(person)?))).collect();
    let create = |person: Value| -> Result<u64> {
        if let Some(id) = key(&person).and_then(|key| existing.get(&key)) {
            return Ok(*id);
        }
        let created = api.post(path, &person)?.expect(&[201])?;
        Ok(id(&created).ok_or_else(|| format!("{path} answered 201 without an id"))?)
    };
    everybody.map(create).collect()
}

/// Assigns doctors to each patient. Does nothing if the last assignment exists, because all others are created earlier.
fn assign(api: &Api<'_>, doctors: &[u64], patients: &[u64]) -> Result {
    let mut assignments = Vec::new();
    for (number, patient) in patients.iter().enumerate() {
        // Steps of seven, so that consecutive patients do not share all of their doctors.
        let theirs = doctors.iter().cycle().skip(number).step_by(7).take(DOCTORS_PER_PATIENT);
        assignments.extend(theirs.map(|doctor| (*doctor, *patient)));
    }
    if let Some((doctor, patient)) = assignments.last() {
        let theirs = api.list(&format!("api/doctor/mappings/{patient}/"))?;
        if theirs.iter().any(|it| id(it) == Some(*doctor)) {
            return Ok(());
        }
    }
    for (doctor, patient) in assignments {
        let mapping = json!({ "doctor_id": doctor, "patient_id": patient });
        api.post("api/doctor/mappings/", &mapping)?.expect(&[200, 201])?;
    }
    Ok(())
}

fn id(resource: &Value) -> Option<u64> {
    resource.get("id")?.as_u64()
}

/// A client of the API.
struct Api<'a> {
    agent: Agent,
    /// Ends with a slash.
    url: &'a str,
    /// `None` until it is signed in.
    token: Option<String>,
}

struct Answer {
    path: String,
    status: u16,
    body: Value,
}

impl Api<'_> {
    fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Answer::read(path, request.send_json(body)?)
    }

    /// Returns the results of all pages of a list.
    fn list(&self, path: &str) -> Result<Vec<Value>> {
        let token = self.token.as_deref().unwrap_or_default();
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut request = self
                .agent
                .get(format!("{}{path}", self.url))
                .header("authorization", format!("Bearer {token}"))
                .query("limit", "100");
            if !cursor.is_empty() {
                request = request.query("cursor", &cursor);
            }
            let page = Answer::read(path, request.call()?)?.expect(&[200])?;
            all.extend(
                page.get("results").and_then(Value::as_array).into_iter().flatten().cloned(),
            );
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = next.to_owned(),
                None => return Ok(all),
            }
        }
    }
}

impl Answer {
    fn read(path: &str, mut response: ureq::http::Response<ureq::Body>) -> Result<Self> {
        let status = response.status().as_u16();
        let body = response.body_mut().read_json()?;
        Ok(Self { path: path.to_owned(), status, body })
    }

    /// Returns the body, or an error unless the status is one of these.
    fn expect(self, statuses: &[u16]) -> Result<Value> {
        let Self { path, status, body } = self;
        if statuses.contains(&status) {
            Ok(body)
        } else {
            Err(format!("the demo data are incomplete: {path} answered {status}, {body}").into())
        }
    }
}
