//! The reference: assignments, covers, proxies and accounts as plain data, and how steps change them. It keeps everything
//! and compares periods with the time, so it has no rows that could disagree. `permitted` says what accounts see.

use std::collections::BTreeSet;

use shared::model::assignment::CareRole;
use shared::model::proxy::ProxyScope;
use shared::model::user::Role;

use crate::steps::Step;

/// Milliseconds since 1970.
pub type Moment = i64;

pub const DAY: Moment = 24 * 60 * 60 * 1000;

/// Half-open: it contains its start, and not its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub starts: Moment,
    pub ends: Option<Moment>,
}

#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub role: Role,
    pub doctor: Option<u64>,
    pub patient: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
pub struct Episode {
    pub doctor: u64,
    pub patient: u64,
    pub role: CareRole,
    pub period: Period,
}

#[derive(Debug, Clone, Copy)]
pub struct Cover {
    pub doctor: u64,
    pub covering: u64,
    pub period: Period,
}

#[derive(Debug, Clone, Copy)]
pub struct Proxy {
    pub patient: u64,
    pub account: usize,
    pub scope: ProxyScope,
    pub period: Period,
}

/// How a step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Also if nothing had to change.
    Done,
    Missing,
    Invalid,
    /// A conflict without a code of its own.
    Conflict,
    Refused(&'static str),
}

pub struct Model {
    pub now: Moment,
    pub accounts: Vec<Account>,
    /// At most one of a doctor and a patient is not over.
    pub episodes: Vec<Episode>,
    /// At most one of a doctor.
    pub covers: Vec<Cover>,
    /// At most one of a patient and an account.
    pub proxies: Vec<Proxy>,
    pub restricted: BTreeSet<u64>,
}

impl Period {
    pub fn contains(self, moment: Moment) -> bool {
        self.starts <= moment && !self.is_over(moment)
    }

    pub fn is_over(self, now: Moment) -> bool {
        self.ends.is_some_and(|end| end <= now)
    }

    fn overlaps(self, other: Self) -> bool {
        let end = |period: Self| period.ends.unwrap_or(Moment::MAX);
        self.starts < end(other) && other.starts < end(self)
    }

    /// Returns the period that contains both; `None` if there is time between them.
    fn joined(self, other: Self) -> Option<Self> {
        let end = |period: Self| period.ends.unwrap_or(Moment::MAX);
        let ends = self.ends.zip(other.ends).map(|(one, other)| one.max(other));
        let both = Self { starts: self.starts.min(other.starts), ends };
        (self.starts <= end(other) && other.starts <= end(self)).then_some(both)
    }
}

impl Model {
    pub const DOCTORS: u64 = 3;
    pub const PATIENTS: u64 = 4;

    /// Three doctors and four patients, and no relation but those of accounts to themselves.
    pub fn new(now: Moment) -> Self {
        let account = |role, doctor, patient| Account { role, doctor, patient };
        let accounts = vec![
            account(Role::Admin, None, None),
            account(Role::Staff, None, None),
            account(Role::Doctor, Some(1), None),
            account(Role::Doctor, Some(2), None),
            account(Role::Doctor, Some(3), None),
            account(Role::Patient, None, Some(1)),
            account(Role::Patient, None, None),
            account(Role::Pending, None, None),
            account(Role::Staff, None, Some(2)),
        ];
        Self {
            now,
            accounts,
            episodes: Vec::new(),
            covers: Vec::new(),
            proxies: Vec::new(),
            restricted: BTreeSet::new(),
        }
    }

    /// Returns the moments after now at which a period begins or ends.
    pub fn changes_ahead(&self) -> BTreeSet<Moment> {
        let periods = self.episodes.iter().map(|it| it.period);
        let periods = periods.chain(self.covers.iter().map(|it| it.period));
        let periods = periods.chain(self.proxies.iter().map(|it| it.period));
        let moments = periods.flat_map(|it| [Some(it.starts), it.ends]).flatten();
        moments.filter(|moment| *moment > self.now).collect()
    }

    /// Returns the episodes that are not over.
    pub fn open_episodes(&self) -> Vec<Episode> {
        let episodes = self.episodes.iter().copied();
        episodes.filter(|episode| !episode.period.is_over(self.now)).collect()
    }

