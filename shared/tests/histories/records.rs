//! Concurrent changes of one patient, with and without `If-Match`.

use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::model::version::{Version, etag};
use shared::store::StoreError;
use shared::testing::{Value, World, json, run, steps};
use stateright::semantics::SequentialSpec;

use crate::{History, clients, play};

/// A version, and the address in it.
#[derive(Debug, Clone, PartialEq)]
struct Stored(Version, u32);

#[derive(Debug, Clone)]
enum Op {
    Read,
    /// Without `If-Match`.
    Write(u32),
    WriteIf(Version, u32),
}

#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Is(Stored),
    AnotherVersion,
}

impl SequentialSpec for Stored {
    type Op = Op;
    type Ret = Outcome;

    fn invoke(&mut self, op: &Op) -> Outcome {
        let (condition, value) = match *op {
            Op::Read => return Outcome::Is(self.clone()),
            Op::Write(value) => (None, value),
            Op::WriteIf(version, value) => (Some(version), value),
        };
        // A change that is done already writes nothing, and is permitted to a client with an older version.
        let is_done = self.1 == value;
        let is_met = |version| version == self.0 || is_done && version < self.0;
        if !condition.is_none_or(is_met) {
            return Outcome::AnotherVersion;
        }
        if !is_done {
            *self = Self(self.0 + 1, value);
        }
        Outcome::Is(self.clone())
    }
}

fn stored(record: &impl serde::Serialize) -> Outcome {
    let record: Value = json!(record);
    let address = record["address"].as_str().unwrap().parse().unwrap();
    Outcome::Is(Stored(record["version"].as_u64().unwrap(), address))
}

#[test]
fn no_update_is_lost_and_no_version_is_reused() {
    run(async |world: World| {
        let apps = clients(&world);
        play(
            async |round, key| {
                let patient = world.patient(round * 10 + key).await;
                let edit = address(0);
                let any = Preconditions::NONE;
                let now = world.app.now();
                steps::update(world.app.store(), patient.id, &edit, &any, now).await.unwrap();
                (patient.id, History::of(Stored(2, 0)))
            },
            async |(id, history), client, chance| {
                let op = match chance % 4 {
                    0 => Op::Read,
                    1 => Op::Write(client + 1),
                    number => Op::WriteIf(Version::from(number), client + 1),
                };
                let store = apps[client as usize].store();
                let act = async {
                    let (value, if_match) = match op {
                        Op::Read => {
                            let found =
                                steps::record::<PatientDetails>(store, *id).await.unwrap().unwrap();
                            return stored(&found);
                        }
                        Op::Write(value) => (value, Preconditions::NONE),
                        Op::WriteIf(version, value) => {
                            (value, Preconditions::parse(Some(&etag(version)), None, false))
                        }
                    };
                    let now = apps[client as usize].now();
                    match steps::update(store, *id, &address(value), &if_match, now).await {
                        Ok(record) => stored(&record),
                        Err(StoreError::VersionMismatch) => Outcome::AnotherVersion,
                        Err(error) => panic!("{error:?}"),
                    }
                };
                history.record(client, op.clone(), act).await;
            },
            async |(_, history)| history.assert_linearizable(),
        )
        .await;
    });
}

fn address(value: u32) -> Edit<PatientDetails> {
    Edit::Merge(json!({"address": value.to_string()}).as_object().unwrap().clone())
}
