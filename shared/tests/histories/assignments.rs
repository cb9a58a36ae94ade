//! Concurrent assignments of one doctor to one patient, while either may be deleted.

use shared::model::doctor::DoctorDetails;
use shared::model::id::{DoctorId, Id, PatientId};
use shared::model::page::Paging;
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::store::{Store, StoreError};
use shared::testing::{World, run, steps};
use stateright::semantics::SequentialSpec;

use crate::{History, clients, play};

/// Whether the doctor and the patient exist, and whether they are assigned.
#[derive(Debug, Clone)]
struct State {
    doctor: bool,
    patient: bool,
    assigned: bool,
}

#[derive(Debug, Clone)]
enum Op {
    Assign,
    EndAssignment,
    DeleteDoctor,
    DeletePatient,
    ListDoctors,
}

#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    New,
    Existing,
    /// Which of the two do not exist.
    Missing {
        doctor: bool,
        patient: bool,
    },
    Removed,
    NotFound,
    /// Whether the list has the doctor; `None` if the patient does not exist.
    Listed(Option<bool>),
}

impl SequentialSpec for State {
    type Op = Op;
    type Ret = Outcome;

    fn invoke(&mut self, op: &Op) -> Outcome {
        match op {
            Op::Assign if !self.doctor || !self.patient => {
                Outcome::Missing { doctor: !self.doctor, patient: !self.patient }
            }
            Op::Assign if self.assigned => Outcome::Existing,
            Op::Assign => {
                self.assigned = true;
                Outcome::New
            }
            Op::EndAssignment if self.assigned => {
                self.assigned = false;
                Outcome::Removed
            }
            Op::EndAssignment => Outcome::NotFound,
            Op::DeleteDoctor => delete(&mut self.doctor),
            Op::DeletePatient => delete(&mut self.patient),
            Op::ListDoctors => {
                Outcome::Listed(self.patient.then_some(self.assigned && self.doctor))
            }
        }
    }

    /// A deletion takes effect for every reader at once, with two exceptions. The assignment ends a moment later, and
    /// until then it can be ended by others. A concurrent deletion of the same record may succeed,
    /// too, because it helps to end the assignment.
    fn is_valid_step(&mut self, op: &Op, outcome: &Outcome) -> bool {
        let is_deleted = !self.doctor || !self.patient;
        match (op, outcome) {
            (Op::EndAssignment, Outcome::NotFound) if is_deleted => {
                self.assigned = false;
                true
            }
            (Op::DeleteDoctor, Outcome::Removed) if !self.doctor => true,
            (Op::DeletePatient, Outcome::Removed) if !self.patient => true,
            _ => self.invoke(op) == *outcome,
        }
    }
}

fn delete(exists: &mut bool) -> Outcome {
    if std::mem::take(exists) { Outcome::Removed } else { Outcome::NotFound }
}

async fn act(
    store: &Store,
    op: &Op,
    doctor: DoctorId,
    patient: PatientId,
    world: &World,
) -> Outcome {
    let (any, now) = (Preconditions::NONE, world.app.now());
    match op {
        Op::Assign => match steps::assign(store, doctor, patient, Id::new(1).unwrap(), now).await {
            Ok(assigned) if assigned.is_new => Outcome::New,
            Ok(_) => Outcome::Existing,
            Err(StoreError::NotFound(text)) => missing(&text, doctor, patient),
            Err(error) => panic!("{error:?}"),
        },
        Op::EndAssignment => removed(steps::end_assignment(store, doctor, patient).await),
        Op::DeleteDoctor => {
            removed(steps::delete::<DoctorDetails>(store, doctor, &any, now, || false).await)
        }
        Op::DeletePatient => {
            removed(steps::delete::<PatientDetails>(store, patient, &any, now, || false).await)
        }
        Op::ListDoctors => {
            let paging = Paging { limit: 100, after: None };
            let page = steps::doctors_of(store, patient, paging).await.unwrap();
            Outcome::Listed(page.map(|page| !page.results.is_empty()))
        }
    }
}

/// Reads from the text of a refused assignment which of the two do not exist.
fn missing(text: &str, doctor: DoctorId, patient: PatientId) -> Outcome {
    let (doctor, patient) = (format!("doctor {doctor}"), format!("patient {patient}"));
    let (no_doctor, no_patient) = (text == doctor, text == patient);
    let neither = text == format!("{doctor} and no {patient}");
    Outcome::Missing { doctor: no_doctor || neither, patient: no_patient || neither }
}

fn removed(outcome: Result<(), StoreError>) -> Outcome {
    match outcome {
        Ok(()) => Outcome::Removed,
        Err(StoreError::NotFound(_)) => Outcome::NotFound,
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn assignments_and_deletions_are_linearizable() {
    run(async |world: World| {
        let apps = clients(&world);
        play(
            async |round, key| {
                let number = round * 10 + key;
                let doctor = world.doctor(number).await;
                let patient = world.patient(number).await;
                let state = State { doctor: true, patient: true, assigned: false };
                (doctor.id, patient.id, History::of(state))
            },
            async |(doctor, patient, history), client, chance| {
                let op = match chance % 9 {
                    0..3 => Op::Assign,
                    3..5 => Op::EndAssignment,
                    5..7 => Op::ListDoctors,
                    7 => Op::DeleteDoctor,
                    _ => Op::DeletePatient,
                };
                let store = apps[client as usize].store();
                let act = act(store, &op, *doctor, *patient, &world);
                history.record(client, op.clone(), act).await;
            },
            async |(doctor, patient, history)| {
                history.assert_linearizable();
                // In every order: an assignment has two rows, and none without its doctor and patient.
                let store = world.app.store();
                let exist = (
                    steps::record::<DoctorDetails>(store, doctor).await.unwrap().is_some(),
                    steps::record::<PatientDetails>(store, patient).await.unwrap().is_some(),
                );
                let rows = assignment_rows(&world, doctor, patient).await;
                assert!(rows == 0 || (rows == 2 && exist == (true, true)), "{rows} {exist:?}");
            },
        )
        .await;
    });
}

/// Returns the number of rows of an assignment that has not ended.
async fn assignment_rows(world: &World, doctor: DoctorId, patient: PatientId) -> usize {
    let doctor = format!("DOCTOR#{:016}", doctor.get());
    let patient = format!("PATIENT#{:016}", patient.get());
    let mut rows = 0;
    for (pk, prefix) in [(&patient, doctor.as_str()), (&doctor, "NAME#")] {
        let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        let query = world
            .dynamodb
            .query()
            .table_name(repo::template::TABLE_NAME)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":prefix", text(prefix))
            .consistent_read(true);
        rows += query.send().await.unwrap().items().len();
    }
    rows
}
