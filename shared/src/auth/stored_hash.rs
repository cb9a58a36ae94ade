//! Stored password hashes: argon2id PHC strings, and the formats of imported accounts.

use std::num::NonZeroU32;

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::pbkdf2;
use secrecy::SecretString;

use super::hash_memory::{HASH_MEMORY_KIB, HashMemory};

const ALGORITHM: Algorithm = Algorithm::Argon2id;
const VERSION: Version = Version::V0x13;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;

/// The maximum memory of an imported hash. Django's default is 102 400 KiB with 8 lanes.
const MAX_MEMORY_KIB: u32 = 131_072;
const MAX_ARGON2_ITERATIONS: u32 = 8;

/// The maximum iterations of an imported hash. Django 6 uses 1 200 000. Ten seconds of work would exceed the time of a
/// request.
const MAX_PBKDF2_ITERATIONS: u32 = 4_000_000;

/// The bytes of an imported PBKDF2 hash: one block of SHA-256. A longer hash would multiply the work, and a shorter one
/// would match many passwords.
const PBKDF2_BYTES: usize = 32;

/// The maximum bytes of an imported PBKDF2 salt. Django's salts have 22.
const MAX_PBKDF2_SALT: usize = 128;

/// A hash that no known password matches. A login with an unknown name verifies this hash, so that it takes as long as
/// a login with a known name.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$aGVhbHRoY2FyZS5ub2JvZHk$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A hash that can be verified.
pub enum StoredHash {
    Argon2 {
        /// Has the parameters of this hash, not those of new hashes.
        argon2: Argon2<'static>,
        is_current: bool,
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

    /// Returns a hash that no known password matches, for verification in place of a missing hash.
    pub fn dummy() -> Result<Self, HashError> {
        Self::parse(DUMMY)
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
        let is_current = (algorithm, phc.version) == (ALGORITHM, Some(VERSION.into()))
            && (params.m_cost(), params.t_cost(), params.p_cost())
                == (HASH_MEMORY_KIB, ITERATIONS, LANES);
        let argon2 = Argon2::new(algorithm, version, params);
        Some(Self::Argon2 { argon2, is_current, salt: phc.salt?, hash: phc.hash? })
    }

    fn pbkdf2(rest: &str) -> Option<Self> {
        let mut parts = rest.splitn(3, '$');
        let iterations: NonZeroU32 = parts.next()?.parse().ok()?;
        let salt = parts.next()?.to_owned();
        let hash = STANDARD.decode(parts.next()?).ok()?;
        let is_valid = iterations.get() <= MAX_PBKDF2_ITERATIONS
            && (1..=MAX_PBKDF2_SALT).contains(&salt.len())
            && hash.len() == PBKDF2_BYTES;
        is_valid.then_some(Self::Pbkdf2 { iterations, salt, hash })
    }

    /// Returns the memory that the verification takes.
    pub fn memory_kib(&self) -> u32 {
        match self {
            Self::Argon2 { argon2, .. } => argon2.params().m_cost(),
            Self::Pbkdf2 { .. } => 0,
        }
    }

    /// Returns whether the hash has the parameters of [`argon2id`]. Returns `false` also for a hash with a higher cost,
    /// because a login must cost the same for every account.
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Argon2 { is_current: true, .. })
    }

    pub fn verify(&self, password: &str, memory: &mut HashMemory) -> Result<bool, HashError> {
        match self {
            // `Output` is compared in constant time.
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

/// Returns a new hash as a PHC string.
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

    /// A hash of `correct-horse-battery-staple` with two lanes, made by the C library of argon2's authors.
    const REFERENCE: &str =
        "$argon2id$v=19$m=1024,t=2,p=2$c2FsdHNhbHRzYWx0c2FsdA$/J2vzzddlOo/ct3pXLx9QWM8XerCtNwl";

    /// A hash of `correct-horse-battery-staple` in Django's format.
    const DJANGO: &str = "pbkdf2_sha256$1000$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=";

    #[test]
    fn dummy_hash_costs_as_much_as_a_new_hash_and_matches_no_password() {
        let dummy = StoredHash::dummy().unwrap();
        assert!(dummy.is_current());
        assert!(!dummy.verify("anything", &mut HashMemory::default()).unwrap());
    }

    #[test]
    fn new_hash_is_current_and_matches_only_its_password() {
        let memory = &mut HashMemory::default();
        let hash = argon2id("pässword", b"0123456789abcdef", memory).unwrap();
        let hash = StoredHash::parse(hash.expose_secret()).unwrap();
        assert!(hash.is_current() && hash.verify("pässword", memory).unwrap());
        assert!(!hash.verify("passwort", memory).unwrap());
        assert_eq!(hash.memory_kib(), HASH_MEMORY_KIB);
    }

    #[test]
    fn imported_hashes_match_and_are_outdated() {
        let memory = &mut HashMemory::default();
        for text in [REFERENCE, DJANGO] {
            let hash = StoredHash::parse(text).unwrap();
            assert!(hash.verify("correct-horse-battery-staple", memory).unwrap(), "{text}");
            assert!(!hash.verify("correct-horse-battery-stapl", memory).unwrap(), "{text}");
            assert!(!hash.is_current(), "{text}");
        }
    }

    #[test]
    fn imported_pbkdf2_hash_has_32_bytes_and_a_bounded_salt() {
        let is_accepted = |salt: usize, bytes: usize| {
            let (salt, hash) = ("s".repeat(salt), STANDARD.encode(vec![7; bytes]));
            StoredHash::parse(&format!("pbkdf2_sha256$1000${salt}${hash}")).is_ok()
        };
        assert!(is_accepted(1, 32) && is_accepted(128, 32));
        assert!(!is_accepted(0, 32) && !is_accepted(129, 32));
        for bytes in [0, 1, 31, 33, 64, 10_240] {
            assert!(!is_accepted(8, bytes), "{bytes}");
        }
    }

    #[test]
    fn unknown_or_expensive_hash_is_refused() {
        for text in [
            "",
            "!unusable",
            "hunter2",
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
            "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
            "pbkdf2_sha256$0$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=",
            "pbkdf2_sha256$4000001$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=",
            "pbkdf2_sha256$1000$salt",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ",
            "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=100,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(StoredHash::parse(text).is_err(), "{text}");
        }
    }
}
