//! Functions as Lambda runs them: their own binaries, given events by a Runtime API.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use repo::cargo;
use repo::template::{Template, repository};
use serde_json::Value;
use shared::model::user::Role;
use shared::testing::function::{Function, environment};
use shared::testing::wire::Message;
use shared::testing::{Event, World, emulator, run};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Invocations that a function gets at the same time.
const AT_ONCE: u32 = 8;

/// On Lambda Managed Instances a process has many invocations at once. Here no patient is read before all
/// of them have been asked for.
#[test]
fn invocations_of_one_process_do_not_wait_for_one_another() {
    const NAME: &str = "patients-get";
    let executable = built(NAME);
    run(async |world: World| {
        world.catch_up();
        let staff = world.actor(Role::Staff).await;
        let dynamodb = emulator::settings(held(&world.endpoint()).await);
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

/// The function's binary, as `cargo dev` has it.
fn built(name: &str) -> PathBuf {
    let mut build = cargo::cargo();
    build.args(["build", "--bin", name, cargo::MESSAGES]).current_dir(repository());
    let output = build.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{name} does not build; cargo's own words stand above");
    let executables = cargo::executables(&String::from_utf8(output.stdout).unwrap());
    executables[name].clone()
}

/// A proxy to a DynamoDB that reads no patient until all are asked for; gives its endpoint.
async fn held(endpoint: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let server = endpoint.trim_start_matches("http://").to_owned();
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    let all = watch::Sender::new(false);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(one_call(stream, server.clone(), asked.clone(), all.clone()));
        }
    });
    proxy
}

async fn one_call(
    stream: TcpStream,
    server: String,
    asked: Arc<Mutex<BTreeSet<String>>>,
    all: watch::Sender<bool>,
) {
    let mut client = BufReader::new(stream);
    let Ok(request) = Message::read(&mut client).await else { return };
    if request.operation() == Some("GetItem") {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        // A set, so that a call that is tried again counts once.
        let count = {
            let mut asked = asked.lock().unwrap();
            asked.insert(body["Key"].to_string());
            asked.len()
        };
        if count == AT_ONCE as usize {
            all.send_replace(true);
        }
        all.subscribe().wait_for(|all| *all).await.unwrap();
    }
    let answer = request.ask(&server).await.unwrap();
    // Whoever asked may have given up.
    let _ = client.write_all(&answer.into_last()).await;
}
