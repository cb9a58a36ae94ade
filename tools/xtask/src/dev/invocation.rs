//! Invocations of functions without a route, through `cargo lambda watch`.

use std::time::Duration;

use ops::{Failure, Result, http};
use serde_json::Value;
use tokio::task::spawn_blocking;

/// The time for one invocation beside the function's own limit: `cargo lambda watch` may build it anew first. It never
/// answers an invocation whose process it has ended because the code changed.
pub const TIME_TO_BUILD: Duration = Duration::from_secs(2 * 60);

/// Invokes a function of the `cargo lambda watch` at this port, and returns its failure in one line.
pub async fn invoke(port: u16, function: &str, event: Vec<u8>, patience: Duration) -> Result {
    // As Lambda's own API does.
    let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/{function}/invocations");
    let invoked = move || -> Result {
        let request = http::agent_for(&url, patience).post(&url);
        let mut answer =
            request.header("content-type", "application/json").send(event.as_slice())?;
        match answer.status().as_u16() {
            200 => Ok(()),
            status => Err(failure(status, &answer.body_mut().read_to_string()?)),
        }
    };
    spawn_blocking(invoked).await?
}

/// Returns the error that the function reports in the body, or the status of `cargo lambda watch`.
fn failure(status: u16, body: &str) -> Failure {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    match body.get("errorMessage").and_then(Value::as_str) {
        Some(message) => message.split_whitespace().collect::<Vec<_>>().join(" ").into(),
        None => format!("cargo lambda watch answered {status}").into(),
    }
}
