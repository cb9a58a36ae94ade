//! What the emulator never does: conflicts, lost replies, keys left unprocessed. A scripted DynamoDB
//! does them here.

use std::sync::{Arc, Mutex};

use shared::model::id::{DoctorId, Id, PatientId, UserId};
use shared::table::{Removed, Table};
use shared::testing::wire::{Message, table_at};
use shared::testing::{Value, World, json, run};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// What the server does with a request.
enum Step {
    Answer(u16, Value),
    /// It is done, and nobody learns of it.
    LoseReply,
}

/// The bodies of the requests that came.
type Seen = Arc<Mutex<Vec<Value>>>;

/// A table whose DynamoDB goes through these steps, one for each request.
async fn scripted(steps: Vec<Step>) -> (Table, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let bodies = seen.clone();
    tokio::spawn(async move {
        for step in steps {
            // One connection for each, which the answer closes.
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let request = Message::read(&mut stream).await.unwrap();
            bodies.lock().unwrap().push(serde_json::from_slice(&request.body).unwrap());
            if let Step::Answer(status, body) = step {
                let answer = Message::answer(status, &body);
                stream.write_all(&answer.into_last()).await.unwrap();
            }
        }
    });
    (table_at(endpoint), seen)
}

fn cancelled(codes: [&str; 2]) -> Step {
    let reasons = codes.map(|code| json!({"Code": code}));
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    Step::Answer(400, json!({"__type": kind, "Message": "", "CancellationReasons": reasons}))
}

fn done() -> Step {
    Step::Answer(200, json!({}))
}

async fn remove(table: &Table) -> Removed {
    table.remove(DoctorId::new(1).unwrap(), PatientId::new(1).unwrap()).await.unwrap()
}

/// The tokens of all requests that came.
fn tokens(seen: &Seen) -> Vec<Value> {
    seen.lock().unwrap().iter().map(|body| body["ClientRequestToken"].clone()).collect()
}

#[test]
fn a_conflict_is_retried_under_the_same_token() {
    run(async |_: World| {
        let conflicts = || cancelled(["None", "TransactionConflict"]);
        let (table, seen) = scripted(vec![conflicts(), conflicts(), done()]).await;
        assert_eq!(remove(&table).await, Removed::Done);
        let tokens = tokens(&seen);
        assert_eq!(tokens.len(), 3);
        assert!(tokens[0].is_string() && tokens.iter().all(|token| *token == tokens[0]));
    });
}

#[test]
fn a_lost_reply_is_asked_for_again_under_the_same_token() {
    run(async |_: World| {
        let (table, seen) = scripted(vec![Step::LoseReply, done()]).await;
        assert_eq!(remove(&table).await, Removed::Done);
        let tokens = tokens(&seen);
        assert_eq!(tokens.len(), 2);
        assert_eq!(tokens[0], tokens[1]);
    });
}

#[test]
fn a_refusal_is_final_even_beside_a_conflict() {
    run(async |_: World| {
        let refused = cancelled(["ConditionalCheckFailed", "TransactionConflict"]);
        let (table, seen) = scripted(vec![refused]).await;
        assert_eq!(remove(&table).await, Removed::NotAssigned);
        assert_eq!(seen.lock().unwrap().len(), 1);
    });
}

#[test]
fn many_conflicts_in_a_row_do_not_use_up_the_retries() {
    run(async |_: World| {
        let mut steps = Vec::new();
        for _ in 0..30 {
            steps.extend([cancelled(["TransactionConflict", "None"]), done()]);
        }
        let (table, seen) = scripted(steps).await;
        for _ in 0..30 {
            assert_eq!(remove(&table).await, Removed::Done);
        }
        assert_eq!(seen.lock().unwrap().len(), 60);
    });
}

#[test]
fn unprocessed_keys_are_asked_for_again() {
    run(async |world: World| {
        let staff = world.actor(shared::model::user::Role::Staff).await;
        let keys = json!([{"pk": {"S": "USER#0000000000000001"}, "sk": {"S": "#"}}]);
        let left = json!({"Responses": {}, "UnprocessedKeys": {"healthcare": {"Keys": keys}}});
        let none = json!({"Responses": {}, "UnprocessedKeys": {}});
        let (table, seen) = scripted(vec![Step::Answer(200, left), Step::Answer(200, none)]).await;
        let user = UserId::new(1).unwrap();
        assert!(table.user_and_session(user, &staff.session_id()).await.unwrap().is_none());
        assert_eq!(seen.lock().unwrap()[1]["RequestItems"]["healthcare"]["Keys"], keys);
    });
}
