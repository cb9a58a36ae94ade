//! The public key of the digests' signatures.

use std::fs;
use std::path::Path;

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

use crate::Result;

/// The DER of a P-256 public key up to its point.
pub(super) const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The length of an uncompressed point of P-256.
const POINT: usize = 65;

/// A public key of ECDSA over P-256.
pub struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    /// Reads a key from a PEM file, as `openssl pkey -pubin` writes it.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let pem = fs::read(path).map_err(|error| format!("cannot read {name}: {error}"))?;
        let key = Self::parse(&pem);
        Ok(key.ok_or_else(|| format!("{name} is not a PEM file with a public key of P-256"))?)
    }

    fn parse(pem: &[u8]) -> Option<Self> {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
        let point = key.as_ref().strip_prefix(&BEFORE_POINT)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point.to_vec());
        (point.len() == POINT).then_some(Self(key))
    }

    /// Returns whether the key has signed this content. The signature is in DER.
    pub fn has_signed(&self, content: &[u8], signature: &[u8]) -> bool {
        self.0.verify(content, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_p256_are_accepted() {
        let right = "-----BEGIN PUBLIC KEY-----\n\
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFU78jmrt7y65dG212kaHtUxQWNTF\n\
            KvYiyj2h51R8Dx2eCrhzPA+MsU4E5xhIVMl9emqnQZipEqmPMnjPpRM3YQ==\n\
            -----END PUBLIC KEY-----\n";
        assert!(PublicKey::parse(right.as_bytes()).is_some());
        // Without the last line of the key, with another algorithm, and with another kind of content.
        let short =
            right.replace("KvYiyj2h51R8Dx2eCrhzPA+MsU4E5xhIVMl9emqnQZipEqmPMnjPpRM3YQ==\n", "");
        let other = right.replace("MFkwEwYHKoZIzj0CAQYI", "MFkwEwYHKoZIzj0CAQYJ");
        let kind = right.replace("PUBLIC KEY", "CERTIFICATE");
        for wrong in [short, other, kind, String::new()] {
            assert!(PublicKey::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
