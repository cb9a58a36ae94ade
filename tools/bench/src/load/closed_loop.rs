//! People who send requests, each of whom waits for an answer before the next request.

use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use fastrand::Rng;
use ops::{Result, http};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

use super::clinic::{Clinic, Member, patient};
use super::latencies::Latencies;
use super::mix::{CostGroup, Operation, at};

/// The results of all people together.
#[derive(Default)]
pub struct Outcome {
    seen: Vec<(Operation, Duration)>,
    pub failed: usize,
    /// The message of one failure.
    pub failure: Option<String>,
    elapsed: Duration,
}

impl Outcome {
    #[allow(clippy::cast_precision_loss, reason = "some millions at most")]
    pub fn requests_per_second(&self) -> f64 {
        self.all().count() as f64 / self.elapsed.as_secs_f64()
    }

    pub fn all(&self) -> Latencies {
        Latencies::of(self.seen.iter().map(|(_, latency)| *latency))
    }

    pub fn of(&self, operation: Operation) -> Latencies {
        self.only(|it| it == operation)
    }

    pub fn of_group(&self, group: CostGroup) -> Latencies {
        self.only(|it| it.group() == group)
    }

    fn only(&self, is_included: impl Fn(Operation) -> bool) -> Latencies {
        let seen = self.seen.iter().filter(|(operation, _)| is_included(*operation));
        Latencies::of(seen.map(|(_, latency)| *latency))
    }
}

/// Lets all of the clinic's staff send requests for this duration; weights decide how often each operation is chosen.
/// Fails if every request failed.
#[allow(clippy::disallowed_methods, reason = "measures a span")]
pub fn run(clinic: &mut Clinic, mix: &[(Operation, u32)], duration: Duration) -> Result<Outcome> {
    let started = Instant::now();
    let end = started + duration;
    let staff = std::mem::take(&mut clinic.staff);
    let people = staff.into_iter().enumerate();
    let people: Vec<_> = people.map(|(n, member)| Person::new(clinic, member, n)).collect();
    let done: Vec<_> = thread::scope(|scope| {
        let working = people.into_iter().map(|person| scope.spawn(move || person.work(mix, end)));
        let working: Vec<_> = working.collect();
        working.into_iter().map(ScopedJoinHandle::join).collect()
    });
    let mut outcome = Outcome { elapsed: started.elapsed(), ..Outcome::default() };
    for done in done {
        let (member, theirs) = done.map_err(|_panic| "a thread that sent requests has panicked")?;
        // Each member has new tokens.
        clinic.staff.push(member);
        outcome.seen.extend(theirs.seen);
        outcome.failed += theirs.failed;
        outcome.failure = outcome.failure.take().or(theirs.failure);
    }
    match outcome.failure {
        Some(failure) if outcome.seen.is_empty() => Err(failure.into()),
        _ => Ok(outcome),
    }
}

struct Person<'a> {
    clinic: &'a Clinic,
    agent: Agent,
    me: Member,
    random: Rng,
    /// The patient to whom their doctor is assigned.
    assigned: Option<u64>,
}

/// A request to the API.
struct Ask {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

impl<'a> Person<'a> {
    fn new(clinic: &'a Clinic, me: Member, number: usize) -> Self {
        // A fixed seed, so that each run sends the same requests.
        let random = Rng::with_seed(number as u64);
        Self { clinic, agent: http::agent(), me, random, assigned: None }
    }

    #[allow(clippy::disallowed_methods, reason = "measures a span")]
    fn work(mut self, mix: &[(Operation, u32)], end: Instant) -> (Member, Outcome) {
        let mut outcome = Outcome::default();
        let weights = mix.iter().map(|(_, weight)| weight).sum();
        while Instant::now() < end {
            let Some(operation) = at(mix, self.random.u32(0..weights)) else { break };
            let operation = self.possible(operation);
            let ask = self.ask(operation);
            let started = Instant::now();
            let answer = self.send(&ask);
            let latency = started.elapsed();
            match answer {
                Ok(answer) => {
                    outcome.seen.push((operation, latency));
                    self.learn(operation, &answer);
                }
                Err(error) => {
                    outcome.failed += 1;
                    outcome.failure.get_or_insert_with(|| error.to_string());
                }
            }
        }
        (self.me, outcome)
    }

