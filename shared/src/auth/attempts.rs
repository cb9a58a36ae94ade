//! The throttles of signing in: how many attempts are allowed, by name and by address. An attempt is reserved before
//! its costly work begins, so that many at once cannot slip past, and taken back when it succeeds.
//!
//! Attempts are counted by the submitted name, whether such an account exists or not.

use std::time::Duration;

use crate::config::{ConfigError, parsed, span};
use crate::error::ApiError;
use crate::log::note_failure;
use crate::model::address::SourceAddress;
use crate::model::email::Email;
use crate::model::id::UserId;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::store::{Reserved, RowRule, Store, StoreError, ThrottleKey, WindowRule};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The operator's limits.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// Failures in a row of one name from one address: `TRIES_IN_A_ROW`, `TRY_FIRST_WAIT_SECONDS`,
    /// `TRY_LONGEST_WAIT_SECONDS`.
    pub row: RowRule,
    /// Attempts of one address with any name: `TRIES_PER_ADDRESS_HOUR`. A clinic shares one address.
    pub address: WindowRule,
    /// Attempts of one name from all addresses that are not known for it: `TRIES_PER_IDENTIFIER_HOUR`.
    pub identifier: WindowRule,
    /// Successful logins of one account: `LOGINS_PER_ACCOUNT_HOUR`.
    pub logins: WindowRule,
    /// How long a success makes an address known: `KNOWN_ADDRESS_DAYS`.
    pub known_for: Duration,
    /// Mails to one address, whatever they are about: `RESET_MAILS_PER_HOUR`.
    pub reset_mails: WindowRule,
}

impl AttemptLimits {
    pub fn from_env() -> Result<Self, ConfigError> {
        let hourly = |name| Ok(WindowRule { tries: parsed(name)?, span: HOUR });
        let second = Duration::from_secs(1);
        Ok(Self {
            row: RowRule {
                free: parsed("TRIES_IN_A_ROW")?,
                first_wait: span("TRY_FIRST_WAIT_SECONDS", second)?,
                longest_wait: span("TRY_LONGEST_WAIT_SECONDS", second)?,
            },
            address: hourly("TRIES_PER_ADDRESS_HOUR")?,
            identifier: hourly("TRIES_PER_IDENTIFIER_HOUR")?,
            logins: hourly("LOGINS_PER_ACCOUNT_HOUR")?,
            known_for: span("KNOWN_ADDRESS_DAYS", DAY)?,
            reset_mails: hourly("RESET_MAILS_PER_HOUR")?,
        })
    }
}

/// A login attempt, as the throttles count it.
#[derive(Debug)]
pub struct LoginAttempt {
    limits: AttemptLimits,
    of_pair: ThrottleKey,
    of_address: ThrottleKey,
    /// `None` if the address is known for the name: a stranger's failures do not count against it.
    of_identifier: Option<ThrottleKey>,
    begun_at: Timestamp,
    /// The counter of the account's successful logins, and when this one was counted.
    of_account: Option<(ThrottleKey, Timestamp)>,
}

impl LoginAttempt {
    /// Reserves an attempt with the form of a name from an address, or returns a 429. Calls: UpdateItem three times; twice
    /// from an address that is known for the name.
    pub async fn reserve(
        store: &Store,
        now: Timestamp,
        limits: &AttemptLimits,
        identifier: &str,
        address: SourceAddress,
    ) -> Result<Self, ApiError> {
        let throttles = store.throttles();
        let attempt = Self {
            limits: *limits,
            of_pair: pair(identifier, address),
            of_address: at_login(address),
            of_identifier: None,
            begun_at: now,
            of_account: None,
        };
        let in_row = throttles.reserve_in_row(&attempt.of_pair, &limits.row, now).await?;
        let is_known = allowed(in_row)?;
        let at_address =
            throttles.reserve_in_window(&attempt.of_address, &limits.address, now).await?;
        if let Err(refused) = allowed(at_address) {
            taken_back(throttles.release_from_row(&attempt.of_pair).await);
            return Err(refused);
        }
        if is_known {
            return Ok(attempt);
        }
        let of_identifier = everywhere(identifier);
        let of_name = throttles.reserve_in_window(&of_identifier, &limits.identifier, now).await?;
        if let Err(refused) = allowed(of_name) {
            attempt.withdraw(store).await;
            return Err(refused);
        }
        Ok(Self { of_identifier: Some(of_identifier), ..attempt })
    }

