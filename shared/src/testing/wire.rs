//! HTTP as the SDK and DynamoDB speak it, read by hand, for servers that stand between or in place of them.

#![allow(clippy::expect_used, reason = "that is how a test fails")]

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::emulator::{KEYS_TABLE_NAME, TABLE_NAME, settings};
use crate::table::{Table, client};

/// A request or an answer.
pub struct Message {
    /// The first line and the headers, each line with its end.
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

impl Message {
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

    /// An answer of DynamoDB's that is an error of this kind.
    pub fn error(status: u16, kind: &str) -> Self {
        Self::answer(status, &serde_json::json!({"__type": kind, "message": "made up"}))
    }

    /// An answer of DynamoDB's.
    pub fn answer(status: u16, body: &serde_json::Value) -> Self {
        let body = body.to_string().into_bytes();
        let head = vec![
            format!("HTTP/1.1 {status} X\r\n"),
            "content-type: application/x-amz-json-1.0\r\n".to_owned(),
            format!("content-length: {}\r\n", body.len()),
        ];
        Self { head, body }
    }

    /// Sends it to a server at `host:port`, on a connection of its own, and gives the answer.
    pub async fn ask(self, server: &str) -> io::Result<Self> {
        let mut server = BufReader::new(TcpStream::connect(server).await?);
        server.write_all(&self.into_last()).await?;
        Self::read(&mut server).await
    }

    /// Which operation of DynamoDB's it asks for, in lower case.
    pub fn operation(&self) -> Option<String> {
        self.head.iter().find_map(|line| {
            let line = line.trim().to_lowercase();
            Some(line.strip_prefix("x-amz-target: dynamodb_20120810.")?.to_owned())
        })
    }

    /// The message as bytes, its connection's last.
    pub fn into_last(self) -> Vec<u8> {
        let is_about_it = |line: &String| line.to_lowercase().starts_with("connection:");
        let mut lines: Vec<String> = self.head.into_iter().filter(|it| !is_about_it(it)).collect();
        lines.push("connection: close\r\n\r\n".to_owned());
        [lines.concat().into_bytes(), self.body].concat()
    }
}

/// A table whose DynamoDB is at this endpoint.
pub fn table_at(endpoint: String) -> Table {
    Table::new(client(&settings(endpoint)), TABLE_NAME.to_owned(), KEYS_TABLE_NAME.to_owned())
}
