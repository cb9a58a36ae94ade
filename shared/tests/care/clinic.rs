//! The system under test: the handlers behind the pipeline, with the tables of a world.

use std::time::Duration;

use shared::access::Act;
use shared::model::cover::NewCover;
use shared::model::doctor::DoctorDetails;
use shared::model::handover::NewHandover;
use shared::model::id::{DoctorId, Id, PatientId, UserId};
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::proxy::{NewProxy, ProxyBasis};
use shared::model::record::Edit;
use shared::model::timestamp::Timestamp;
use shared::model::user::{LinkChange, Role, UserChange};
use shared::store::{
    AddProxy, Assign, AssignmentIds, CoverRequest, EndAssignment, EndCover, EndingAssignment,
    HandOver, HandoverRequest, ListAssignments, ListDoctorsOfPatient, ListPatientsOfDoctor,
    NewAssignment, ProxyRequest, SetCover, StoreError, Transfer, TransferPatients,
};
use shared::testing::{
    Actor, Answer, Event, Value, World, json, protected, steps as store_steps, together,
};
use shared::{ApiResult, Context, Granted, records, response};

use crate::model::{Account, Model, Moment, Outcome};
use crate::permitted::{Question, Shown};
use crate::steps::Step;

/// How many requests run at the same time. Refusals take their time, and so they wait together.
const AT_ONCE: usize = 51;

pub struct Clinic {
    world: World,
    /// In the order of the model's accounts.
    actors: Vec<Actor>,
    /// The number of proxies added and hand-overs begun, for their ids.
    ids: u32,
}

impl Clinic {
    /// Creates the doctors, patients and accounts of a new model. Returns both.
    pub async fn open(world: World) -> (Self, Model) {
        let model = Model::new(world.app.now().as_millisecond());
        for n in 1..=Model::DOCTORS {
            let doctor = world.doctor(u32::try_from(n).unwrap()).await;
            assert_eq!(doctor.id, doctor_id(n));
        }
        for n in 1..=Model::PATIENTS {
            let patient = world.patient(u32::try_from(n).unwrap()).await;
            assert_eq!(patient.id, patient_id(n));
        }
        let mut actors = Vec::new();
        for (n, Account { role, doctor, patient }) in model.accounts.iter().copied().enumerate() {
            let actor = world.actor_named(&format!("account-{n}"), Role::Pending).await;
            let change = change_of(Some(role), Some(doctor), Some(patient));
            let (store, now) = (world.app.store(), world.app.now());
            let changed =
                store_steps::update_account(store, actor.id(), change, &Preconditions::NONE, now)
                    .await;
            actors.push(world.sign_in(changed.unwrap()).await);
        }
        (Self { world, actors, ids: 0 }, model)
    }

    pub async fn apply(&mut self, step: &Step) -> Outcome {
        match self.try_apply(step).await {
            Ok(()) => Outcome::Done,
            Err(StoreError::NotFound(_)) => Outcome::Missing,
            Err(StoreError::Invalid(_)) => Outcome::Invalid,
            Err(StoreError::Conflict(_)) => Outcome::Conflict,
            Err(StoreError::Care(conflict)) => Outcome::Refused(conflict.code()),
            Err(error) => panic!("{step:?}: {error:?}"),
        }
    }

