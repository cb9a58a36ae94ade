//! A process that is killed at one of its calls to DynamoDB.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shared::store::Store;
use shared::testing::World;
use shared::testing::wire::{Message, store_at};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The fate of the call at which the process is killed. No later call has an effect, unless the process is not
/// killed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Killed {
    /// It has no effect.
    Before,
    /// It has its effect, and its reply is lost.
    After,
    /// It has no effect, and the process goes on with the next one.
    Not,
}

/// Returns the store of a process that is killed at the call with this number, from 0. The process sees an error that
/// no attempt follows, so that it ends at once.
pub async fn store_killed_at(world: &World, call: usize, killed: Killed) -> Store {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(format!("http://{}", listener.local_addr().unwrap()));
    let server = world.endpoint().trim_start_matches("http://").to_owned();
    let calls = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(one_call(stream, server.clone(), calls.clone(), call, killed));
        }
    });
    store
}

async fn one_call(
    stream: TcpStream,
    server: String,
    calls: Arc<AtomicUsize>,
    last: usize,
    killed: Killed,
) {
    let mut client = BufReader::new(stream);
    let Ok(request) = Message::read(&mut client).await else { return };
    let number = calls.fetch_add(1, Ordering::Relaxed);
    let is_answered = number < last || (number > last && killed == Killed::Not);
    let has_effect = is_answered || (number == last && killed == Killed::After);
    let answer = if has_effect { request.ask(&server).await.ok() } else { None };
    let answer = answer.filter(|_| is_answered);
    let answer = answer.unwrap_or_else(|| Message::error(400, "ValidationException"));
    // The client may have closed the connection.
    let _ = client.write_all(&answer.into_last()).await;
}
