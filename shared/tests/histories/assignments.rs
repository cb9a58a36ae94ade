//! Assignments of one doctor to one patient, while either may be deleted.

use shared::model::doctor::DoctorDetails;
use shared::model::id::{DoctorId, Id, PatientId};
use shared::model::page::Paging;
use shared::model::patient::PatientDetails;
use shared::model::version::IfMatch;
use shared::table::{Assign, Deleted, Removed, Table};
use shared::testing::{World, run, steps};
use stateright::semantics::SequentialSpec;

use crate::{History, clients, play};

#[derive(Debug, Clone)]
struct Pair {
    doctor: bool,
    patient: bool,
    assigned: bool,
}

#[derive(Debug, Clone)]
enum Op {
    Assign,
    Remove,
    DeleteDoctor,
    DeletePatient,
    ListDoctors,
}

#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Made,
    Stands,
    Unknown {
        doctor: bool,
        patient: bool,
    },
    Gone,
    NotThere,
    /// `None`: there is no such patient.
    Listed(Option<bool>),
}

impl SequentialSpec for Pair {
    type Op = Op;
    type Ret = Outcome;

    fn invoke(&mut self, op: &Op) -> Outcome {
        match op {
            Op::Assign if !self.doctor || !self.patient => {
                Outcome::Unknown { doctor: !self.doctor, patient: !self.patient }
            }
            Op::Assign if self.assigned => Outcome::Stands,
            Op::Assign => {
                self.assigned = true;
                Outcome::Made
            }
            Op::Remove if self.assigned => {
                self.assigned = false;
                Outcome::Gone
            }
            Op::Remove => Outcome::NotThere,
            Op::DeleteDoctor => gone(&mut self.doctor),
            Op::DeletePatient => gone(&mut self.patient),
            Op::ListDoctors => {
                Outcome::Listed(self.patient.then_some(self.assigned && self.doctor))
            }
        }
    }

    /// A deletion is done for everybody at once, but for two things that are said of it: its mapping's rows
    /// go a moment later, and until then they can be removed; and another deletion may find itself helping.
    fn is_valid_step(&mut self, op: &Op, outcome: &Outcome) -> bool {
        let is_dying = !self.doctor || !self.patient;
        match (op, outcome) {
            (Op::Remove, Outcome::NotThere) if is_dying => {
                self.assigned = false;
                true
            }
            (Op::DeleteDoctor, Outcome::Gone) if !self.doctor => true,
            (Op::DeletePatient, Outcome::Gone) if !self.patient => true,
            _ => self.invoke(op) == *outcome,
        }
    }
}

fn gone(lives: &mut bool) -> Outcome {
    if std::mem::take(lives) { Outcome::Gone } else { Outcome::NotThere }
}

async fn act(
    table: &Table,
    op: &Op,
    doctor: DoctorId,
    patient: PatientId,
    world: &World,
) -> Outcome {
    let (any, now) = (IfMatch::Any, world.app.now());
    let deleted = |outcome| match outcome {
        Deleted::Done => Outcome::Gone,
        Deleted::NotFound => Outcome::NotThere,
        other => panic!("{other:?}"),
    };
    match op {
        Op::Assign => {
            match steps::assign(table, doctor, patient, Id::new(1).unwrap(), now).await.unwrap() {
                Assign::New(_) => Outcome::Made,
                Assign::Already(_) => Outcome::Stands,
                Assign::Unknown { doctor, patient } => Outcome::Unknown { doctor, patient },
            }
        }
        Op::Remove => match table.remove(doctor, patient).await.unwrap() {
            Removed::Done => Outcome::Gone,
            Removed::NotAssigned => Outcome::NotThere,
        },
        Op::DeleteDoctor => deleted(
            steps::delete::<DoctorDetails>(table, doctor, &any, now, || false).await.unwrap(),
        ),
        Op::DeletePatient => deleted(
            steps::delete::<PatientDetails>(table, patient, &any, now, || false).await.unwrap(),
        ),
        Op::ListDoctors => {
            let paging = Paging { limit: 100, after: None };
            let page = steps::doctors_of(table, patient, paging).await.unwrap();
            Outcome::Listed(page.map(|page| !page.results.is_empty()))
        }
    }
}

#[test]
fn assignments_and_deletions_are_in_one_order() {
    run(async |world: World| {
        let apps = clients(&world);
        play(
            async |round, key| {
                let number = round * 10 + key;
                let doctor = world.doctor(number).await;
                let patient = world.patient(number).await;
                let pair = Pair { doctor: true, patient: true, assigned: false };
                (doctor.id, patient.id, History::of(pair))
            },
            async |(doctor, patient, history), client, chance| {
                let op = match chance % 9 {
                    0..3 => Op::Assign,
                    3..5 => Op::Remove,
                    5..7 => Op::ListDoctors,
                    7 => Op::DeleteDoctor,
                    _ => Op::DeletePatient,
                };
                let table = apps[client as usize].table();
                let act = act(table, &op, *doctor, *patient, &world);
                history.record(client, op.clone(), act).await;
            },
            async |(doctor, patient, history)| {
                history.assert_linearizable();
                // Whatever the order was, a mapping has two rows, and none without its doctor and patient.
                let table = world.app.table();
                let living = (
                    steps::record::<DoctorDetails>(table, doctor).await.unwrap().is_some(),
                    steps::record::<PatientDetails>(table, patient).await.unwrap().is_some(),
                );
                let rows = mapping_rows(&world, doctor, patient).await;
                assert!(rows == 0 || (rows == 2 && living == (true, true)), "{rows} {living:?}");
            },
        )
        .await;
    });
}

async fn mapping_rows(world: &World, doctor: DoctorId, patient: PatientId) -> usize {
    let doctor = format!("DOCTOR#{:016}", doctor.get());
    let patient = format!("PATIENT#{:016}", patient.get());
    let mut rows = 0;
    for (pk, sk) in [(&doctor, &patient), (&patient, &doctor)] {
        let key = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        let get = world.dynamodb.get_item().table_name(repo::template::TABLE_NAME);
        let get = get.key("pk", key(pk)).key("sk", key(sk)).consistent_read(true);
        rows += usize::from(get.send().await.unwrap().item.is_some());
    }
    rows
}
