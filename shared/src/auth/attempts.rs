//! Throttles: how often one may try, by whom and from where. A try is reserved before its costly work
//! begins, so that many at once cannot slip past, and given back when it succeeds.
//!
//! What is counted is what was submitted, whether there is such an account or not.

use std::time::Duration;

use crate::app::App;
use crate::config::{ConfigError, parsed, span};
use crate::error::ApiError;
use crate::log::note_failure;
use crate::model::address::SourceAddress;
use crate::model::email::Email;
use crate::model::id::UserId;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::table::{Reserved, RowRule, TableError, Tried, WindowRule};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The operator's limits.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// Failures in a row, of one name from one address: `TRIES_IN_A_ROW`, `TRY_FIRST_WAIT_SECONDS`,
    /// `TRY_LONGEST_WAIT_SECONDS`.
    pub row: RowRule,
    /// Of one address, whatever the name: `TRIES_PER_ADDRESS_HOUR`. A clinic shares one.
    pub address: WindowRule,
    /// Of one name from all addresses that are not known for it: `TRIES_PER_IDENTIFIER_HOUR`.
    pub identifier: WindowRule,
    /// How long a success makes an address known: `KNOWN_ADDRESS_DAYS`.
    pub known_for: Duration,
    /// Mails to one address: `RESET_MAILS_PER_HOUR`.
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
            known_for: span("KNOWN_ADDRESS_DAYS", DAY)?,
            reset_mails: hourly("RESET_MAILS_PER_HOUR")?,
        })
    }
}

/// A login's tries.
#[derive(Debug)]
pub struct LoginAttempt {
    limits: AttemptLimits,
    of_pair: Tried,
    of_address: Tried,
    /// `None` where the address is known for the name: a stranger's failures do not count against it.
    of_identifier: Option<Tried>,
    begun_at: Timestamp,
}

impl LoginAttempt {
    /// Reserves a try of a folded name from an address, or answers 429.
    /// Calls: Update ×3; ×2 from an address that is known for the name.
    pub async fn reserve(
        app: &App,
        limits: &AttemptLimits,
        identifier: &str,
        address: SourceAddress,
    ) -> Result<Self, ApiError> {
        let (table, now) = (app.table(), app.now());
        let attempt = Self {
            limits: *limits,
            of_pair: pair(identifier, address),
            of_address: at_login(address),
            of_identifier: None,
            begun_at: now,
        };
        let in_row = table.reserve_in_row(&attempt.of_pair, &limits.row, now).await?;
        let is_known = allowed(in_row)?;
        let at_address = table.reserve_in_window(&attempt.of_address, &limits.address, now).await?;
        if let Err(refused) = allowed(at_address) {
            given_back(table.release_from_row(&attempt.of_pair).await);
            return Err(refused);
        }
        if is_known {
            return Ok(attempt);
        }
        let of_identifier = everywhere(identifier);
        let of_name = table.reserve_in_window(&of_identifier, &limits.identifier, now).await?;
        if let Err(refused) = allowed(of_name) {
            attempt.withdraw(app).await;
            return Err(refused);
        }
        Ok(Self { of_identifier: Some(of_identifier), ..attempt })
    }

    /// Gives the try back and remembers the address. Calls: Update ×3; ×2 where it was known.
    pub async fn succeed(&self, app: &App) {
        let (row, windows) = tokio::join!(
            app.table().end_row(&self.of_pair, self.limits.known_for, app.now()),
            self.release_windows(app),
        );
        given_back(row.and(windows));
    }

    /// Gives the try back: nobody has learnt anything from it. Calls: as for [`Self::succeed`].
    pub async fn withdraw(&self, app: &App) {
        let release_row = app.table().release_from_row(&self.of_pair);
        let (row, windows) = tokio::join!(release_row, self.release_windows(app));
        given_back(row.and(windows));
    }

