//! An HTTP client for the API, on this machine or deployed.

use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use ureq::Agent;

use crate::dynamodb::is_local;

/// Time for one answer; the first request to a function also starts it.
pub const TIMEOUT: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(250);

/// A client for this machine.
pub fn agent() -> Agent {
    agent_for("http://127.0.0.1/", TIMEOUT)
}

/// A client that returns a status of 400 or more like any other.
pub fn agent_for(url: &str, timeout: Duration) -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(timeout));
    // Whatever HTTP_PROXY says: it cannot reach this machine's 127.0.0.1.
    let config = if is_local(url) == Some(true) { config.proxy(None) } else { config };
    config.build().new_agent()
}

/// Waits until a URL answers 200. Each request may take this long.
pub async fn healthy(url: String, timeout: Duration) {
    let agent = agent_for(&url, timeout);
    loop {
        let (agent, url) = (agent.clone(), url.clone());
        let ask = move || agent.get(url).call().is_ok_and(|answer| answer.status() == 200);
        if spawn_blocking(ask).await.unwrap_or(false) {
            return;
        }
        sleep(POLL).await;
    }
}
