//! An HTTP client for the API, on this machine or deployed.

use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use ureq::Agent;

use crate::dynamodb::is_local;

/// The time for one answer, including the start of the function.
pub const TIMEOUT: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(250);

/// Returns a client for this machine.
pub fn agent() -> Agent {
    agent_for("http://127.0.0.1/", TIMEOUT)
}

/// Returns a client that does not treat a status of 400 or more as an error.
pub fn agent_for(url: &str, timeout: Duration) -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(timeout));
    // Despite HTTP_PROXY: a proxy cannot reach this machine's 127.0.0.1.
    let config = if is_local(url) == Some(true) { config.proxy(None) } else { config };
    config.build().new_agent()
}

/// Waits until a URL answers 200. `timeout` is for each request.
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
