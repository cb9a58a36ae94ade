//! Bytes that no HTTP client sends, over TCP: whatever they are, the answer is no 5xx, and the stack still answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::stack;

/// The longest wait for an answer. The first request to a function also starts it. A server may wait for the rest of a
/// request that has no end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends these bytes, and returns the status of the answer; `None` if there is none.
fn status(bytes: &[u8]) -> Option<u16> {
    let address = stack::url().strip_prefix("http://").expect("a local stack");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The server may answer, and end the connection, before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.take(1024).read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1)?.parse().ok()
}

#[track_caller]
fn expect_no_5xx(name: &str, bytes: &[u8]) {
    if let Some(status) = status(bytes) {
        assert!(status < 500, "{name}: {status}");
    }
}

fn request(line: &[u8], headers: &[&[u8]], body: &[u8]) -> Vec<u8> {
    let mut bytes = [line, &b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"[..]].concat();
    for header in headers {
        bytes.extend([*header, &b"\r\n"[..]].concat());
    }
    bytes.extend([&b"\r\n"[..], body].concat());
    bytes
}

fn post(headers: &[&[u8]], body: &[u8]) -> Vec<u8> {
    let length = format!("content-length: {}", body.len());
    let headers = [headers, &[length.as_bytes()]].concat();
    request(b"POST /api/auth/login/", &headers, body)
}

/// Returns whether the stack is the tests' own, without TLS; otherwise the test is skipped.
fn own_stack() -> bool {
    if !stack::is_own() {
        eprintln!("skipped: the stack is not the tests' own");
    }
    stack::is_own()
}

#[test]
fn malformed_path_is_no_5xx() {
    if !own_stack() {
        return;
    }
    let long = [&b"GET /api/doctors/"[..], "7".repeat(9_000).as_bytes()].concat();
    let query = [&b"GET /api/health/?a="[..], "!".repeat(60_000).as_bytes()].concat();
    let lines: [&[u8]; 16] = [
        b"GET /api/doctors/\xff/",
        b"GET /api/doctors/\xc3\xa9/",
        b"GET /api/doctors/%ff%fe/",
        b"GET /api/doctors/%/",
        b"GET /api/doctors/%zz/?search=%",
        b"GET /api/doctors/%00/",
        b"GET /api/doctors/%2e%2e/%2f/",
        b"GET /api/doctors/?search=%ff&search=\xff&%ff=1",
        b"GET /api/doctors/?&&==&=a&a",
        b"GET //api//health//",
        b"GET /api/../../etc/passwd",
        b"GET http://other.example/api/health/",
        b"OPTIONS *",
        b"BREW /api/health/",
        &long,
        &query,
    ];
    for line in lines {
        let name = String::from_utf8_lossy(line).chars().take(60).collect::<String>();
        expect_no_5xx(&name, &request(line, &[], b""));
    }
    assert_eq!(status(&request(b"GET /api/health/", &[], b"")), Some(200));
}

#[test]
fn malformed_header_is_no_5xx() {
    if !own_stack() {
        return;
    }
    let long = ["x-long: ", &"a".repeat(9_000)].concat();
    let longer = ["x-long: ", &"a".repeat(200_000)].concat();
    let many: Vec<Vec<u8>> = (0..90).map(|n| format!("x-{n}: {n}").into_bytes()).collect();
    let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    let cases: [&[&[u8]]; 16] = [
        &[b"authorization: Bearer \xff\xfe"],
        &[b"authorization: Bearer \xc3\xa9"],
        &[b"authorization:"],
        &[b"authorization: Bearer a", b"authorization: Bearer b"],
        &[b"user-agent: \xff\x80"],
        &[b"idempotency-key: \xff", b"if-match: \xff"],
        &[b"origin: \xff", b"access-control-request-method: \xff"],
        &[b"content-type: \xff"],
        &[b"host: a b"],
        &[b"x-forwarded-proto: a b", b"x-forwarded-for: \xff"],
        &[b"expect: 100-continue"],
        &[b"upgrade: h2c", b"connection: upgrade, http2-settings"],
        &[b"no colon"],
        &[long.as_bytes()],
        &[longer.as_bytes()],
        &many,
    ];
    for headers in cases {
        let name = String::from_utf8_lossy(headers[0]).chars().take(60).collect::<String>();
        for line in [&b"GET /api/auth/me/"[..], b"GET /api/nowhere/", b"OPTIONS /api/doctors/"] {
            expect_no_5xx(&name, &request(line, headers, b""));
        }
        expect_no_5xx(&name, &post(headers, b"{}"));
    }
    assert_eq!(status(&request(b"GET /api/health/", &[], b"")), Some(200));
}

#[test]
fn malformed_body_is_no_5xx() {
    if !own_stack() {
        return;
    }
    // gzip of `{}`.
    let gzip =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    let json: &[u8] = b"content-type: application/json";
    let utf16: &[u8] = b"content-type: application/json; charset=utf-16";
    let chunked: &[u8] = b"transfer-encoding: chunked";
    let line = b"POST /api/auth/login/";
    let large = vec![b'['; 70_000];
    let surrogate: &[u8] = b"{\"username\":\"\\ud800\",\"password\":\"\\udc00\"}";
    for (name, bytes) in [
        ("not UTF-8", post(&[json], b"{\"username\":\"\xff\xfe\",\"password\":\"\x80\"}")),
        ("only bytes", post(&[json], &(0..=255).collect::<Vec<u8>>())),
        ("byte order mark", post(&[json], b"\xef\xbb\xbf{}")),
        ("UTF-16", post(&[utf16], b"\xff\xfe{\0}\0")),
        ("unpaired surrogates", post(&[json], surrogate)),
        ("gzip", post(&[json, b"content-encoding: gzip"], gzip)),
        ("broken gzip", post(&[json, b"content-encoding: gzip"], b"\x1f\x8b\x08nonsense")),
        ("unknown encoding", post(&[json, b"content-encoding: \xff"], b"{}")),
        ("deep", post(&[json], &large)),
        ("chunked", request(line, &[json, chunked], b"2\r\n{}\r\n0\r\n\r\n")),
        ("broken chunks", request(line, &[json, chunked], b"zz\r\n{}\r\n0\r\n\r\n")),
        ("endless chunk", request(line, &[json, chunked], b"ffffffffffffffff\r\n{}")),
        ("chunks and a length", request(line, &[chunked, b"content-length: 2"], b"0\r\n\r\n{}")),
        ("two lengths", request(line, &[b"content-length: 2", b"content-length: 3"], b"{}")),
        ("negative length", request(line, &[b"content-length: -1"], b"{}")),
        ("body of a GET", request(b"GET /api/health/", &[b"content-length: 2"], b"\xff\xff")),
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("HTTP/0.9", b"GET /api/health/\r\n\r\n".to_vec()),
    ] {
        expect_no_5xx(name, &bytes);
    }
    assert_eq!(status(&request(b"GET /api/health/", &[], b"")), Some(200));
}
