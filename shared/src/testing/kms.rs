//! A key for signatures in an emulated KMS: moto.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use super::moto::Moto;
use crate::archive::Signer;
use crate::aws::sdk_config;
use crate::config::Aws;

/// The bytes before the point in a P-256 public key that KMS returns.
const BEFORE_POINT: usize = 26;

/// A server with one key. It ends when this is dropped.
pub struct Kms {
    moto: Moto,
    arn: String,
    public_key: UnparsedPublicKey<Vec<u8>>,
}

impl Kms {
    #[allow(clippy::new_without_default, reason = "a new server is no default value")]
    pub async fn new() -> Self {
        let moto = Moto::start_with("shared/src/testing/kms.py");
        let client = Client::new(&sdk_config(&Aws::anybody(), Some(moto.endpoint())));
        let create = client.create_key().key_spec(KeySpec::EccNistP256);
        let created = create.key_usage(KeyUsageType::SignVerify).send().await.unwrap();
        let arn = created.key_metadata.unwrap().arn.unwrap();
        let answer = client.get_public_key().key_id(&arn).send().await.unwrap();
        let point = answer.public_key.unwrap().into_inner().split_off(BEFORE_POINT);
        let public_key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        Self { moto, arn, public_key }
    }

    /// Returns the signer as functions hold it.
    pub fn signer(&self) -> Signer {
        Signer::new(&Aws::anybody(), Some(self.moto.endpoint()), self.arn.clone())
    }

    /// Returns a signer with a key that does not exist.
    pub fn signer_without_key(&self) -> Signer {
        let (account, _) = self.arn.rsplit_once('/').unwrap();
        let arn = format!("{account}/00000000-0000-0000-0000-000000000000");
        Signer::new(&Aws::anybody(), Some(self.moto.endpoint()), arn)
    }

    /// Returns whether the key has signed this content.
    pub fn has_signed(&self, content: &[u8], signature: &[u8]) -> bool {
        self.public_key.verify(content, signature).is_ok()
    }
}
