//! Runs the functions' binaries with a Runtime API, as Lambda does.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use repo::cargo;
use repo::template::Template;
use serde_json::Value;
use shared::model::user::Role;
use shared::testing::function::{Function, environment};
use shared::testing::wire::Message;
use shared::testing::{Event, World, emulator, run};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The number of concurrent invocations.
const AT_ONCE: u32 = 8;

/// On Lambda Managed Instances, a process handles many invocations at once. In this test, DynamoDB returns no patient
/// until all invocations have asked for theirs.
#[test]
fn concurrent_invocations_of_one_process_do_not_block_each_other() {
    const NAME: &str = "patients-get";
    // As `cargo dev` builds it.
    let executable = cargo::build(&[], NAME).unwrap();
    run(async |world: World| {
        world.catch_up();
        let staff = world.actor(Role::Staff).await;
        let dynamodb = emulator::settings(blocking_proxy(&world.endpoint()).await);
        let mut environment = environment(&Template::load().unwrap(), NAME, &dynamodb);
        environment.insert("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), AT_ONCE.to_string());
        let mut command = Command::new(executable);
        command.stdout(Stdio::null());
        let mut function = Function::start(command, NAME, &environment).await.unwrap();

        let mut ids = BTreeSet::new();
        for n in 0..AT_ONCE {
            let id = world.patient(n).await.id;
            ids.insert(id.to_string());
            let event = Event::of(NAME).by(&staff).path_parameter("id", id);
            function.api.send(&event.into_json());
        }
        for _ in 0..AT_ONCE {
            let reply = function.api.answered().await.unwrap().body;
            assert_eq!(reply["statusCode"], 200, "{reply}");
            let patient: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
            assert!(ids.remove(&patient["id"].to_string()), "{patient}");
        }
    });
}

/// Starts a proxy to DynamoDB that holds every read of a patient until all have arrived. Returns its endpoint.
async fn blocking_proxy(endpoint: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let server = endpoint.trim_start_matches("http://").to_owned();
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    let all = watch::Sender::new(false);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(forward(stream, server.clone(), asked.clone(), all.clone()));
        }
    });
    proxy
}

async fn forward(
    stream: TcpStream,
    server: String,
    asked: Arc<Mutex<BTreeSet<String>>>,
    all: watch::Sender<bool>,
) {
    let mut client = BufReader::new(stream);
    let Ok(request) = Message::read(&mut client).await else { return };
    if request.operation() == Some("BatchGetItem") {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        // A set counts a repeated call only once.
        let count = {
            let mut asked = asked.lock().unwrap();
            asked.insert(body["RequestItems"].to_string());
            asked.len()
        };
        if count == AT_ONCE as usize {
            all.send_replace(true);
        }
        all.subscribe().wait_for(|all| *all).await.unwrap();
    }
    let answer = request.ask(&server).await.unwrap();
    // The function may have closed the connection.
    let _ = client.write_all(&answer.into_last()).await;
}