    /// Counts a login with the right password, or returns a 429. Calls: UpdateItem, once in an attempt.
    pub async fn count_login(
        &mut self,
        store: &Store,
        now: Timestamp,
        id: UserId,
    ) -> Result<(), ApiError> {
        if self.of_account.is_none() {
            let key = ThrottleKey::new("login-account", &[&id.to_string()]);
            let rule = &self.limits.logins;
            allowed(store.throttles().reserve_in_window(&key, rule, now).await?)?;
            self.of_account = Some((key, now));
        }
        Ok(())
    }

    /// Takes the attempt back and remembers the address. Calls: UpdateItem three times at once; twice for a known
    /// address.
    pub async fn succeed(&self, store: &Store, now: Timestamp) {
        let throttles = store.throttles();
        let (row, windows) = tokio::join!(
            throttles.end_row(&self.of_pair, self.limits.known_for, now),
            self.release_windows(store),
        );
        taken_back(row.and(windows));
    }

    /// Takes the attempt back: it proved nothing. Calls: as for [`Self::succeed`]; one UpdateItem more if counted.
    pub async fn withdraw(&self, store: &Store) {
        let throttles = store.throttles();
        let release_account = async {
            match &self.of_account {
                Some((key, then)) => {
                    throttles.release_from_window(key, &self.limits.logins, *then).await
                }
                None => Ok(()),
            }
        };
        let (row, windows, account) = tokio::join!(
            throttles.release_from_row(&self.of_pair),
            self.release_windows(store),
            release_account,
        );
        taken_back(row.and(windows).and(account));
    }

    async fn release_windows(&self, store: &Store) -> Result<(), StoreError> {
        let (throttles, limits) = (store.throttles(), &self.limits);
        let release_identifier = async {
            match &self.of_identifier {
                Some(key) => {
                    throttles.release_from_window(key, &limits.identifier, self.begun_at).await
                }
                None => Ok(()),
            }
        };
        let (address, identifier) = tokio::join!(
            throttles.release_from_window(&self.of_address, &limits.address, self.begun_at),
            release_identifier,
        );
        address.and(identifier)
    }
}

/// Clears the throttles of an account whose owner has completed a reset: this address becomes known for its names, and
/// failures from other addresses are forgotten. Calls: UpdateItem twice and DeleteItem twice, at once.
pub async fn forgive(
    store: &Store,
    now: Timestamp,
    limits: &AttemptLimits,
    user: &User,
    address: SourceAddress,
) {
    let throttles = store.throttles();
    let forgive = async |name: String| {
        let (of_pair, of_name) = (pair(&name, address), everywhere(&name));
        let (row, window) = tokio::join!(
            throttles.end_row(&of_pair, limits.known_for, now),
            throttles.clear_window(&of_name, &limits.identifier, now),
        );
        row.and(window)
    };
    let (username, email) =
        tokio::join!(forgive(user.username.unique_form()), forgive(user.email.unique_form()));
    taken_back(username.and(email));
}

/// An attempt to change a password, which checks the current one. Failures in a row are counted by account; the change
/// itself ends the row.
#[derive(Debug)]
pub struct PasswordAttempt(ThrottleKey);

impl PasswordAttempt {
    /// Reserves an attempt, or returns a 429. Calls: UpdateItem.
    pub async fn reserve(
        store: &Store,
        now: Timestamp,
        limits: &AttemptLimits,
        id: UserId,
    ) -> Result<Self, ApiError> {
        let key = ThrottleKey::new("password", &[&id.to_string()]);
        allowed(store.throttles().reserve_in_row(&key, &limits.row, now).await?)?;
        Ok(Self(key))
    }

