use std::io::{Read, Write};
use std::net::TcpStream;

use tokio::task::spawn_blocking;

use super::*;

/// A server in place of `cargo lambda watch`. It returns the body, or the answer of a path.
async fn inner(request: Request) -> Response {
    match request.uri().path() {
        "/bare/" => (StatusCode::INTERNAL_SERVER_ERROR, "bare").into_response(),
        "/head/" => ([(header::CONTENT_LENGTH, "12")], "").into_response(),
        "/problem/" => (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, PROBLEM)], "{}")
            .into_response(),
        _ => to_bytes(request.into_body(), MAX_BODY).await.unwrap().into_response(),
    }
}

/// Sends these bytes to a gateway and returns its answer.
fn answer_to(request: &[u8]) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let number = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(inner)).await.unwrap();
        });
        let port = Port::reserve(0).unwrap();
        let outer = port.number();
        let _gateway = Gateway::serve(port, number).unwrap();
        let request = request.to_vec();
        let asked = spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", outer)).unwrap();
            stream.write_all(&request).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            String::from_utf8(answer).unwrap()
        });
        asked.await.unwrap()
    })
}

fn post(path: &str, headers: &[u8], body: &[u8]) -> String {
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n");
    let length = format!("content-length: {}\r\n\r\n", body.len());
    answer_to(&[head.as_bytes(), headers, length.as_bytes(), body].concat())
}

fn assert_problem(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("content-type: application/problem+json"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)));
    assert!(!problem["request_id"].as_str().unwrap().is_empty());
}

#[test]
fn text_is_forwarded_unchanged() {
    let answer = post("/", b"", "{\"a\": \"é\"}".as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("{\"a\": \"é\"}"), "{answer}");
}

#[test]
fn body_that_is_not_utf_8_reaches_the_function_as_text() {
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let answer = post("/", b"content-encoding: gzip\r\n", &gzip);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains('\u{fffd}'), "{answer}");
    let answer = post("/", b"", b"{\"a\": \"\xff\"}");
    assert!(answer.ends_with("{\"a\": \"\u{fffd}\"}"), "{answer}");
}

#[test]
fn header_that_is_not_ascii_is_a_problem() {
    for header in [&b"if-match: \"\xff\"\r\n"[..], "user-agent: é\r\n".as_bytes()] {
        assert_problem(&post("/", header, b""), 400, "bad_request");
    }
}

#[test]
fn bare_500_becomes_a_problem() {
    let answer = post("/bare/", b"", b"");
    assert!(answer.contains("retry-after: 1"), "{answer}");
    assert_problem(&answer, 503, "unavailable");
    assert!(post("/problem/", b"", b"").starts_with("HTTP/1.1 500 "));
}

#[test]
fn body_over_10_mib_is_a_problem() {
    let body = vec![b' '; MAX_BODY + 1];
    assert_problem(&post("/", b"", &body), 413, "payload_too_large");
}

#[test]
fn answer_to_head_keeps_the_length() {
    let answer = answer_to(b"HEAD /head/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(answer.contains("content-length: 12"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}
