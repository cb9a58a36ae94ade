//! Random steps. They come from a deck with each kind of step, so that a short run has all kinds.

use fastrand::Rng;
use shared::model::assignment::CareRole;
use shared::model::proxy::ProxyScope;
use shared::model::user::Role;

use crate::model::{DAY, Model, Moment};

const MINUTE: Moment = 60 * 1000;

/// A change of what accounts may see. `None` is a field that the request does not name.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Assign {
        doctor: u64,
        patient: u64,
        role: Option<CareRole>,
        starts: Option<Moment>,
        ends: Option<Moment>,
    },
    /// Now if `at` is `None`.
    End {
        doctor: u64,
        patient: u64,
        at: Option<Moment>,
    },
    Transfer {
        patient: u64,
        from: u64,
        to: u64,
    },
    /// Moves all patients of a doctor.
    HandOver {
        from: u64,
        to: u64,
    },
    Cover {
        doctor: u64,
        covering: u64,
        starts: Option<Moment>,
        ends: Moment,
    },
    EndCover {
        doctor: u64,
    },
    /// Changes role and links; `Some(None)` removes a link.
    Account {
        account: usize,
        role: Option<Role>,
        doctor: Option<Option<u64>>,
        patient: Option<Option<u64>>,
    },
    AddProxy {
        patient: u64,
        account: usize,
        scope: ProxyScope,
        starts: Option<Moment>,
        ends: Option<Moment>,
    },
    RemoveProxy {
        patient: u64,
        account: usize,
    },
    Restrict {
        patient: u64,
        restricted: bool,
    },
    Rename {
        patient: u64,
        name: u32,
    },
    /// Moves the clock by so many milliseconds.
    Advance {
        by: Moment,
    },
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Assign,
    End,
    Transfer,
    HandOver,
    Cover,
    EndCover,
    Account,
    AddProxy,
    RemoveProxy,
    Restrict,
    Rename,
    Advance,
}

/// Each kind, with how often it is in the deck.
const DECK: [(Kind, usize); 12] = [
    (Kind::Assign, 5),
    (Kind::End, 2),
    (Kind::Transfer, 2),
    (Kind::HandOver, 1),
    (Kind::Cover, 2),
    (Kind::EndCover, 1),
    (Kind::Account, 3),
    (Kind::AddProxy, 2),
    (Kind::RemoveProxy, 1),
    (Kind::Restrict, 1),
    (Kind::Rename, 1),
    (Kind::Advance, 5),
];

/// The source of steps: the same seed makes the same steps.
pub struct Dealer {
    random: Rng,
    deck: Vec<Kind>,
}

