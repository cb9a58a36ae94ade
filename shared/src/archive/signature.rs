//! Signatures of the digests, made with a key of KMS. Each is an object beside its digest, which standard tools can check.

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use ring::digest::{SHA256, digest};

use super::objects::{ArchiveError, cause_of};
use crate::aws::sdk_config;
use crate::config::{Aws, ConfigError, optional};

/// The key of a signature is the key of its digest with this ending.
pub const SIGNATURE: &str = ".sig";

/// Signs with a key that never leaves KMS.
pub struct Signer {
    client: Client,
    /// The ARN of the key.
    key: String,
}

impl Signer {
    /// Returns the signer with the key of this ARN, at this endpoint or else at that of the key's region.
    pub fn new(aws: &Aws, endpoint: Option<&str>, key: String) -> Self {
        let region = region_of(&key).unwrap_or(&aws.region).to_owned();
        let aws = Aws { region, ..aws.clone() };
        Self { client: Client::new(&sdk_config(&aws, endpoint)), key }
    }

    /// Returns the signer with the key of `AUDIT_SIGNING_KEY`, at `AWS_ENDPOINT_URL_KMS` or else at the endpoint of the
    /// key's region; `None` without such a key.
    ///
    /// # Errors
    /// Names a variable that is missing or invalid.
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        let Some(key) = optional("AUDIT_SIGNING_KEY") else { return Ok(None) };
        let endpoint = optional("AWS_ENDPOINT_URL_KMS");
        Ok(Some(Self::new(&Aws::from_env()?, endpoint.as_deref(), key)))
    }

    /// Returns the signature of a content, in DER: ECDSA over P-256 with SHA-256.
    pub(super) async fn sign(&self, content: &[u8]) -> Result<Vec<u8>, ArchiveError> {
        let sign = self.client.sign().key_id(&self.key);
        let sign = sign.signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
        // KMS gets the hash, because it refuses a message of more than 4096 bytes.
        let hash = Blob::new(digest(&SHA256, content).as_ref());
        let answer = sign.message_type(MessageType::Digest).message(hash).send().await;
        let answer = answer.map_err(|error| ArchiveError::Kms(cause_of(&error)))?;
        let signature = answer.signature.map(Blob::into_inner);
        signature.ok_or_else(|| ArchiveError::Kms("the answer has no signature".to_owned()))
    }
}

/// Returns the region in an ARN.
fn region_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_uses_the_region_of_the_key() {
        let region = |key: &str| {
            let signer = Signer::new(&Aws::anybody(), None, key.to_owned());
            signer.client.config().region().map(ToString::to_string)
        };
        let key = "arn:aws:kms:eu-central-1:444455556666:key/1";
        assert_eq!(region(key).as_deref(), Some("eu-central-1"));
        assert_eq!(region("1").as_deref(), Some("us-east-1"));
    }
}
