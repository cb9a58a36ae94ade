//! Password hashes as they are stored: argon2id PHC strings, and those that an import brought along.

use std::num::NonZeroU32;

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::pbkdf2;
use secrecy::SecretString;

use super::hash_memory::HashMemory;

/// OWASP Password Storage Cheat Sheet: m = 19 456 KiB, t = 2, p = 1.
pub const HASH_MEMORY_KIB: u32 = 19_456;
const ALGORITHM: Algorithm = Algorithm::Argon2id;
const VERSION: Version = Version::V0x13;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;

/// Django's default is 102 400 KiB with 8 lanes.
const MAX_MEMORY_KIB: u32 = 131_072;
const MAX_ARGON2_ITERATIONS: u32 = 8;

/// Django 6 makes 1 200 000; ten seconds' work would outlast the request.
const MAX_PBKDF2_ITERATIONS: u32 = 4_000_000;

/// The hash of a password that nobody knows, verified in place of a missing one, so that an unknown
/// name takes the time that a known one takes.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$aGVhbHRoY2FyZS5ub2JvZHk$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A hash that can be verified.
pub enum StoredHash {
    Argon2 {
        /// By the parameters of the hash, not by today's.
        argon2: Argon2<'static>,
        is_todays: bool,
        salt: Salt,
        hash: Output,
    },
    /// Django's `PBKDF2PasswordHasher`: `pbkdf2_sha256$<iterations>$<salt>$<base64>`.
    Pbkdf2 { iterations: NonZeroU32, salt: String, hash: Vec<u8> },
}

#[derive(Debug, thiserror::Error)]
pub enum HashError {
    #[error("a stored password hash is of no known kind, or too costly")]
    Unsupported,
    #[error("argon2: {0}")]
    Argon2(#[from] password_hash::Error),
}

impl StoredHash {
    pub fn parse(text: &str) -> Result<Self, HashError> {
        match text.split_once('$') {
            Some(("pbkdf2_sha256", rest)) => Self::pbkdf2(rest).ok_or(HashError::Unsupported),
            _ => Self::argon2(text).ok_or(HashError::Unsupported),
        }
    }

    /// That of the password which nobody knows.
    pub fn nobodys() -> Result<Self, HashError> {
        Self::parse(NOBODYS)
    }

    fn argon2(text: &str) -> Option<Self> {
        let phc = PasswordHash::new(text).ok()?;
        let algorithm = Algorithm::try_from(phc.algorithm.as_str()).ok()?;
        let version = phc.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let is_affordable =
            params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_ARGON2_ITERATIONS;
        if !is_affordable {
            return None;
        }
        let is_todays = (algorithm, phc.version) == (ALGORITHM, Some(VERSION.into()))
            && (params.m_cost(), params.t_cost(), params.p_cost())
                == (HASH_MEMORY_KIB, ITERATIONS, LANES);
        let argon2 = Argon2::new(algorithm, version, params);
        Some(Self::Argon2 { argon2, is_todays, salt: phc.salt?, hash: phc.hash? })
    }

    fn pbkdf2(rest: &str) -> Option<Self> {
        let mut parts = rest.splitn(3, '$');
        let iterations: NonZeroU32 = parts.next()?.parse().ok()?;
        let salt = parts.next()?.to_owned();
        let hash = STANDARD.decode(parts.next()?).ok()?;
        let is_affordable = iterations.get() <= MAX_PBKDF2_ITERATIONS && !hash.is_empty();
        is_affordable.then_some(Self::Pbkdf2 { iterations, salt, hash })
    }

    /// What it takes to verify.
    pub fn memory_kib(&self) -> u32 {
        match self {
            Self::Argon2 { argon2, .. } => argon2.params().m_cost(),
            Self::Pbkdf2 { .. } => 0,
        }
    }

    /// Whether it is what [`argon2id`] makes now. A costlier one is not: every account is to cost the same.
    pub fn is_todays(&self) -> bool {
        matches!(self, Self::Argon2 { is_todays: true, .. })
    }

    pub fn verify(&self, password: &str, memory: &mut HashMemory) -> Result<bool, HashError> {
        match self {
            // Two `Output`s are compared in constant time.
            Self::Argon2 { argon2, salt, hash, .. } => {
                Ok(memory.hash(argon2, password, salt)? == *hash)
            }
            Self::Pbkdf2 { iterations, salt, hash } => {
                let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
                let (salt, password) = (salt.as_bytes(), password.as_bytes());
                Ok(pbkdf2::verify(algorithm, *iterations, salt, password, hash).is_ok())
            }
        }
    }
}

/// A new hash, as a PHC string.
pub fn argon2id(
    password: &str,
    salt: &[u8],
    memory: &mut HashMemory,
) -> Result<SecretString, HashError> {
    let params = Params::new(HASH_MEMORY_KIB, ITERATIONS, LANES, None)
        .map_err(password_hash::Error::from)?;
    let argon2 = Argon2::new(ALGORITHM, VERSION, params);
    let phc = PasswordHash {
        algorithm: ALGORITHM.ident(),
        version: Some(VERSION.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(Salt::new(salt).map_err(password_hash::Error::from)?),
        hash: Some(memory.hash(&argon2, password, salt)?),
    };
    Ok(phc.to_string().into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    /// Made by the C library of argon2's authors, in two lanes; of `correct-horse-battery-staple`.
    const REFERENCE: &str =
        "$argon2id$v=19$m=1024,t=2,p=2$c2FsdHNhbHRzYWx0c2FsdA$/J2vzzddlOo/ct3pXLx9QWM8XerCtNwl";

    /// In Django's form; of `correct-horse-battery-staple`.
    const DJANGOS: &str =
        "pbkdf2_sha256$1000$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=";

    #[test]
    fn nobodys_hash_costs_what_a_new_one_costs_and_fits_nobody() {
        let nobodys = StoredHash::nobodys().unwrap();
        assert!(nobodys.is_todays());
        assert!(!nobodys.verify("anything", &mut HashMemory::default()).unwrap());
    }

    #[test]
    fn a_new_hash_is_todays_and_fits_its_password_alone() {
        let memory = &mut HashMemory::default();
        let hash = argon2id("pässword", b"0123456789abcdef", memory).unwrap();
        let hash = StoredHash::parse(hash.expose_secret()).unwrap();
        assert!(hash.is_todays() && hash.verify("pässword", memory).unwrap());
        assert!(!hash.verify("passwort", memory).unwrap());
        assert_eq!(hash.memory_kib(), HASH_MEMORY_KIB);
    }

    #[test]
    fn hashes_of_others_fit_and_are_outdated() {
        let memory = &mut HashMemory::default();
        for text in [REFERENCE, DJANGOS] {
            let hash = StoredHash::parse(text).unwrap();
            assert!(hash.verify("correct-horse-battery-staple", memory).unwrap(), "{text}");
            assert!(!hash.verify("correct-horse-battery-stapl", memory).unwrap(), "{text}");
            assert!(!hash.is_todays(), "{text}");
        }
    }

    #[test]
    fn what_is_unknown_or_unaffordable_is_refused() {
        for text in [
            "",
            "!unusable",
            "hunter2",
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
            "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
            "pbkdf2_sha256$0$salt$aGFzaA==",
            "pbkdf2_sha256$1000000000$salt$aGFzaA==",
            "pbkdf2_sha256$1000$salt$",
            "pbkdf2_sha256$1000$salt",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ",
            "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=100,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(StoredHash::parse(text).is_err(), "{text}");
        }
    }
}