    /// Makes assignments and removals alternate, because each person has one doctor.
    fn possible(&self, operation: Operation) -> Operation {
        match (operation, self.assigned) {
            (Operation::MappingsAssign, Some(_)) => Operation::MappingsRemove,
            (Operation::MappingsRemove, None) => Operation::MappingsAssign,
            _ => operation,
        }
    }

    fn ask(&mut self, operation: Operation) -> Ask {
        let patient_id = pick(&mut self.random, &self.clinic.patients);
        let doctor_id = pick(&mut self.random, &self.clinic.doctors);
        let number = self.random.usize(0..1000);
        let get = |path: String| Ask { method: "GET", path, body: None };
        let post =
            |path: &str, body| Ask { method: "POST", path: path.to_owned(), body: Some(body) };
        match operation {
            Operation::MappingsDoctors => get(format!("api/doctor/mappings/{patient_id}/")),
            Operation::PatientsGet => get(format!("api/patients/{patient_id}/")),
            Operation::DoctorsGet => get(format!("api/doctors/{doctor_id}/")),
            Operation::AuthMe => get("api/auth/me/".to_owned()),
            Operation::PatientsList => get("api/patients/?search=roe".to_owned()),
            Operation::DoctorsList => get("api/doctors/".to_owned()),
            Operation::MappingsPatients => get(format!("api/doctors/{doctor_id}/patients/")),
            Operation::MappingsList => get("api/doctor/mappings/".to_owned()),
            Operation::MappingsAssign => {
                self.assigned = Some(patient_id);
                let mapping = json!({ "doctor_id": self.me.doctor, "patient_id": patient_id });
                post("api/doctor/mappings/", mapping)
            }
            Operation::MappingsRemove => {
                let patient_id = self.assigned.take().unwrap_or(patient_id);
                let doctor_id = self.me.doctor;
                let path = format!("api/doctor/mappings/{patient_id}/{doctor_id}/");
                Ask { method: "DELETE", path, body: None }
            }
            Operation::PatientsUpdate => Ask {
                method: "PATCH",
                path: format!("api/patients/{patient_id}/"),
                body: Some(json!({ "address": format!("{number} Elm Street, Springfield") })),
            },
            Operation::PatientsCreate => post("api/patients/", patient(number)),
            Operation::AuthLogin => post("api/auth/login/", self.me.credentials()),
            Operation::AuthRefresh => {
                post("api/auth/refresh/", json!({ "refresh": self.me.refresh }))
            }
        }
    }

    /// Sends a request and returns the body of the answer, which must be a success.
    fn send(&self, ask: &Ask) -> Result<Vec<u8>> {
        let request = Request::builder()
            .method(ask.method)
            .uri(format!("{}{}", self.clinic.url, ask.path))
            .header("authorization", format!("Bearer {}", self.me.access))
            .header("content-type", "application/json");
        let mut answer = match &ask.body {
            Some(body) => self.agent.run(request.body(body.to_string())?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let status = answer.status();
        let body = answer.body_mut().read_to_vec()?;
        if !status.is_success() {
            let (Ask { method, path, .. }, body) = (ask, String::from_utf8_lossy(&body));
            return Err(format!("{method} {path} answered {status}, {body}").into());
        }
        Ok(body)
    }

    /// Continues with the tokens of an answer, if it has new ones.
    fn learn(&mut self, operation: Operation, answer: &[u8]) {
        if !matches!(operation, Operation::AuthLogin | Operation::AuthRefresh) {
            return;
        }
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let token = |name| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some((access, refresh)) = token("access").zip(token("refresh")) {
            (self.me.access, self.me.refresh) = (access, refresh);
        }
    }
}

fn pick(random: &mut Rng, ids: &[u64]) -> u64 {
    ids.get(random.usize(0..ids.len())).copied().unwrap_or_default()
}
