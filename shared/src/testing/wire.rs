//! The HTTP of the SDK and of DynamoDB, parsed by hand, for proxies between them and for servers in place of DynamoDB.

#![allow(clippy::expect_used, reason = "a panic fails the test")]

use std::io;

use repo::template::TABLE_NAMES;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::emulator::settings;
use crate::dynamo::client;
use crate::store::Store;

/// A request or an answer.
pub struct Message {
    /// The first line and the headers, each with its line break.
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// The connection ends before the message does.
    pub async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Self> {
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            head.push(line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok(Self { head, body })
    }

    /// Returns an answer of DynamoDB with an error of this kind.
    pub fn error(status: u16, kind: &str) -> Self {
        Self::answer(status, &serde_json::json!({"__type": kind, "message": "made up"}))
    }

    /// Returns an answer of DynamoDB.
    pub fn answer(status: u16, body: &serde_json::Value) -> Self {
        Self::json(status, &body.to_string())
    }

    /// Returns an answer with this JSON, which may be empty.
    pub fn json(status: u16, body: &str) -> Self {
        let head = vec![
            format!("HTTP/1.1 {status} X\r\n"),
            "content-type: application/x-amz-json-1.0\r\n".to_owned(),
        ];
        Self { head, body: Vec::new() }.with_body(body.into())
    }

    /// Returns the message with another body.
    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        self.head.retain(|line| !is_header("content-length", line));
        self.head.push(format!("content-length: {}\r\n", body.len()));
        Self { body, ..self }
    }

    /// Sends the message to a server at `host:port` on a new connection, and returns the answer.
    pub async fn ask(self, server: &str) -> io::Result<Self> {
        let mut server = BufReader::new(TcpStream::connect(server).await?);
        server.write_all(&self.into_last()).await?;
        Self::read(&mut server).await
    }

    /// Returns the DynamoDB operation of a request: `GetItem`, `TransactWriteItems`, …
    pub fn operation(&self) -> Option<&str> {
        let target = self.head.iter().find(|line| is_header("x-amz-target", line))?;
        Some(target.trim().split_once("DynamoDB_20120810.")?.1)
    }

    /// Returns the message as bytes, with a header that closes the connection after it.
    pub fn into_last(mut self) -> Vec<u8> {
        self.head.retain(|line| !is_header("connection", line));
        self.head.push("connection: close\r\n".to_owned());
        self.into_next()
    }

    /// Returns the message as bytes. The connection stays open after it.
    pub fn into_next(self) -> Vec<u8> {
        [self.head.concat().as_bytes(), b"\r\n", &self.body].concat()
    }
}

fn is_header(name: &str, line: &str) -> bool {
    line.split_once(':').is_some_and(|(it, _)| it.eq_ignore_ascii_case(name))
}

/// Returns the store whose DynamoDB is at this endpoint.
pub fn store_at(endpoint: String) -> Store {
    Store::new(client(&settings(endpoint)), TABLE_NAMES.map(str::to_owned))
}
