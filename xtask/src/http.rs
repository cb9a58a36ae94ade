//! An HTTP client for the API on this machine.

use std::time::Duration;

use ureq::Agent;

/// Time for one answer; the first request to a function also starts it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client to whom a status of 400 or more is an answer like any other.
pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // Whatever HTTP_PROXY says: it cannot reach this machine's 127.0.0.1.
        .proxy(None)
        .timeout_global(Some(TIMEOUT))
        .build()
        .new_agent()
}
