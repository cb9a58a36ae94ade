//! `--demo`: fictitious people, created through the API.
//!
//! All their data follow from a number, so that a restart finds those who exist already. Their email addresses end in
//! `.example` and their telephone numbers in 555-01xx, which belong to nobody.

use std::collections::BTreeMap;

use ops::{Result, http};
use serde_json::{Value, json};
use ureq::Agent;

const DOCTORS: usize = 20;
const PATIENTS: usize = 100;
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
    let doctors = create(&api, "api/doctors/", "email", (0..DOCTORS).map(doctor))?;
    let patients = create(&api, "api/patients/", "contact_number", (0..PATIENTS).map(patient))?;
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

/// Creates the people of a collection who do not exist yet; `field` identifies them. Returns all ids, in order.
fn create(
    api: &Api<'_>,
    path: &str,
    field: &str,
    everybody: impl Iterator<Item = Value>,
) -> Result<Vec<u64>> {
    let name = |person: &Value| person.get(field).and_then(Value::as_str).map(str::to_owned);
    let existing: BTreeMap<_, _> =
        api.list(path)?.iter().filter_map(|person| Some((name(person)?, id(person)?))).collect();
    let create = |person: Value| -> Result<u64> {
        if let Some(id) = name(&person).and_then(|name| existing.get(&name)) {
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

fn doctor(number: usize) -> Value {
    let first_name = pick(&FIRST_NAMES, number);
    let last_name = pick(&LAST_NAMES, number + 10);
    let address = format!("{first_name}.{last_name}@clinic.example").to_lowercase();
    json!({
        "first_name": first_name,
        "last_name": last_name,
        "email": address,
        "phone_number": format!("+130355501{number:02}"),
        "specialization": pick(&SPECIALIZATIONS, number),
        "license_number": format!("DEMO-{number:04}"),
        "years_of_experience": 3 + number * 7 % 35,
    })
}

fn patient(number: usize) -> Value {
    json!({
        "first_name": pick(&FIRST_NAMES, number),
        // Shifted in each round of first names, so that no two people have the same name.
        "last_name": pick(&LAST_NAMES, number + number / FIRST_NAMES.len() * 3),
        "date_of_birth": format!(
            "{}-{:02}-{:02}",
            1938 + number * 37 % 80,
            1 + number % 12,
            1 + number * 11 % 28,
        ),
        "gender": pick(&["Female", "Male"], number),
        "contact_number": format!("+120255501{number:02}"),
        "address": format!("{} {} Street, Springfield", number + 1, pick(&STREETS, number)),
        "medical_history": pick(&HISTORIES, number),
        "emergency_number": format!("+141555501{number:02}"),
    })
}

/// Returns the element of this number; after the last element the list begins again.
fn pick<'a>(list: &[&'a str], number: usize) -> &'a str {
    list.iter().cycle().nth(number).copied().unwrap_or_default()
}

/// Women's and men's names alternate.
const FIRST_NAMES: [&str; 20] = [
    "Amara", "Anton", "Beatriz", "Bruno", "Chiara", "Cyrus", "Deepa", "Diego", "Elena", "Emeka",
    "Farah", "Felix", "Grace", "Hugo", "Ingrid", "Ivan", "Keiko", "Kofi", "Leila", "Marek",
];

const LAST_NAMES: [&str; 20] = [
    "Abadi",
    "Berg",
    "Costa",
    "Dietrich",
    "Eze",
    "Fontaine",
    "Gupta",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Mensah",
    "Novak",
    "Okafor",
    "Pereira",
    "Quispe",
    "Rossi",
    "Santos",
    "Tanaka",
];

const SPECIALIZATIONS: [&str; 8] = [
    "Cardiology",
    "Dermatology",
    "Endocrinology",
    "General practice",
    "Neurology",
    "Oncology",
    "Orthopaedics",
    "Paediatrics",
];

const STREETS: [&str; 7] = ["Ash", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple"];

const HISTORIES: [&str; 6] = [
    "Nothing of note.",
    "Asthma since childhood; uses an inhaler.",
    "Type 2 diabetes, controlled by diet.",
    "High blood pressure; takes ramipril.",
    "Allergic to penicillin.",
    "Broken left wrist, healed.",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn fictitious_people_have_unique_names() {
        let people: Vec<_> = (0..DOCTORS).map(doctor).chain((0..PATIENTS).map(patient)).collect();
        let names: BTreeSet<_> = people
            .iter()
            .map(|person| (person["first_name"].to_string(), person["last_name"].to_string()))
            .collect();
        assert_eq!(names.len(), DOCTORS + PATIENTS);
    }
}
