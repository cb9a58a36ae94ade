//! Password hashes: argon2id at OWASP's parameters, as PHC strings, off the async threads.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::error::ApiError;
use crate::model::password::{NewPassword, PresentedPassword};

/// OWASP Password Storage Cheat Sheet: m = 19 456 KiB, t = 2, p = 1.
const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;

/// The hash of a password that nobody knows, verified in place of a missing one, so that an unknown
/// name takes the time that a known one takes.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$aGVhbHRoY2FyZS5ub2JvZHk$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The PHC string of a password, under a fresh salt.
pub async fn hash(app: &App, password: NewPassword) -> Result<SecretString, ApiError> {
    let salt: [u8; 16] = app.random_bytes()?;
    off_thread(move || {
        let hash: PasswordHash =
            argon2id()?.hash_password_with_salt(password.expose().as_bytes(), &salt)?;
        Ok(hash.to_string().into())
    })
    .await
}

/// Whether the password is that of the hash; without a hash never, after the same work.
pub async fn verify(
    hash: Option<SecretString>,
    password: PresentedPassword,
) -> Result<bool, ApiError> {
    off_thread(move || {
        let phc = hash.as_ref().map_or(NOBODYS, |hash| hash.expose_secret());
        let parsed = PasswordHash::new(phc).map_err(|_| password_hash::Error::EncodingInvalid)?;
        // The parameters of the hash count, not today's.
        match argon2id()?.verify_password(password.expose().as_bytes(), &parsed) {
            Ok(()) => Ok(hash.is_some()),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error),
        }
    })
    .await
}

fn argon2id() -> Result<Argon2<'static>, password_hash::Error> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Tens of milliseconds of computing would hold up every other request of this process.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, password_hash::Error> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|_panic| ApiError::internal("the hashing panicked"))?;
    done.map_err(|error| ApiError::internal(format!("argon2: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_costs_what_a_new_one_costs() {
        let parsed = PasswordHash::new(NOBODYS).unwrap();
        let params = Params::try_from(&parsed).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, ITERATIONS, LANES)
        );
        let verdict = argon2id().unwrap().verify_password(b"anything", &parsed);
        assert!(matches!(verdict, Err(password_hash::Error::PasswordInvalid)));
    }
}
