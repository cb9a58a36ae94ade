//! The objects of the archive: in a bucket, or in a folder on a developer's machine. Each is written once.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use std::{fmt, fs};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use ring::digest::{SHA256, digest};

use crate::aws::sdk_config;
use crate::config::{Aws, ConfigError, Settings, optional, required};
use crate::model::timestamp::Timestamp;

/// The status of a put whose key is taken.
const PRECONDITION_FAILED: u16 = 412;

/// The ending of a file that is not complete yet.
const PART: &str = "part";

/// The place of the objects: a bucket or a folder.
pub enum Archive {
    /// `AUDIT_BUCKET`: a bucket of S3. Its Object Lock keeps each object for the bucket's own time.
    S3 { client: Client, bucket: String },
    /// `AUDIT_FOLDER`: a folder with a file for each object. Nothing protects them.
    Folder(PathBuf),
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    pub key: String,
    /// When it was written, in whole seconds.
    pub written_at: Timestamp,
}

/// The reason of a failure of the archive. Names no row.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("S3 does not {doing}: {cause}")]
    S3 { doing: &'static str, cause: String },
    #[error("KMS does not sign the digest: {0}")]
    Kms(String),
    #[error("the archive's folder: {0}")]
    Folder(#[from] io::Error),
    #[error("the JSON of {0} cannot be read or written")]
    Json(String),
    #[error("somebody else put {0}: it is no digest of the hour in its name, or of a later time")]
    Digest(String),
    #[error("somebody else put {0} or its signature, or a call ended between the two")]
    Unsigned(String),
}

impl Archive {
    /// Returns the archive in a bucket, at this endpoint or else at the region's.
    pub fn in_bucket(aws: &Aws, endpoint: Option<&str>, bucket: String) -> Self {
        let config = Builder::from(&sdk_config(aws, endpoint));
        // A local service has no name for each bucket.
        let config = config.force_path_style(endpoint.is_some());
        Self::S3 { client: Client::from_conf(config.build()), bucket }
    }

    /// Puts an object unless its key is taken. Returns whether the key was free.
    pub async fn put(&self, key: &str, content: Vec<u8>) -> Result<bool, ArchiveError> {
        match self {
            Self::S3 { client, bucket } => {
                let put = client.put_object().bucket(bucket).key(key).if_none_match("*");
                match put.body(ByteStream::from(content)).send().await {
                    Ok(_) => Ok(true),
                    Err(error) if status(&error) == Some(PRECONDITION_FAILED) => Ok(false),
                    Err(error) => Err(failed("store the object", &error)),
                }
            }
            Self::Folder(folder) => Ok(put_file(&folder.join(key), &content)?),
        }
    }

    /// Returns the content of an object.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, ArchiveError> {
        match self {
            Self::S3 { client, bucket } => {
                let doing = "return the object";
                let answer = client.get_object().bucket(bucket).key(key).send().await;
                let answer = answer.map_err(|error| failed(doing, &error))?;
                let content = answer.body.collect().await;
                let content = content
                    .map_err(|error| ArchiveError::S3 { doing, cause: error.to_string() })?;
                Ok(content.to_vec())
            }
            Self::Folder(folder) => Ok(fs::read(folder.join(key))?),
        }
    }

    /// Returns the objects whose key has this prefix and sorts after this key, in the order of their keys.
    pub async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Object>, ArchiveError> {
        match self {
            Self::S3 { client, bucket } => {
                let list = client.list_objects_v2().bucket(bucket).prefix(prefix);
                let mut pages = list.start_after(after).into_paginator().send();
                let mut objects = Vec::new();
                while let Some(page) = pages.next().await {
                    let page = page.map_err(|error| failed("list the objects", &error))?;
                    for object in page.contents() {
                        let seconds = object.last_modified().map_or(0, |time| time.secs());
                        objects.push(Object {
                            key: object.key().unwrap_or_default().to_owned(),
                            written_at: Timestamp::from_millisecond(seconds.saturating_mul(1000)),
                        });
                    }
                }
                Ok(objects)
            }
            Self::Folder(folder) => {
                let mut objects = Vec::new();
                list_files(folder, "", &mut objects)?;
                objects.retain(|it| it.key.starts_with(prefix) && it.key.as_str() > after);
                objects.sort_unstable();
                Ok(objects)
            }
        }
    }
}

impl Settings for Archive {
    fn from_env() -> Result<Self, ConfigError> {
        if let Some(folder) = optional("AUDIT_FOLDER") {
            return Ok(Self::Folder(folder.into()));
        }
        let endpoint = optional("AWS_ENDPOINT_URL_S3");
        let bucket = required("AUDIT_BUCKET")?;
        Ok(Self::in_bucket(&Aws::from_env()?, endpoint.as_deref(), bucket))
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S3 { .. } => "Archive::S3",
            Self::Folder(_) => "Archive::Folder",
        })
    }
}

/// Returns the SHA-256 of a content, in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    let digest = digest(&SHA256, content);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file unless it exists. Returns whether it was written. A file with this name is always complete: it gets
/// its name when its content is written.
fn put_file(path: &Path, content: &[u8]) -> io::Result<bool> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = path.with_extension(PART);
    fs::write(&part, content)?;
    let is_new = match fs::hard_link(&part, path) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(error) => return Err(error),
    };
    fs::remove_file(&part)?;
    Ok(is_new)
}

/// Adds the files in a folder and below it. A folder that does not exist has none.
fn list_files(folder: &Path, prefix: &str, objects: &mut Vec<Object>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let key = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let data = entry.metadata()?;
        if data.is_dir() {
            list_files(&entry.path(), &format!("{key}/"), objects)?;
        } else if entry.path().extension().is_none_or(|extension| extension != PART) {
            let age = data.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
            let written_at = Timestamp::from_millisecond(seconds.saturating_mul(1000));
            objects.push(Object { key, written_at });
        }
    }
    Ok(())
}

/// Returns the HTTP status of a refusal.
fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn failed<E>(doing: &'static str, error: &SdkError<E, HttpResponse>) -> ArchiveError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    ArchiveError::S3 { doing, cause: cause_of(error) }
}

/// Returns only the code and the message of an error of S3 or KMS.
pub(super) fn cause_of<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Some(error) = error.as_service_error() else { return error.to_string() };
    let code = error.code().unwrap_or("unknown error");
    format!("{code}: {}", error.message().unwrap_or_default())
}
