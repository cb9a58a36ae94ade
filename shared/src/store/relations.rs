//! The relations of accounts to patients and doctors, as the rows of assignments, covers, proxies and emergency access
//! state them.

use super::covers::covered_in;
use super::stored::{RESTRICTED, is_version};
use crate::access::{About, Act, Actor, Basis, Proof, Relation, Relations, permits_in_emergency};
use crate::dynamo::{self, DynamoError, Expression, Items, Key};
use crate::model::assignment::Episode;
use crate::model::emergency::EmergencyAccess;
use crate::model::id::{DoctorId, Id, PatientId};
use crate::model::patient::PatientDetails;
use crate::model::proxy::Proxy;
use crate::model::timestamp::Timestamp;

/// Reads the rows that state a relation. A relation is valid only now: each row has its period, and no row is needed to
/// end a period.
#[derive(Debug)]
pub struct CareRelations;

/// Which relation decides about a request.
enum Needed {
    /// To the patient.
    Patient(PatientId),
    /// Whether the patient is restricted.
    Restriction(PatientId),
    /// Of the account's own patient to the doctor.
    TreatedBy(PatientId, DoctorId),
    /// Of the account's doctor to the doctor.
    CoverOf(DoctorId),
    /// The doctors whom the account's doctor covers.
    Covers,
    Nothing,
}

impl Needed {
    fn of(actor: &Actor, about: &About) -> Self {
        match (about.act, about.patient, about.doctor) {
            (
                Act::ReadPatient
                | Act::UpdatePatient
                | Act::ListDoctorsOfPatient
                | Act::GrantEmergencyAccess,
                Some(patient),
                _,
            ) => Self::Patient(patient),
            (Act::AddProxy | Act::UpdateAssignment, Some(patient), _) => Self::Restriction(patient),
            (Act::ReadDoctor, _, Some(doctor)) => match actor.patient_id {
                Some(patient) => Self::TreatedBy(patient, doctor),
                None => Self::Nothing,
            },
            (Act::ListPatientsOfDoctor, _, Some(doctor)) => Self::CoverOf(doctor),
            (Act::ListPatients, ..) => Self::Covers,
            _ => Self::Nothing,
        }
    }
}

impl Relations for CareRelations {
    fn keys(&self, actor: &Actor, about: &About) -> Vec<Key> {
        let covers = actor.doctor_id.map(Key::covers);
        match Needed::of(actor, about) {
            Needed::Patient(patient) => {
                let assignment = actor.doctor_id.map(|doctor| Key::assignment(patient, doctor));
                let emergency = permits_in_emergency(about.act, actor)
                    .then(|| Key::emergency(patient, actor.id));
                let keys = [
                    Key::record::<PatientDetails>(patient),
                    Key::proxy_of_patient(patient, actor.id),
                ];
                keys.into_iter().chain(assignment).chain(covers).chain(emergency).collect()
            }
            Needed::Restriction(patient) => vec![Key::record::<PatientDetails>(patient)],
            Needed::TreatedBy(patient, doctor) => vec![Key::assignment(patient, doctor)],
            Needed::CoverOf(doctor) if actor.doctor_id == Some(doctor) => Vec::new(),
            Needed::CoverOf(_) | Needed::Covers => covers.into_iter().collect(),
            Needed::Nothing => Vec::new(),
        }
    }

    fn further_keys(
        &self,
        actor: &Actor,
        about: &About,
        items: &Items,
        now: Timestamp,
    ) -> Result<Vec<Key>, DynamoError> {
        let (Needed::Patient(patient), Some(own)) = (Needed::of(actor, about), actor.doctor_id)
        else {
            return Ok(Vec::new());
        };
        if treatment(patient, own, items, now)?.is_some() {
            return Ok(Vec::new());
        }
        let covered = covered_in(items.get(&Key::covers(own)), now)?;
        Ok(covered.into_iter().map(|doctor| Key::assignment(patient, doctor)).collect())
    }