    pub fn key(&self) -> &ThrottleKey {
        &self.0
    }

    /// Takes the attempt back: it proved nothing. Calls: UpdateItem.
    pub async fn withdraw(&self, store: &Store) {
        taken_back(store.throttles().release_from_row(&self.0).await);
    }
}

/// Counts a registration from an address, successful or not. Calls: UpdateItem.
pub async fn registration(
    store: &Store,
    now: Timestamp,
    limits: &AttemptLimits,
    address: SourceAddress,
) -> Result<(), ApiError> {
    at_address(store, now, limits, "register-address", address).await
}

/// Counts a request for a reset, by address and by mail address. Calls: UpdateItem twice.
pub async fn reset_request(
    store: &Store,
    now: Timestamp,
    limits: &AttemptLimits,
    email: &Email,
    address: SourceAddress,
) -> Result<(), ApiError> {
    at_address(store, now, limits, "reset-address", address).await?;
    mail(store, now, limits, email).await
}

/// Counts a mail to an address that nobody may have verified: a reset, a verification or an invitation. Otherwise
/// strangers could have one of each sent again and again. Calls: UpdateItem.
pub async fn mail(
    store: &Store,
    now: Timestamp,
    limits: &AttemptLimits,
    email: &Email,
) -> Result<(), ApiError> {
    let key = ThrottleKey::new("mail", &[&email.unique_form()]);
    let reserved = store.throttles().reserve_in_window(&key, &limits.reset_mails, now).await?;
    allowed(reserved).map(drop)
}

/// Counts an attempt with a reset token, successful or not. Calls: UpdateItem.
pub async fn reset_confirmation(
    store: &Store,
    now: Timestamp,
    limits: &AttemptLimits,
    address: SourceAddress,
) -> Result<(), ApiError> {
    at_address(store, now, limits, "reset-confirm-address", address).await
}

/// Counts an attempt to accept an invitation, successful or not. Calls: UpdateItem.
pub async fn invitation_acceptance(
    store: &Store,
    now: Timestamp,
    limits: &AttemptLimits,
    address: SourceAddress,
) -> Result<(), ApiError> {
    at_address(store, now, limits, "invitation-address", address).await
}

/// Counts an attempt to verify an address, successful or not. Calls: UpdateItem.
pub async fn email_verification(
    store: &Store,
    now: Timestamp,
    limits: &AttemptLimits,
    address: SourceAddress,
) -> Result<(), ApiError> {
    at_address(store, now, limits, "verification-address", address).await
}

async fn at_address(
    store: &Store,
    now: Timestamp,
    limits: &AttemptLimits,
    kind: &'static str,
    address: SourceAddress,
) -> Result<(), ApiError> {
    let key = ThrottleKey::new(kind, &[&address.to_string()]);
    let reserved = store.throttles().reserve_in_window(&key, &limits.address, now).await?;
    allowed(reserved).map(drop)
}

fn pair(identifier: &str, address: SourceAddress) -> ThrottleKey {
    ThrottleKey::new("login", &[identifier, &address.to_string()])
}

fn at_login(address: SourceAddress) -> ThrottleKey {
    ThrottleKey::new("login-address", &[&address.to_string()])
}

fn everywhere(identifier: &str) -> ThrottleKey {
    ThrottleKey::new("login-identifier", &[identifier])
}

/// Logs that an attempt could not be taken back. It is then counted as a failure; the request does not fail.
pub(super) fn taken_back(outcome: Result<(), StoreError>) {
    note_failure("an attempt could not be taken back", outcome);
}

/// Returns whether there was a success before, or a 429 unless the attempt may begin.
pub(super) fn allowed(reserved: Reserved) -> Result<bool, ApiError> {
    match reserved {
        Reserved::Yes { has_succeeded } => Ok(has_succeeded),
        Reserved::Wait(wait) => {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            Err(ApiError::TooManyAttempts {
                retry_after: u32::try_from(seconds).unwrap_or(u32::MAX),
            })
        }
    }
}
