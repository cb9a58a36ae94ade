//! Requests of every kind that reads or changes a patient, and what they must leave in the trail.

use std::collections::BTreeSet;

use shared::audit::DONE;
use shared::endpoint::{Endpoint, HandlerFuture};
use shared::model::doctor::Doctor;
use shared::model::id::{Id, PatientId};
use shared::model::patient::{Patient, PatientDetails};
use shared::model::user::Role;
use shared::store::{Assign, Assigned, EndAssignment};
use shared::testing::{
    Actor, Answer, Event, Handler, RECORD_SETTINGS, Sample, Value, Witnesses, World, json,
    protected, protected_with,
};
use shared::{ApiResult, App, Context, Granted, Request, records, response};

/// A request that the trail records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its row is put while the record is read.
    Read,
    /// Its row is put after the list was read.
    List,
    /// Its row is put while the records of the list are read.
    Panel,
    /// As for [`Kind::Panel`], and then corrected, because one of the records does not meet all criteria.
    Search,
    /// Its row is in the transaction of the change, as in the following ones.
    Create,
    Assign,
    End,
}

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::Read, Self::List, Self::Panel, Self::Search, Self::Create, Self::Assign, Self::End];

    pub const CHANGES: [Self; 3] = [Self::Create, Self::Assign, Self::End];

    /// Returns the number of rows of a request that succeeds.
    pub fn rows(self) -> usize {
        if self == Self::Search { 2 } else { 1 }
    }

    /// Returns the handler of this kind. The handlers of the functions are not in `shared`.
    fn handler(self) -> impl Handler {
        move |app: App, request: Request| -> HandlerFuture {
            match self {
                Self::Read => protected(records::get::<PatientDetails>)(app, request),
                Self::List | Self::Panel | Self::Search => {
                    protected(records::list::<PatientDetails>)(app, request)
                }
                Self::Create => {
                    let handler = records::create::<PatientDetails>;
                    protected_with(RECORD_SETTINGS, handler)(app, request)
                }
                Self::Assign => protected(assign)(app, request),
                Self::End => protected(end)(app, request),
            }
        }
    }
}

async fn assign(context: Context, by: Granted<Assign>) -> ApiResult {
    let Assigned { assignment, .. } = context.store().assignments().assign(by).await?;
    response::created(&assignment)
}

async fn end(context: Context, by: Granted<EndAssignment>) -> ApiResult {
    context.store().assignments().end(by).await?;
    response::no_content()
}

/// A doctor with one patient, another patient, and a member of staff.
pub struct Clinic {
    staff: Actor,
    doctor_account: Actor,
    doctor: Doctor,
    patient: Patient,
    other: Patient,
}

impl Clinic {
    pub async fn new(world: &World) -> Self {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        let (patient, other) = (world.patient(1).await, world.patient(2).await);
        world.assign(&doctor, &patient).await;
        let doctor_account = world.doctor_account(&doctor).await;
        Self { staff, doctor_account, doctor, patient, other }
    }

    /// Returns the event of a request that succeeds.
    pub fn event(&self, kind: Kind) -> Event {
        let (doctor, patient) = (self.doctor.id, self.patient.id);
        let (name, actor) = match kind {
            Kind::Read => ("patients-get", &self.staff),
            Kind::List | Kind::Search => ("patients-list", &self.staff),
            Kind::Panel => ("patients-list", &self.doctor_account),
            Kind::Create => ("patients-create", &self.staff),
            Kind::Assign => ("mappings-assign", &self.staff),
            Kind::End => ("mappings-remove", &self.staff),
        };
        let event = Event::of(name).without_policy().by(actor);
        match kind {
            Kind::Read => event.path_parameter("id", patient),
            Kind::List | Kind::Panel => event,
            // Both patients have the number.
            Kind::Search => event.query(&[("phone", "555-0147"), ("search", "001")]),
            // The answer names no possible duplicate.
            Kind::Create => event.json(PatientDetails::sample(3)).with(json!({
                "first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1950-12-10",
                "contact_number": "+442079460999",
            })),
            Kind::Assign => event.json(json!({"doctor_id": doctor, "patient_id": self.other.id})),
            Kind::End => {
                event.path_parameter("patient_id", patient).json(json!({"doctor_id": doctor}))
            }
        }
    }

    /// Makes a request in the process of `app`. `witnesses` collects the rows that its log line names.
    pub async fn ask(&self, world: &World, app: &App, kind: Kind, witnesses: &Witnesses) -> Answer {
        world.call_in(app, witnesses.of(kind.handler()), self.event(kind)).await
    }

    /// Returns the endpoint of a kind, for requests with a deadline.
    pub fn endpoint(app: &App, kind: Kind) -> Endpoint {
        Endpoint::new(app.clone(), kind.handler())
    }

    /// Returns how often the change of this kind was made.
    async fn changes(&self, world: &World, kind: Kind) -> usize {
        let count = async |pk: &str, sk: &str| {
            let rows = world.rows(pk).await;
            rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with(sk)).count()
        };
        let partition = |patient: PatientId| format!("PATIENT#{:016}", patient.get());
        match kind {
            Kind::Read | Kind::List | Kind::Panel | Kind::Search => 0,
            // Without the two patients of the clinic.
            Kind::Create => count("PATIENT#", "#").await - 2,
            Kind::Assign => count(&partition(self.other.id), "DOCTOR#").await,
            Kind::End => 1 - count(&partition(self.patient.id), "DOCTOR#").await,
        }
    }

    /// Fails the test if data left without a row that says so, or if a change and its row are not both there. The request
    /// was the only one.
    pub async fn check(&self, world: &World, kind: Kind, answer: &Answer, what: &str) {
        let mut rows = world.audit_rows().await;
        rows.retain(|row| row.facts.outcome == DONE);
        let shown = shown(kind, &answer.body);
        if answer.status < 300 {
            let is_said = rows.iter().any(|row| row.facts.subjects.patients.is_superset(&shown));
            assert!(is_said, "{what}: no row says that {shown:?} were shown: {rows:?}");
            assert!(kind == Kind::End || !shown.is_empty(), "{what}: {}", answer.body);
        } else {
            assert!(!answer.text().contains("Roe"), "{what}: {}", answer.body);
        }
        if Kind::CHANGES.contains(&kind) {
            let changes = self.changes(world, kind).await;
            assert_eq!(rows.len(), changes, "{what}: a change and its row: {rows:?}");
            assert!(changes > 0 || answer.status >= 300, "{what}: nothing has changed");
        }
    }

    /// Fails the test if anything was changed.
    pub async fn expect_no_change(&self, world: &World, kind: Kind) {
        assert_eq!(self.changes(world, kind).await, 0, "{kind:?}");
    }
}

/// Returns the patients whose data a successful answer has.
fn shown(kind: Kind, body: &Value) -> BTreeSet<PatientId> {
    let id = |value: &Value| PatientId::new(value.as_u64()?);
    match kind {
        Kind::Read | Kind::Create => id(&body["id"]).into_iter().collect(),
        Kind::List | Kind::Panel | Kind::Search => {
            let results = body["results"].as_array().into_iter().flatten();
            results.filter_map(|patient| id(&patient["id"])).collect()
        }
        Kind::Assign => id(&body["patient_id"]).into_iter().collect(),
        Kind::End => BTreeSet::new(),
    }
}