impl Dealer {
    pub fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), deck: Vec::new() }
    }

    /// Returns the next step. Most steps can be done in the state of the model.
    pub fn next(&mut self, model: &Model) -> Step {
        if self.deck.is_empty() {
            let deck = DECK.into_iter();
            self.deck = deck.flat_map(|(kind, times)| vec![kind; times]).collect();
            self.random.shuffle(&mut self.deck);
        }
        let kind = self.deck.pop().unwrap();
        let (doctor, patient) = (self.doctor(), self.patient());
        match kind {
            Kind::Assign => {
                let (primary, consulting) = (Some(CareRole::Primary), Some(CareRole::Consulting));
                let role = self.random.choice([None, None, primary, primary, consulting]).unwrap();
                let (starts, ends) = self.bounds(model);
                Step::Assign { doctor, patient, role, starts, ends }
            }
            Kind::End => {
                let (doctor, patient) = self.assigned(model).unwrap_or((doctor, patient));
                let later = self.later(model, model.now);
                Step::End { doctor, patient, at: self.maybe(later) }
            }
            Kind::Transfer => {
                let (from, patient) = self.assigned(model).unwrap_or((doctor, patient));
                Step::Transfer { patient, from, to: self.other_doctor(from) }
            }
            Kind::HandOver => {
                let from = self.assigned(model).map_or(doctor, |(doctor, _)| doctor);
                Step::HandOver { from, to: self.other_doctor(from) }
            }
            Kind::Cover => {
                let covering = self.other_doctor(doctor);
                let (starts, _) = self.bounds(model);
                let ends = self.later(model, starts.unwrap_or(model.now));
                Step::Cover { doctor, covering, starts, ends }
            }
            Kind::EndCover => {
                let covered: Vec<u64> = model.covers.iter().map(|it| it.doctor).collect();
                Step::EndCover { doctor: self.random.choice(covered).unwrap_or(doctor) }
            }
            Kind::Account => self.account(model),
            Kind::AddProxy => {
                let account = self.random.usize(0..model.accounts.len());
                let scopes = [ProxyScope::All, ProxyScope::All, ProxyScope::Contact];
                let scope = self.random.choice(scopes).unwrap();
                let (starts, ends) = self.bounds(model);
                Step::AddProxy { patient, account, scope, starts, ends }
            }
            Kind::RemoveProxy => {
                let proxies: Vec<_> =
                    model.proxies.iter().map(|it| (it.patient, it.account)).collect();
                let (patient, account) = self.random.choice(proxies).unwrap_or((patient, 0));
                Step::RemoveProxy { patient, account }
            }
            Kind::Restrict => {
                Step::Restrict { patient, restricted: !model.restricted.contains(&patient) }
            }
            Kind::Rename => Step::Rename { patient, name: self.random.u32(0..1000) },
            Kind::Advance => {
                let by = self.random.i64(1..=3 * DAY / MINUTE) * MINUTE;
                // Often to the very moment at which a period begins or ends.
                let next = model.changes_ahead().first().map(|next| next - model.now);
                let next = next.filter(|_| self.random.u8(0..3) > 0);
                Step::Advance { by: next.unwrap_or(by) }
            }
        }
    }

    /// Changes another account than the first one, which stays an administrator.
    fn account(&mut self, model: &Model) -> Step {
        let account = self.random.usize(1..model.accounts.len());
        let (doctor, patient) = (self.doctor(), self.patient());
        let (doctor, patient) = (Some(self.maybe(doctor)), Some(self.maybe(patient)));
        let role = self.random.choice(Role::ALL);
        match self.random.u8(0..5) {
            0 => Step::Account { account, role: None, doctor, patient: None },
            1 => Step::Account { account, role: None, doctor: None, patient },
            2 => Step::Account { account, role, doctor, patient },
            _ => Step::Account { account, role, doctor: None, patient: None },
        }
    }

    fn doctor(&mut self) -> u64 {
        self.random.u64(1..=Model::DOCTORS)
    }

    fn patient(&mut self) -> u64 {
        self.random.u64(1..=Model::PATIENTS)
    }

    fn other_doctor(&mut self, than: u64) -> u64 {
        let doctor = self.random.u64(1..Model::DOCTORS);
        if doctor < than { doctor } else { doctor + 1 }
    }

    /// Returns a doctor and a patient of an assignment that is not over.
    fn assigned(&mut self, model: &Model) -> Option<(u64, u64)> {
        let episode = self.random.choice(model.open_episodes())?;
        Some((episode.doctor, episode.patient))
    }

    fn maybe<T>(&mut self, value: T) -> Option<T> {
        self.random.bool().then_some(value)
    }

    /// Returns the bounds of a new period.
    fn bounds(&mut self, model: &Model) -> (Option<Moment>, Option<Moment>) {
        let start = self.later(model, model.now);
        let starts = self.maybe(start);
        let end = self.later(model, starts.unwrap_or(model.now));
        (starts, self.maybe(end))
    }

    /// Returns a later moment: sometimes one at which another period begins or ends.
    fn later(&mut self, model: &Model, than: Moment) -> Moment {
        let known = model.changes_ahead().into_iter().filter(|moment| *moment > than);
        let known: Vec<Moment> = known.collect();
        let known = self.random.choice(known);
        let unit = self.random.choice([MINUTE, 60 * MINUTE, DAY]).unwrap();
        let new = than + self.random.i64(1..=10) * unit;
        known.filter(|_| self.random.u8(0..3) == 0).unwrap_or(new)
    }
}
