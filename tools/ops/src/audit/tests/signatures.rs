//! Digests with and without signatures.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use super::super::public_key::BEFORE_POINT;
use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The digests of two hours.
const DIGESTS: [&str; 2] = ["digests/2026-01-31T12Z.json", "digests/2026-01-31T13Z.json"];

/// A trail with an archive that has a digest for each of its chains, and a key.
struct Signed {
    trail: Trail,
    archive: PathBuf,
    key: EcdsaKeyPair,
}

impl Signed {
    async fn new(world: World, name: &str) -> Self {
        let trail = Trail::new(world, name).await;
        let archive = trail.folder.join("archive");
        let folder = Archive::Folder(archive.clone());
        for chain in &trail.chains {
            let now = trail.world.app.now();
            folder.put_rows(now, "1", chain).await.unwrap();
            folder.put_digest(now, None).await.unwrap().unwrap();
            trail.world.advance(HOUR);
        }
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let spki = STANDARD.encode([&BEFORE_POINT[..], key.public_key().as_ref()].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n");
        fs::write(trail.folder.join("key.pem"), pem).unwrap();
        Self { trail, archive, key }
    }

    /// Signs the content of a digest, and puts the signature beside this digest.
    fn sign(&self, content_of: &str, digest: &str) {
        let content = fs::read(self.archive.join(content_of)).unwrap();
        let signature = self.key.sign(&SystemRandom::new(), &content).unwrap();
        fs::write(self.archive.join(format!("{digest}.sig")), signature).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.archive.join(name)).unwrap();
    }

    /// Verifies the table, the archive and, with the key, the signatures.
    async fn verify(&self, with_key: bool) -> Verdict {
        let key = self.trail.folder.join("key.pem");
        let sources = Sources {
            archive: Some(self.archive.clone()),
            signing_key: with_key.then_some(key),
            ..Sources::default()
        };
        self.trail.verify_with(sources).await
    }

    /// Fails unless `verify` finds only a problem that begins with this.
    async fn expect(&self, problem: &str) {
        let problems = self.verify(true).await.problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(&format!("archive: {problem}")), "{problems:?}");
    }

    /// Fails unless `verify` finds no problem, and says this about the signatures.
    async fn expect_good(&self, with_key: bool, signatures: &str) {
        let Verdict { problems, summary, .. } = self.verify(with_key).await;
        assert!(problems.is_empty(), "{problems:?}");
        assert!(summary.contains(&format!("archive: {signatures}")), "{summary:?}");
    }
}

#[test]
fn right_signatures_are_accepted() {
    run(async |world: World| {
        let signed = Signed::new(world, "signed").await;
        for digest in DIGESTS {
            signed.sign(digest, digest);
        }
        signed.expect_good(true, "2 of 2 digests signed by the key").await;
        let unchecked =
            "2 of 2 digests signed, but the signatures are not checked; see --signing-key";
        signed.expect_good(false, unchecked).await;

        // The next digest names it.
        signed.remove(&format!("{}.sig", DIGESTS[0]));
        signed.expect_good(true, "1 of 2 digests signed by the key").await;
    });
}

#[test]
fn wrong_signature_is_found() {
    run(async |world: World| {
        let signed = Signed::new(world, "wrong-signature").await;
        signed.sign(DIGESTS[0], DIGESTS[0]);
        signed.sign(DIGESTS[0], DIGESTS[1]);
        signed.expect(&format!("{} does not have its signature: ", DIGESTS[1])).await;
    });
}

#[test]
fn last_digest_may_be_without_a_signature_for_two_hours() {
    run(async |world: World| {
        let signed = Signed::new(world, "unsigned").await;
        signed.expect("no digest has a signature").await;
        signed.sign(DIGESTS[0], DIGESTS[0]);
        signed.trail.world.advance(HOUR);
        signed.expect_good(true, "1 of 2 digests signed by the key").await;
        signed.trail.world.advance(HOUR);
        signed.expect(&format!("{} has no signature, and neither ", DIGESTS[1])).await;
    });
}

#[test]
fn signature_without_its_digest_is_found() {
    run(async |world: World| {
        let signed = Signed::new(world, "no-digest").await;
        for digest in DIGESTS {
            signed.sign(digest, digest);
        }
        signed.remove(DIGESTS[1]);
        signed.expect(&format!("{}.sig is there, but not its digest", DIGESTS[1])).await;
    });
}