    async fn try_apply(&mut self, step: &Step) -> Result<(), StoreError> {
        let (store, now) = (self.world.app.store(), self.world.app.now());
        match *step {
            Step::Assign { doctor, patient, role, starts, ends } => {
                let (starts_at, ends_at) = (starts.map(moment), ends.map(moment));
                let new = NewAssignment {
                    role,
                    starts_at,
                    ends_at,
                    ..NewAssignment::of(ids(doctor, patient))
                };
                let by = store_steps::grant::<Assign>(store, first(), now, new).await?;
                store.assignments().assign(by).await.map(drop)
            }
            Step::End { doctor, patient, at } => {
                let ids = ids(doctor, patient);
                let ending =
                    EndingAssignment { ends_at: at.map(moment), ..EndingAssignment::of(ids) };
                let by = store_steps::grant::<EndAssignment>(store, first(), now, ending).await?;
                store.assignments().end(by).await
            }
            Step::Transfer { patient, from, to } => {
                let request = Transfer {
                    patient_ids: vec![patient_id(patient)],
                    from_doctor_id: doctor_id(from),
                    to_doctor_id: doctor_id(to),
                    reason: None,
                };
                let by =
                    store_steps::grant::<TransferPatients>(store, first(), now, request).await?;
                let (_, outcome) = store.assignments().transfer(by, || false).await?.remove(0);
                outcome
            }
            Step::HandOver { from, to } => {
                let to_doctor_id = doctor_id(to);
                let handover = NewHandover { to_doctor_id, effective_at: None, reason: None };
                let request = HandoverRequest { doctor_id: doctor_id(from), handover };
                self.ids += 1;
                let id = format!("handover-{}", self.ids).parse().unwrap();
                let by = store_steps::grant::<HandOver>(store, first(), now, request).await?;
                store.handovers().start(by, id).await?;
                let end = now.plus(Duration::from_secs(60));
                let (_, outcome) = store.handovers().run(self.world.app.system(), end).await;
                outcome
            }
            Step::Cover { doctor, covering, starts, ends } => {
                let cover = NewCover {
                    covering_doctor_id: doctor_id(covering),
                    starts_at: starts.map(moment),
                    ends_at: moment(ends),
                    reason: None,
                };
                let request = CoverRequest { doctor_id: doctor_id(doctor), cover };
                let by = store_steps::grant::<SetCover>(store, first(), now, request).await?;
                store.covers().set(by).await.map(drop)
            }
            Step::EndCover { doctor } => {
                let doctor = doctor_id(doctor);
                let by = store_steps::grant::<EndCover>(store, first(), now, doctor).await?;
                store.covers().end(by).await
            }
            Step::Account { account, role, doctor, patient } => {
                let (id, change) = (self.actors[account].id(), change_of(role, doctor, patient));
                // The token still hints at the role and the links before the change.
                store_steps::update_account(store, id, change, &Preconditions::NONE, now)
                    .await
                    .map(drop)
            }
            Step::AddProxy { patient, account, scope, starts, ends } => {
                let proxy = NewProxy {
                    user_id: self.actors[account].id(),
                    basis: ProxyBasis::Guardian,
                    scope: Some(scope),
                    starts_at: starts.map(moment),
                    ends_at: ends.map(moment),
                };
                let request = ProxyRequest { patient_id: patient_id(patient), proxy };
                self.ids += 1;
                let id = format!("proxy-{}", self.ids).parse().unwrap();
                let by = store_steps::grant::<AddProxy>(store, first(), now, request).await?;
                store.proxies().add(by, id).await.map(drop)
            }
            Step::RemoveProxy { patient, account } => {
                let user = self.actors[account].id();
                store_steps::remove_proxy(store, patient_id(patient), user).await
            }
            Step::Restrict { patient, restricted } => {
                self.edit(patient, json!({"restricted": restricted})).await
            }
            Step::Rename { patient, name } => {
                self.edit(patient, json!({"last_name": format!("Roe {name:03}")})).await
            }
            Step::Advance { by } => {
                self.world.advance(Duration::from_millis(u64::try_from(by).unwrap()));
                self.sign_in().await;
                Ok(())
            }
        }
    }

    async fn edit(&self, patient: u64, fields: Value) -> Result<(), StoreError> {
        let edit: Edit<PatientDetails> = Edit::Merge(fields.as_object().unwrap().clone());
        let (store, now) = (self.world.app.store(), self.world.app.now());
        let id = patient_id(patient);
        store_steps::update(store, id, &edit, &Preconditions::NONE, now).await.map(drop)
    }

    /// Opens new sessions: those before may have ended with the time.
    async fn sign_in(&mut self) {
        for actor in &mut self.actors {
            let user = self.world.stored(actor.id()).await;
            *actor = self.world.sign_in(user).await;
        }
    }

    /// Asks everything as every account, and returns where the answers differ from the reference.
    pub async fn differences(&self, model: &Model) -> Vec<String> {
        let questions = Model::questions();
        let accounts = 0..self.actors.len();
        let asked: Vec<(usize, Question)> = accounts
            .flat_map(|account| questions.iter().map(move |question| (account, *question)))
            .collect();
        let mut differences = Vec::new();
        for chunk in asked.chunks(AT_ONCE) {
            let answers = together(chunk.iter().map(|(who, what)| self.ask(*who, *what))).await;
            for ((who, what), shown) in chunk.iter().zip(answers) {
                let expected = model.shown(*who, *what);
                if shown != expected {
                    let account = model.accounts[*who];
                    differences.push(format!(
                        "account {who} {account:?}: {what:?} shows {shown:?}, not {expected:?}"
                    ));
                }
            }
        }
        differences
    }