    pub fn apply(&mut self, step: &Step) -> Outcome {
        let now = self.now;
        match *step {
            Step::Assign { doctor, patient, role, starts, ends } => {
                let Some(has) = self.open(doctor, patient) else {
                    let period = Period { starts: starts.unwrap_or(now), ends };
                    let role = role.unwrap_or_default();
                    return self.put(None, Episode { doctor, patient, role, period });
                };
                let Episode { role: current, period, .. } = self.episodes[has];
                let is_met = role.is_none_or(|role| role == current)
                    && starts.is_none_or(|start| start == period.starts)
                    && (ends.is_none() || ends == period.ends);
                if is_met { Outcome::Done } else { Outcome::Refused("period_overlaps") }
            }
            Step::End { doctor, patient, at } => {
                let Some(has) = self.open(doctor, patient) else { return Outcome::Missing };
                let Some(end) = at else {
                    self.end(has);
                    return Outcome::Done;
                };
                let mut next = self.episodes[has];
                if end <= next.period.starts {
                    return Outcome::Invalid;
                }
                next.period.ends = Some(end);
                self.put(Some(has), next)
            }
            Step::Transfer { patient, from, to } => self.move_patient(patient, from, to, false),
            Step::HandOver { from, to } => {
                for patient in 1..=Self::PATIENTS {
                    // A patient who cannot be moved stays.
                    self.move_patient(patient, from, to, true);
                }
                Outcome::Done
            }
            Step::Cover { doctor, covering, starts, ends } => {
                let starts = starts.unwrap_or(now);
                if ends - starts > 90 * DAY {
                    return Outcome::Invalid;
                }
                self.covers.retain(|cover| cover.doctor != doctor);
                let period = Period { starts, ends: Some(ends) };
                self.covers.push(Cover { doctor, covering, period });
                Outcome::Done
            }
            Step::EndCover { doctor } => {
                let current = self.covers.iter().position(|it| it.doctor == doctor);
                match current.map(|index| self.covers.remove(index)) {
                    Some(cover) if !cover.period.is_over(now) => Outcome::Done,
                    _ => Outcome::Missing,
                }
            }
            Step::Account { account, role, doctor, patient } => {
                let current = self.accounts[account];
                let next = Account {
                    role: role.unwrap_or(current.role),
                    doctor: doctor.unwrap_or(current.doctor),
                    patient: patient.unwrap_or(current.patient),
                };
                self.change_account(account, next)
            }
            Step::AddProxy { patient, account, scope, starts, ends } => {
                let period = Period { starts: starts.unwrap_or(now), ends };
                self.add_proxy(Proxy { patient, account, scope, period }, starts)
            }
            Step::RemoveProxy { patient, account } => {
                let before = self.proxies.len();
                self.proxies.retain(|it| it.patient != patient || it.account != account);
                if self.proxies.len() < before { Outcome::Done } else { Outcome::Missing }
            }
            Step::Restrict { patient, restricted } => {
                if restricted {
                    self.restricted.insert(patient);
                } else {
                    self.restricted.remove(&patient);
                }
                Outcome::Done
            }
            Step::Rename { .. } => Outcome::Done,
            Step::Advance { by } => {
                self.now += by;
                Outcome::Done
            }
        }
    }

    /// Returns the index of the episode that is not over.
    fn open(&self, doctor: u64, patient: u64) -> Option<usize> {
        let is_of = |it: &Episode| it.doctor == doctor && it.patient == patient;
        self.episodes.iter().position(|it| is_of(it) && !it.period.is_over(self.now))
    }

    fn end(&mut self, index: usize) {
        let Period { starts, .. } = self.episodes[index].period;
        self.episodes[index].period = Period { starts: starts.min(self.now), ends: Some(self.now) };
    }

    /// Puts an episode in place of another one, unless it would be the second primary one at a time.
    fn put(&mut self, replaced: Option<usize>, next: Episode) -> Outcome {
        let is_taken = self.episodes.iter().enumerate().any(|(index, other)| {
            Some(index) != replaced
                && other.patient == next.patient
                && other.role == CareRole::Primary
                && !other.period.is_over(self.now)
                && other.period.overlaps(next.period)
        });
        if next.role == CareRole::Primary && is_taken {
            return Outcome::Refused("primary_taken");
        }
        match replaced {
            Some(index) => self.episodes[index] = next,
            None => self.episodes.push(next),
        }
        Outcome::Done
    }

    /// Moves a patient. A time that the new doctor has the patient, and that is shorter than the old one's, is extended
    /// if no time is between them, or the move is refused.
    fn move_patient(&mut self, patient: u64, from: u64, to: u64, extends: bool) -> Outcome {
        let Some(old) = self.open(from, patient) else { return Outcome::Missing };
        let before = self.episodes.clone();
        let Episode { role, period, .. } = self.episodes[old];
        let rest = Period { starts: period.starts.max(self.now), ..period };
        self.end(old);
        let outcome = match self.open(to, patient) {
            None => self.put(None, Episode { doctor: to, patient, role, period: rest }),
            Some(has) => {
                let current = self.episodes[has];
                let role = if role == CareRole::Primary { role } else { current.role };
                match current.period.joined(rest) {
                    Some(period) if extends || period == current.period => {
                        self.put(Some(has), Episode { role, period, ..current })
                    }
                    _ => Outcome::Refused("period_overlaps"),
                }
            }
        };
        if outcome != Outcome::Done {
            self.episodes = before;
        }
        outcome
    }

    fn change_account(&mut self, account: usize, next: Account) -> Outcome {
        if next.role == Role::Doctor && next.doctor.is_none() {
            return Outcome::Invalid;
        }
        let is_taken = self.accounts.iter().enumerate().any(|(index, other)| {
            let has_doctor = next.doctor.is_some() && other.doctor == next.doctor;
            let has_patient = next.patient.is_some() && other.patient == next.patient;
            index != account && (has_doctor || has_patient)
        });
        if is_taken {
            return Outcome::Refused("already_linked");
        }
        self.accounts[account] = next;
        Outcome::Done
    }

    /// `starts` is the start that the request names.
    fn add_proxy(&mut self, next: Proxy, starts: Option<Moment>) -> Outcome {
        let now = self.now;
        let existing = self.proxies.iter().copied().find(|it| {
            it.patient == next.patient && it.account == next.account && !it.period.is_over(now)
        });
        if let Some(Proxy { scope, period, .. }) = existing {
            let is_met = scope == next.scope
                && starts.is_none_or(|start| start == period.starts)
                && next.period.ends == period.ends;
            return if is_met { Outcome::Done } else { Outcome::Conflict };
        }
        // An addition to the patient or the account removes those that are over. Until then they can be removed by their
        // ids.
        self.proxies.retain(|it| {
            !it.period.is_over(now) || (it.patient != next.patient && it.account != next.account)
        });
        self.proxies.push(next);
        Outcome::Done
    }
}
