//! Conflicts, lost replies and unprocessed keys, which the emulator never has: a scripted DynamoDB answers with them.

use std::sync::{Arc, Mutex};

use shared::model::id::{DoctorId, Id, PatientId, UserId};
use shared::model::user::Role;
use shared::store::{Store, StoreError};
use shared::testing::wire::{Message, store_at};
use shared::testing::{Value, World, json, run, steps};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// How the server treats a request.
enum Step {
    Answer(u16, Value),
    /// The request takes effect, and its reply is lost.
    LoseReply,
}

/// The bodies of the received requests.
type Seen = Arc<Mutex<Vec<Value>>>;

/// Returns a store whose DynamoDB takes one of these steps for each request.
async fn scripted(steps: Vec<Step>) -> (Store, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let bodies = seen.clone();
    tokio::spawn(async move {
        for step in steps {
            // Each request has its own connection, which the answer closes.
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
    (store_at(endpoint), seen)
}

fn cancelled(codes: [&str; 2]) -> Step {
    let reasons = codes.map(|code| json!({"Code": code}));
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    Step::Answer(400, json!({"__type": kind, "Message": "", "CancellationReasons": reasons}))
}

fn done() -> Step {
    Step::Answer(200, json!({}))
}

/// The answer to a read of these items.
fn items(items: Value) -> Step {
    Step::Answer(200, json!({"Responses": {"healthcare": items}, "UnprocessedKeys": {}}))
}

/// The answer to the read of the care of patient 1, whom doctor 1 has.
fn care() -> Step {
    let time = json!({"S": "2026-01-31T12:00:00.000Z"});
    let episode = json!({"M": {
        "id": {"S": "1-1-1"}, "doctor_id": {"N": "1"}, "role": {"S": "treating"}, "starts_at": time,
        "assigned_at": time, "assigned_by": {"N": "1"}, "version": {"N": "1"},
    }});
    items(json!([{
        "pk": {"S": "PATIENT#0000000000000001"}, "sk": {"S": "CARE"}, "version": {"N": "1"},
        "place": {"S": "NAME#1#roe\u{1f}jane"}, "names": {"S": "jane roe|"}, "episodes": {"L": [episode]},
    }]))
}

/// Ends an assignment: a read and one transaction.
async fn end_assignment(store: &Store) -> Result<(), StoreError> {
    steps::end_assignment(store, DoctorId::new(1).unwrap(), PatientId::new(1).unwrap()).await
}

/// Returns the tokens of all received transactions.
fn tokens(seen: &Seen) -> Vec<Value> {
    let seen = seen.lock().unwrap();
    seen.iter().filter_map(|body| body.get("ClientRequestToken").cloned()).collect()
}

#[test]
fn conflict_is_retried_with_the_same_token() {
    run(async |_: World| {
        let conflicts = || cancelled(["None", "TransactionConflict"]);
        let (store, seen) = scripted(vec![care(), conflicts(), conflicts(), done()]).await;
        end_assignment(&store).await.unwrap();
        let tokens = tokens(&seen);
        assert_eq!(tokens.len(), 3);
        assert!(tokens[0].is_string() && tokens.iter().all(|token| *token == tokens[0]));
    });
}

#[test]
fn request_with_a_lost_reply_is_sent_again_with_the_same_token() {
    run(async |_: World| {
        let (store, seen) = scripted(vec![care(), Step::LoseReply, done()]).await;
        end_assignment(&store).await.unwrap();
        let tokens = tokens(&seen);
        assert_eq!(tokens.len(), 2);
        assert_eq!(tokens[0], tokens[1]);
    });
}

#[test]
fn refusal_is_final_even_with_a_conflict() {
    run(async |_: World| {
        let refused = cancelled(["ConditionalCheckFailed", "TransactionConflict"]);
        // After the refusal it is read again.
        let (store, seen) = scripted(vec![care(), refused, items(json!([]))]).await;
        assert!(matches!(end_assignment(&store).await, Err(StoreError::NotFound(_))));
        assert_eq!(tokens(&seen).len(), 1);
        assert_eq!(seen.lock().unwrap().len(), 3);
    });
}

#[test]
fn many_conflicts_in_a_row_do_not_use_up_the_retries() {
    run(async |_: World| {
        let mut steps = Vec::new();
        for _ in 0..30 {
            steps.extend([care(), cancelled(["TransactionConflict", "None"]), done()]);
        }
        let (store, seen) = scripted(steps).await;
        for _ in 0..30 {
            end_assignment(&store).await.unwrap();
        }
        assert_eq!(tokens(&seen).len(), 60);
    });
}

#[test]
fn unprocessed_keys_are_requested_again() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let keys = json!([{"pk": {"S": "USER#0000000000000001"}, "sk": {"S": "#"}}]);
        let left = json!({"Responses": {}, "UnprocessedKeys": {"healthcare": {"Keys": keys}}});
        let none = json!({"Responses": {}, "UnprocessedKeys": {}});
        let (store, seen) = scripted(vec![Step::Answer(200, left), Step::Answer(200, none)]).await;
        let user = UserId::new(1).unwrap();
        let found = store.accounts().with_session(user, &staff.session_id()).await;
        assert!(found.unwrap().is_none());
        assert_eq!(seen.lock().unwrap()[1]["RequestItems"]["healthcare"]["Keys"], keys);
    });
}