    fn relation(
        &self,
        actor: &Actor,
        about: &About,
        items: &Items,
        now: Timestamp,
    ) -> Result<Relation, DynamoError> {
        let covered = match actor.doctor_id {
            Some(own) => covered_in(items.get(&Key::covers(own)), now)?,
            None => Vec::new(),
        };
        match Needed::of(actor, about) {
            Needed::Patient(patient) => to_patient(actor, patient, covered, items, now),
            Needed::Restriction(patient) => {
                let restricted = is_restricted(patient, items);
                Ok(Relation { restricted, ..Relation::default() })
            }
            Needed::TreatedBy(patient, doctor) => {
                let assigned = treatment(patient, doctor, items, now)?.is_some();
                Ok(Relation { assigned, ..Relation::default() })
            }
            Needed::CoverOf(doctor) => Ok(Relation {
                own: actor.doctor_id == Some(doctor),
                covering: covered.contains(&doctor),
                ..Relation::default()
            }),
            Needed::Covers => Ok(Relation { covered, ..Relation::default() }),
            Needed::Nothing => {
                let own = about.patient.is_some() && about.patient == actor.patient_id;
                Ok(Relation { own, ..Relation::default() })
            }
        }
    }
}

fn to_patient(
    actor: &Actor,
    patient: PatientId,
    covered: Vec<DoctorId>,
    items: &Items,
    now: Timestamp,
) -> Result<Relation, DynamoError> {
    let mut relation = Relation {
        restricted: is_restricted(patient, items),
        own: actor.patient_id == Some(patient),
        ..Relation::default()
    };
    if relation.own {
        let unchanged = Expression::only("patient_id = :patient AND active = :yes")
            .number(":patient", patient.get())
            .boolean(":yes", true);
        relation.prove(Basis::Own, Key::user(Some(actor.id)), unchanged);
    }
    let proxy_key = Key::proxy_of_patient(patient, actor.id);
    let proxy: Option<Proxy> = items.get(&proxy_key).cloned().map(dynamo::parse).transpose()?;
    if let Some(proxy) = proxy.filter(|proxy| proxy.period.contains(now)) {
        relation.proxy = Some(proxy.scope);
        let unchanged = Expression::only("#id = :id").text(":id", &proxy.id);
        relation.prove(Basis::Proxy, proxy_key, unchanged);
    }
    // It gives access to read alone, so no change needs a proof of it.
    if let Some(row) = items.get(&Key::emergency(patient, actor.id)) {
        let access: EmergencyAccess = dynamo::parse(row.clone())?;
        relation.emergency = access.is_current(now);
    }
    let Some(own) = actor.doctor_id else { return Ok(relation) };
    if let Some(unchanged) = treatment(patient, own, items, now)? {
        relation.assigned = true;
        relation.prove(Basis::Assignment, Key::assignment(patient, own), unchanged);
    }
    for doctor in covered {
        if let Some(unchanged) = treatment(patient, doctor, items, now)? {
            relation.covering = true;
            relation.prove(Basis::Covering, Key::assignment(patient, doctor), unchanged);
            let version = items.get(&Key::covers(own)).and_then(|it| dynamo::number(it, "version"));
            let unchanged = is_version(version.unwrap_or_default());
            relation.prove(Basis::Covering, Key::covers(own), unchanged);
            break;
        }
    }
    Ok(relation)
}

fn is_restricted(patient: PatientId, items: &Items) -> bool {
    let record = items.get(&Key::record::<PatientDetails>(patient));
    record.and_then(|it| it.get(RESTRICTED)).is_some_and(|it| it.as_bool() == Ok(&true))
}

/// Returns the condition that a doctor still treats a patient, if the doctor does now.
fn treatment(
    patient: PatientId,
    doctor: DoctorId,
    items: &Items,
    now: Timestamp,
) -> Result<Option<Expression>, DynamoError> {
    let Some(row) = items.get(&Key::assignment(patient, doctor)) else { return Ok(None) };
    let episode: Episode = dynamo::parse(row.clone())?;
    Ok(episode.period.contains(now).then(|| {
        Expression::only("#id = :id AND version = :version")
            .text(":id", &episode.id)
            .number(":version", episode.version)
    }))
}

impl Relation {
    fn prove(&mut self, basis: Basis, key: Key, unchanged: Expression) {
        self.proofs.push(Proof { basis, key, unchanged });
    }
}