    async fn ask(&self, who: usize, what: Question) -> Shown {
        let world = &self.world;
        let event = |name: &str| Event::of(name).without_policy().by(&self.actors[who]);
        let answer = match what {
            Question::Patient(id) => {
                let event = event("patients-get").path_parameter("id", id);
                world.call(protected(records::get::<PatientDetails>), event).await
            }
            Question::Patients => {
                world.call(protected(records::list::<PatientDetails>), event("patients-list")).await
            }
            Question::Doctor(id) => {
                let event = event("doctors-get").path_parameter("id", id);
                world.call(protected(records::get::<DoctorDetails>), event).await
            }
            Question::Doctors => {
                world.call(protected(records::list::<DoctorDetails>), event("doctors-list")).await
            }
            Question::PatientsOf(id) => {
                let event = event("mappings-patients").path_parameter("id", id);
                world.call(protected(patients_of), event).await
            }
            Question::DoctorsOf(id) => {
                let event = event("mappings-doctors").path_parameter("patient_id", id);
                world.call(protected(doctors_of), event).await
            }
            Question::Assignments => {
                world.call(protected(assignments), event("mappings-list")).await
            }
        };
        shown(what, &answer)
    }
}

/// Reads an answer to a question.
fn shown(what: Question, answer: &Answer) -> Shown {
    let body = &answer.body;
    if answer.status != 200 {
        let code = body["code"].as_str().unwrap_or_default();
        return Shown::Refused(answer.status, code.to_owned());
    }
    let record = |id: u64, attribute: &str| {
        assert_eq!(body["id"], json!(id));
        Shown::Record { whole: body.get(attribute).is_some() }
    };
    match what {
        Question::Patient(id) => record(id, "medical_history"),
        Question::Doctor(id) => record(id, "license_number"),
        Question::Assignments => {
            let mut pairs: Vec<(u64, u64)> = results(body)
                .map(|row| (number(row, "doctor_id"), number(row, "patient_id")))
                .collect();
            pairs.sort_unstable();
            Shown::Pairs(pairs)
        }
        Question::Patients
        | Question::Doctors
        | Question::PatientsOf(_)
        | Question::DoctorsOf(_) => {
            let mut ids: Vec<u64> = results(body).map(|row| number(row, "id")).collect();
            ids.sort_unstable();
            Shown::Ids(ids)
        }
    }
}

/// Returns the results of a list, all of which are on one page.
fn results(body: &Value) -> impl Iterator<Item = &Value> {
    assert_eq!(body["next"], Value::Null, "{body}");
    body["results"].as_array().unwrap().iter()
}

fn number(row: &Value, field: &str) -> u64 {
    row[field].as_u64().unwrap()
}

async fn doctors_of(context: Context, by: Granted<ListDoctorsOfPatient>) -> ApiResult {
    let (label, view) = (by.target().label().to_owned(), by.view());
    let page = context.store().assignments().doctors_of(by).await?;
    response::page(context.request(), &label, &page, view)
}

async fn patients_of(context: Context, by: Granted<ListPatientsOfDoctor>) -> ApiResult {
    let (label, view) = (by.target().label().to_owned(), by.view());
    let page = context.store().assignments().patients_of(by).await?;
    response::page(context.request(), &label, &page, view)
}

async fn assignments(context: Context, by: Granted<ListAssignments>) -> ApiResult {
    let view = by.view();
    let page = context.store().assignments().list(by).await?;
    response::page(context.request(), Act::ListAssignments.function(), &page, view)
}

fn change_of(
    role: Option<Role>,
    doctor: Option<Option<u64>>,
    patient: Option<Option<u64>>,
) -> UserChange {
    UserChange {
        role,
        doctor_id: link(doctor, doctor_id),
        patient_id: link(patient, patient_id),
        ..UserChange::default()
    }
}

fn link<I>(change: Option<Option<u64>>, id: fn(u64) -> I) -> LinkChange<I> {
    match change {
        None => LinkChange::Keep,
        Some(None) => LinkChange::Remove,
        Some(Some(number)) => LinkChange::Set(id(number)),
    }
}

fn ids(doctor: u64, patient: u64) -> AssignmentIds {
    AssignmentIds { doctor_id: doctor_id(doctor), patient_id: patient_id(patient) }
}

fn doctor_id(number: u64) -> DoctorId {
    DoctorId::new(number).unwrap()
}

fn patient_id(number: u64) -> PatientId {
    PatientId::new(number).unwrap()
}

/// The account that takes all steps.
fn first() -> UserId {
    UserId::new(1).unwrap()
}

fn moment(millisecond: Moment) -> Timestamp {
    Timestamp::from_millisecond(millisecond)
}
