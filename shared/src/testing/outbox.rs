//! A folder that receives the mails of a test.

#![allow(clippy::expect_used, reason = "a panic fails the test")]

use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs};

use crate::mail::Mailer;
use crate::model::timestamp::Timestamp;
use crate::system::System;

/// The least characters of a token.
const TOKEN: usize = 43;

/// A folder for mails, removed at the end of the test.
#[derive(Debug)]
pub struct Outbox(PathBuf);

impl Outbox {
    #[allow(clippy::new_without_default, reason = "a new folder is no default value")]
    pub fn new() -> Self {
        let name = System::new(Arc::new(Timestamp::system)).random_text::<16>().expect("a name");
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    pub fn mailer(&self) -> Mailer {
        Mailer::Outbox(self.0.clone())
    }

    /// Returns the mails, in no order.
    pub fn mails(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).expect("the folder").map(|file| file.expect("a file"));
        files.map(|file| fs::read_to_string(file.path()).expect("a mail")).collect()
    }

    /// Returns the only mail and its token, and removes the mail.
    pub fn take(&self) -> (String, String) {
        let mut mails = self.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        for file in fs::read_dir(&self.0).expect("the folder") {
            fs::remove_file(file.expect("a file").path()).expect("removes a mail");
        }
        let mail = mails.remove(0);
        let token = token_in(&mail).expect("a token").to_owned();
        (mail, token)
    }
}

/// Returns the token in a mail: a line of its own, or the end of a link.
fn token_in(mail: &str) -> Option<&str> {
    let is_token = |text: &str| {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        text.len() >= TOKEN && text.chars().all(is_allowed)
    };
    let mut ends =
        mail.lines().map(|line| line.rsplit_once("#token=").map_or(line, |(_, end)| end));
    ends.find(|end| is_token(end))
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}
