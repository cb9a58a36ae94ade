//! HTTP as the SDK and DynamoDB speak it, read by hand, for servers that stand between or in place of them.

use shared::table::{Table, client};
use shared::testing::emulator::{KEYS_TABLE_NAME, TABLE_NAME, settings};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;

/// A request or an answer.
pub struct Message {
    /// The first line and the headers, each line with its end.
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

impl Message {
    pub async fn read(stream: &mut BufReader<TcpStream>) -> Self {
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head.push(line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        Self { head, body }
    }

    /// Whether it asks for this operation of DynamoDB's.
    pub fn asks_for(&self, operation: &str) -> bool {
        let target = format!("x-amz-target: dynamodb_20120810.{operation}").to_lowercase();
        self.head.iter().any(|line| line.trim().to_lowercase() == target)
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
