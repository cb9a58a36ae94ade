//! The settings of functions in tests: the template's defaults.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::auth::attempts::AttemptLimits;
use crate::auth::policy::PasswordPolicy;
use crate::model::session::SessionLimits;
use crate::records::RecordSettings;
use crate::store::{RowRule, WindowRule};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// One hour without use, one day in total.
pub const SESSION_LIMITS: SessionLimits = SessionLimits { idle: HOUR, lifetime: DAY };

/// Ten failures in a row; 300 tries per hour from an address; 50 tries per hour for a name; 60 logins per hour.
pub const ATTEMPT_LIMITS: AttemptLimits = AttemptLimits {
    row: RowRule {
        free: 10,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_mins(15),
    },
    address: WindowRule { tries: 300, span: HOUR },
    identifier: WindowRule { tries: 50, span: HOUR },
    logins: WindowRule { tries: 60, span: HOUR },
    known_for: DAY.saturating_mul(30),
    reset_mails: WindowRule { tries: 5, span: HOUR },
};

/// At least 8 characters, as under `cargo dev`.
pub const PASSWORD_POLICY: PasswordPolicy =
    PasswordPolicy::new(NonZeroUsize::MIN.saturating_add(7));

/// No country.
pub const RECORD_SETTINGS: RecordSettings = RecordSettings { phone_country: None };

/// A password that the policy accepts.
pub const PASSWORD: &str = "correct-horse-battery-staple";

/// Limits that no test or measurement reaches, because throttled requests would hide everything else. Throttles have
/// their own tests.
pub const NO_LIMITS: [(&str, &str); 5] = [
    ("TRIES_PER_ADDRESS_HOUR", "1000000"),
    ("TRIES_PER_IDENTIFIER_HOUR", "1000000"),
    ("TRIES_IN_A_ROW", "1000000"),
    ("LOGINS_PER_ACCOUNT_HOUR", "1000000"),
    ("RESET_MAILS_PER_HOUR", "1000000"),
];
