use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use tokio::net::TcpListener;

use super::*;

/// A function that has an event.
const FUNCTION: &str = "keys-rotate";

/// Starts a server in place of `cargo lambda watch`, and returns its port.
async fn watch(router: Router) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    port
}

async fn invoke_at(router: Router) -> Result {
    let port = watch(router).await;
    invoke_with_event(port, FUNCTION, TIME_TO_BUILD).await
}

#[derive(Default)]
struct Invocations {
    begun: AtomicUsize,
    running: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// A function that takes much longer than its period.
async fn slow(State(invocations): State<Arc<Invocations>>) {
    invocations.begun.fetch_add(1, Ordering::SeqCst);
    let running = invocations.running.fetch_add(1, Ordering::SeqCst) + 1;
    invocations.most_at_once.fetch_max(running, Ordering::SeqCst);
    sleep(Duration::from_millis(50)).await;
    invocations.running.fetch_sub(1, Ordering::SeqCst);
}

#[tokio::test]
async fn invocations_of_a_function_do_not_overlap_and_end_with_the_scheduler() {
    let invocations = Arc::new(Invocations::default());
    let begun = || invocations.begun.load(Ordering::SeqCst);
    let port = watch(Router::new().fallback(slow).with_state(invocations.clone())).await;
    let often = [5, 7].map(|milliseconds| Schedule::Every(Duration::from_millis(milliseconds)));
    let (name, schedules) = (FUNCTION.to_owned(), often.to_vec());
    let timetable = Timetable(vec![Scheduled { name, schedules, patience: TIME_TO_BUILD }]);

    let scheduler = timetable.start(port, Path::new("functions.log"));
    assert_eq!(begun(), 0);
    while begun() < 4 {
        sleep(Duration::from_millis(5)).await;
    }
    drop(scheduler);
    assert_eq!(invocations.most_at_once.load(Ordering::SeqCst), 1);

    // The last one may have been on its way.
    sleep(Duration::from_millis(200)).await;
    let at_the_end = begun();
    sleep(Duration::from_millis(200)).await;
    assert_eq!(begun(), at_the_end);
}

async fn expects_event(request: Request) -> StatusCode {
    let path = request.uri().path().to_owned();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let event = fs::read(repository().join("events/keys-rotate.json")).unwrap();
    let is_right = path == "/2015-03-31/functions/keys-rotate/invocations" && body == event;
    if is_right { StatusCode::OK } else { StatusCode::BAD_REQUEST }
}

#[tokio::test]
async fn function_gets_its_event() {
    invoke_at(Router::new().fallback(expects_event)).await.unwrap();
}

#[tokio::test]
async fn failure_is_one_line() {
    let reported = r#"{"errorType": "Error", "errorMessage": "no\n  table"}"#;
    for (answer, line) in [
        ((StatusCode::INTERNAL_SERVER_ERROR, reported), "no table"),
        ((StatusCode::NOT_FOUND, "<p>\n"), "cargo lambda watch answered 404"),
    ] {
        let failed = invoke_at(Router::new().fallback(move || async move { answer })).await;
        assert_eq!(failed.unwrap_err().to_string(), line);
    }
    let absent = invoke_with_event(1, "absent", TIME_TO_BUILD).await;
    let absent = absent.unwrap_err().to_string();
    assert!(absent.contains("events/absent.json: "), "{absent}");
}

#[test]
fn schedules_of_the_template_are_read() {
    let Timetable(functions) = Timetable::of(&Template::load().unwrap()).unwrap();
    let limits = functions.iter().map(|it| (it.name.as_str(), it.patience.as_secs()));
    let limits: Vec<_> = limits.collect();
    let expected = [
        ("assignments-lapse", 7 * 60),
        ("audit-digest", 7 * 60),
        ("emergency-overdue", 3 * 60),
        ("handovers-run", 3 * 60),
    ];
    assert_eq!(limits, expected);
}

#[test]
fn schedule_that_cannot_be_read_is_named_with_its_function() {
    let template = r#"
Resources:
  Report:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: report } }
    Properties:
      Events:
        Monthly: { Type: Schedule, Properties: { Schedule: cron(0 2 1 * ? *) } }
"#;
    let error = Timetable::of(&Template::parse(template).unwrap()).err().unwrap().to_string();
    let beginning = "template.yaml: report: cargo dev cannot read the schedule cron(0 2 1 * ? *): ";
    assert!(error.starts_with(beginning), "{error}");
}