    async fn release_windows(&self, app: &App) -> Result<(), TableError> {
        let (table, limits) = (app.table(), &self.limits);
        let release_identifier = async {
            match &self.of_identifier {
                Some(tried) => {
                    table.release_from_window(tried, &limits.identifier, self.begun_at).await
                }
                None => Ok(()),
            }
        };
        let (address, identifier) = tokio::join!(
            table.release_from_window(&self.of_address, &limits.address, self.begun_at),
            release_identifier,
        );
        address.and(identifier)
    }
}

/// After the owner has proved who they are by a reset: lets every name of the account in from this
/// address, and from others as if nobody had tried. Calls: Update ×2, Delete ×2, at once.
pub async fn forgive(app: &App, limits: &AttemptLimits, user: &User, address: SourceAddress) {
    let (table, now) = (app.table(), app.now());
    let forgive = async |name: String| {
        let (of_pair, of_name) = (pair(&name, address), everywhere(&name));
        let (row, window) = tokio::join!(
            table.end_row(&of_pair, limits.known_for, now),
            table.clear_window(&of_name, &limits.identifier, now),
        );
        row.and(window)
    };
    let (username, email) =
        tokio::join!(forgive(user.username.folded()), forgive(user.email.folded()));
    given_back(username.and(email));
}

/// A change of password tries the current one: in a row, by account. The change itself ends the row.
#[derive(Debug)]
pub struct PasswordAttempt(Tried);

impl PasswordAttempt {
    /// Calls: Update.
    pub async fn reserve(app: &App, limits: &AttemptLimits, id: UserId) -> Result<Self, ApiError> {
        let tried = Tried::new("password", &[&id.to_string()]);
        allowed(app.table().reserve_in_row(&tried, &limits.row, app.now()).await?)?;
        Ok(Self(tried))
    }

    pub fn tried(&self) -> &Tried {
        &self.0
    }

    /// Gives the try back: nobody has learnt anything from it. Calls: Update.
    pub async fn withdraw(&self, app: &App) {
        given_back(app.table().release_from_row(&self.0).await);
    }
}

/// Counts a registration from an address, successful or not. Calls: Update.
pub async fn registration(
    app: &App,
    limits: &AttemptLimits,
    address: SourceAddress,
) -> Result<(), ApiError> {
    at_address(app, limits, "register-address", address).await
}

/// Counts a request for a reset, by address and by mail. Calls: Update ×2.
pub async fn reset_request(
    app: &App,
    limits: &AttemptLimits,
    email: &Email,
    address: SourceAddress,
) -> Result<(), ApiError> {
    at_address(app, limits, "reset-address", address).await?;
    let tried = Tried::new("reset-mail", &[&email.folded()]);
    let reserved = app.table().reserve_in_window(&tried, &limits.reset_mails, app.now()).await?;
    allowed(reserved).map(drop)
}

/// Counts a try of a reset's token, successful or not. Calls: Update.
pub async fn reset_confirmation(
    app: &App,
    limits: &AttemptLimits,
    address: SourceAddress,
) -> Result<(), ApiError> {
    at_address(app, limits, "reset-confirm-address", address).await
}

async fn at_address(
    app: &App,
    limits: &AttemptLimits,
    kind: &'static str,
    address: SourceAddress,
) -> Result<(), ApiError> {
    let tried = Tried::new(kind, &[&address.to_string()]);
    let reserved = app.table().reserve_in_window(&tried, &limits.address, app.now()).await?;
    allowed(reserved).map(drop)
}

fn pair(identifier: &str, address: SourceAddress) -> Tried {
    Tried::new("login", &[identifier, &address.to_string()])
}

fn at_login(address: SourceAddress) -> Tried {
    Tried::new("login-address", &[&address.to_string()])
}

fn everywhere(identifier: &str) -> Tried {
    Tried::new("login-identifier", &[identifier])
}

/// A try that could not be given back counts as one that failed: no reason for the request to fail.
fn given_back(outcome: Result<(), TableError>) {
    note_failure("a try could not be given back", outcome);
}

/// 429 unless the try may begin; whether there was a success before.
fn allowed(reserved: Reserved) -> Result<bool, ApiError> {
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
