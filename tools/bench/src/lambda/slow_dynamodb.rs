//! A proxy that answers each call after the time that DynamoDB takes in the cloud.

use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use ops::Result;
use shared::testing::wire::Message;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, spawn_blocking};

/// The time of a call. The emulator takes less, except for large answers.
const CALL_TIME: Duration = Duration::from_millis(5);

/// A running proxy. Dropping it ends it.
pub struct SlowDynamoDb {
    endpoint: String,
    server: JoinHandle<()>,
}

impl SlowDynamoDb {
    /// Starts one in front of the DynamoDB at this endpoint.
    pub async fn before(endpoint: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let own = format!("http://{}", listener.local_addr()?);
        let server = endpoint.trim_start_matches("http://").to_owned();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                // Ends with an error when the client closes the connection.
                tokio::spawn(async move { serve(stream, &server).await.ok() });
            }
        });
        Ok(Self { endpoint: own, server })
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for SlowDynamoDb {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Serves one connection, which the client reuses. Calls on other connections take their time at the same time.
async fn serve(stream: TcpStream, server: &str) -> Result {
    stream.set_nodelay(true)?;
    let mut client = BufReader::new(stream);
    loop {
        let request = Message::read(&mut client).await?;
        // tokio's own timer is precise to a millisecond only.
        let elapsed = spawn_blocking(|| thread::sleep(CALL_TIME));
        let mut answer = request.ask(server).await?;
        elapsed.await?;
        // The emulator closes its connection after the answer, as `ask` wants, but this one stays open.
        answer.head.retain(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        client.write_all(&answer.into_next()).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use shared::testing::World;
    use shared::testing::wire::store_at;

    use super::*;

    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "measures a span")]
    async fn each_call_takes_its_time() {
        let world = World::new().await;
        let dynamodb = SlowDynamoDb::before(&world.endpoint()).await.unwrap();
        let store = store_at(dynamodb.endpoint().to_owned());
        for _ in 0..3 {
            let started = Instant::now();
            store.ping().await.unwrap();
            assert!(started.elapsed() >= CALL_TIME);
        }
    }
}
