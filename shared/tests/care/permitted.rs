//! The patients and doctors that each account sees, by the table of roles and relations.

use shared::model::proxy::ProxyScope;
use shared::model::user::Role;

use crate::model::{Account, Episode, Model, Proxy};

/// A read.
#[derive(Debug, Clone, Copy)]
pub enum Question {
    /// Also of a patient who does not exist.
    Patient(u64),
    Patients,
    Doctor(u64),
    Doctors,
    PatientsOf(u64),
    /// Also of a patient who does not exist.
    DoctorsOf(u64),
    Assignments,
}

/// The outcome of a read.
#[derive(Debug, PartialEq, Eq)]
pub enum Shown {
    /// A record, with or without the attributes that not everybody sees.
    Record { whole: bool },
    /// In ascending order.
    Ids(Vec<u64>),
    /// Doctors and patients, in ascending order.
    Pairs(Vec<(u64, u64)>),
    /// The status and the code of a problem.
    Refused(u16, String),
}

type Refusal = (u16, &'static str);

const DENIED: Refusal = (403, "permission_denied");
const NOT_ASSIGNED: Refusal = (403, "not_assigned");
const RESTRICTED: Refusal = (403, "restricted");
const NOT_FOUND: Refusal = (404, "not_found");

impl Model {
    /// All reads.
    pub fn questions() -> Vec<Question> {
        // One more than exist.
        let (doctors, patients) = (1..=Self::DOCTORS, 1..=Self::PATIENTS + 1);
        let mut questions = vec![Question::Patients, Question::Doctors, Question::Assignments];
        questions.extend(doctors.flat_map(|id| [Question::Doctor(id), Question::PatientsOf(id)]));
        questions.extend(patients.flat_map(|id| [Question::Patient(id), Question::DoctorsOf(id)]));
        questions
    }

    /// Returns what an account sees.
    pub fn shown(&self, account: usize, question: Question) -> Shown {
        let (index, account) = (account, self.accounts[account]);
        let shown = match question {
            _ if account.role == Role::Pending => Err(DENIED),
            Question::Patient(id) => {
                self.sees(index, account, id).map(|whole| Shown::Record { whole })
            }
            Question::Patients => Ok(self.patients(index, account)),
            Question::Doctor(id) => self.doctor(account, id),
            Question::Doctors => Ok(self.doctors(account)),
            Question::PatientsOf(id) => self.patients_of(account, id),
            // An account that sees the patient sees the patient's doctors.
            Question::DoctorsOf(id) => {
                let sees = self.sees(index, account, id);
                sees.map(|_| ids(Self::DOCTORS, |doctor| self.treats(doctor, id)))
            }
            Question::Assignments => Ok(self.assignments(account)),
        };
        shown.unwrap_or_else(|(status, code)| Shown::Refused(status, code.to_owned()))
    }

    /// Whether an account sees all attributes of a patient, or the refusal.
    fn sees(&self, index: usize, account: Account, patient: u64) -> Result<bool, Refusal> {
        let (by_role, refusal) = match account.role {
            Role::Admin | Role::Staff if patient > Self::PATIENTS => return Err(NOT_FOUND),
            Role::Admin | Role::Staff => (!self.restricted.contains(&patient), RESTRICTED),
            Role::Doctor => (self.is_in_panels(account, patient), NOT_ASSIGNED),
            Role::Patient => (false, NOT_ASSIGNED),
            Role::Pending => return Err(DENIED),
        };
        if by_role || account.patient == Some(patient) {
            return Ok(true);
        }
        let scope = self.proxy(index, patient).ok_or(refusal)?;
        Ok(scope == ProxyScope::All)
    }

    fn patients(&self, index: usize, account: Account) -> Shown {
        ids(Self::PATIENTS, |id| match account.role {
            Role::Admin | Role::Staff => !self.restricted.contains(&id),
            Role::Doctor => self.is_in_panels(account, id),
            // A list shows the same attributes of all, so it leaves out patients of whom the account sees only some.
            Role::Patient => {
                account.patient == Some(id) || self.proxy(index, id) == Some(ProxyScope::All)
            }
            Role::Pending => false,
        })
    }

    fn doctor(&self, account: Account, id: u64) -> Result<Shown, Refusal> {
        match account.role {
            Role::Admin | Role::Staff | Role::Doctor => Ok(Shown::Record { whole: true }),
            Role::Patient if self.is_own_doctor(account, id) => Ok(Shown::Record { whole: false }),
            Role::Patient => Err(NOT_ASSIGNED),
            Role::Pending => Err(DENIED),
        }
    }

    fn doctors(&self, account: Account) -> Shown {
        let is_by_role = account.role != Role::Patient;
        ids(Self::DOCTORS, |id| is_by_role || self.is_own_doctor(account, id))
    }

    fn patients_of(&self, account: Account, doctor: u64) -> Result<Shown, Refusal> {
        let is_by_role = match account.role {
            Role::Admin | Role::Staff => true,
            Role::Doctor if self.panels(account).contains(&doctor) => false,
            Role::Doctor | Role::Patient => return Err(NOT_ASSIGNED),
            Role::Pending => return Err(DENIED),
        };
        let is_hidden = |patient: u64| is_by_role && self.restricted.contains(&patient);
        Ok(ids(Self::PATIENTS, |patient| self.treats(doctor, patient) && !is_hidden(patient)))
    }

    fn assignments(&self, account: Account) -> Shown {
        let is_shown = |episode: &Episode| match account.role {
            Role::Admin => true,
            Role::Staff => !self.restricted.contains(&episode.patient),
            Role::Doctor => account.doctor == Some(episode.doctor),
            Role::Patient => account.patient == Some(episode.patient),
            Role::Pending => false,
        };
        let current = self.episodes.iter().filter(|it| it.period.contains(self.now));
        let shown = current.filter(|it| is_shown(it));
        let mut pairs: Vec<_> = shown.map(|it| (it.doctor, it.patient)).collect();
        pairs.sort_unstable();
        Shown::Pairs(pairs)
    }

    fn treats(&self, doctor: u64, patient: u64) -> bool {
        let is_of = |it: &Episode| it.doctor == doctor && it.patient == patient;
        self.episodes.iter().any(|it| is_of(it) && it.period.contains(self.now))
    }

    fn is_own_doctor(&self, account: Account, doctor: u64) -> bool {
        account.patient.is_some_and(|own| self.treats(doctor, own))
    }

    /// Returns the account's doctor and those whom that doctor covers now.
    fn panels(&self, account: Account) -> Vec<u64> {
        let Some(own) = account.doctor else { return Vec::new() };
        let covers = self.covers.iter();
        let covers = covers.filter(|it| it.covering == own && it.period.contains(self.now));
        covers.map(|it| it.doctor).chain([own]).collect()
    }

    fn is_in_panels(&self, account: Account, patient: u64) -> bool {
        self.panels(account).into_iter().any(|doctor| self.treats(doctor, patient))
    }

    /// Returns what the account sees of a patient for whom it acts now.
    fn proxy(&self, account: usize, patient: u64) -> Option<ProxyScope> {
        let is_of = |it: &Proxy| it.patient == patient && it.account == account;
        let mut current = self.proxies.iter().filter(|it| it.period.contains(self.now));
        current.find(|it| is_of(it)).map(|it| it.scope)
    }
}

fn ids(last: u64, is_shown: impl Fn(u64) -> bool) -> Shown {
    Shown::Ids((1..=last).filter(|id| is_shown(*id)).collect())
}
