//! Mail to the owners of accounts: by Amazon SES in the cloud, into a folder on a developer's machine.

use std::fmt;
use std::path::PathBuf;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use futures_util::future::join_all;

use crate::aws::sdk_config;
use crate::config::{Aws, ConfigError, optional};
use crate::model::email::Email;
use crate::system::{NoRandomness, System};

/// A mail in plain text. Neither subject nor text may contain text that a user chose: a stranger could otherwise send
/// any text to any address in the operator's name.
pub struct Mail<'a> {
    pub to: &'a Email,
    pub subject: &'a str,
    pub text: String,
}

/// How mail leaves.
pub enum Mailer {
    /// `MAIL_SENDER`: an address that Amazon SES has verified.
    Ses { client: Client, sender: String },
    /// `MAIL_OUTBOX`: a folder that gets a file for each mail.
    Outbox(PathBuf),
    /// No mail leaves: neither is set.
    None,
}

/// Why a mail did not leave. Names neither the address nor the text.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("no sender is configured")]
    NoSender,
    #[error("SES did not take it: {0}")]
    Ses(String),
    #[error("the outbox did not take it: {0}")]
    Outbox(std::io::Error),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl Mailer {
    pub fn from_env() -> Result<Self, ConfigError> {
        if let Some(folder) = optional("MAIL_OUTBOX") {
            return Ok(Self::Outbox(folder.into()));
        }
        let Some(sender) = optional("MAIL_SENDER") else { return Ok(Self::None) };
        let endpoint = optional("AWS_ENDPOINT_URL_SESV2");
        let client = Client::new(&sdk_config(&Aws::from_env()?, endpoint.as_deref()));
        Ok(Self::Ses { client, sender })
    }

    /// Whether mail can leave.
    pub fn is_configured(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub async fn send(&self, system: &System, mail: Mail<'_>) -> Result<(), MailError> {
        match self {
            Self::Ses { client, sender } => send_by_ses(client, sender, mail).await,
            Self::Outbox(folder) => {
                let (now, random) = (system.now().as_millisecond(), system.random_text::<6>()?);
                let name = format!("{now}-{random}.eml");
                let Mail { to, subject, text } = mail;
                let file = format!("To: {}\nSubject: {subject}\n\n{text}", to.as_str());
                std::fs::write(folder.join(name), file).map_err(MailError::Outbox)
            }
            Self::None => Err(MailError::NoSender),
        }
    }

    /// Sends mails at the same time. Returns how each of them ended.
    pub async fn send_all(
        &self,
        system: &System,
        mails: Vec<Mail<'_>>,
    ) -> Vec<Result<(), MailError>> {
        join_all(mails.into_iter().map(|mail| self.send(system, mail))).await
    }
}

async fn send_by_ses(client: &Client, sender: &str, mail: Mail<'_>) -> Result<(), MailError> {
    let content = |text: String| Content::builder().data(text).charset("UTF-8").build();
    let refused = |error: &dyn fmt::Display| MailError::Ses(error.to_string());
    let message = Message::builder()
        .subject(content(mail.subject.to_owned()).map_err(|error| refused(&error))?)
        .body(Body::builder().text(content(mail.text).map_err(|error| refused(&error))?).build())
        .build();
    client
        .send_email()
        .from_email_address(sender)
        .destination(Destination::builder().to_addresses(mail.to.for_delivery()).build())
        .content(EmailContent::builder().simple(message).build())
        .send()
        .await
        .map(drop)
        // The code alone: SES quotes addresses in its messages.
        .map_err(|error| match error.as_service_error() {
            Some(error) => refused(&error.code().unwrap_or("unknown error")),
            None => refused(&error),
        })
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ses { .. } => "Mailer::Ses",
            Self::Outbox(_) => "Mailer::Outbox",
            Self::None => "Mailer::None",
        })
    }
}
