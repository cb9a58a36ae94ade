//! The most common breached passwords: a Bloom filter, which is smaller than their list.
//!
//! The list is that of Django 5.2 (`django/contrib/auth/common-passwords.txt.gz`, BSD-3-Clause, © Django Software
//! Foundation and individual contributors): 19 640 passwords, chosen by Royce Williams from Pwned Passwords. Unpacked,
//! it has the SHA-256 `29ca0fa5303165f012f3e9775e3e95a3071cdd59f219973ec1cbb308d0214a6f`. The filter holds its 8 346
//! ASCII passwords of at least 8 characters, and takes 3 other passwords in a million for one of them.
//! `cargo xtask common-passwords LIST` makes the filter.

use ring::digest::{SHA256, digest};

/// The parts of the filter: each has one bit for a password.
const SLICES: usize = 6;

/// A slice has a bit for each number of 16 bits.
const SLICE_BYTES: usize = (1 << 16) / 8;

static FILTER: &[u8; SLICES * SLICE_BYTES] = include_bytes!("common_passwords.bin");

/// Returns whether the list has a password, which must be in lower case.
pub(super) fn contains(password: &str) -> bool {
    positions(password)
        .into_iter()
        .all(|(byte, bit)| FILTER.get(byte).is_some_and(|it| it & bit != 0))
}

/// Returns the byte and the bit of a password in each slice: two bytes of its SHA-256 each.
fn positions(password: &str) -> Vec<(usize, u8)> {
    let digest = digest(&SHA256, password.as_bytes());
    let pairs = digest.as_ref().chunks_exact(2).take(SLICES).enumerate();
    let positions = pairs.filter_map(|(slice, pair)| {
        let bit = usize::from(u16::from_be_bytes(pair.try_into().ok()?));
        Some((slice * SLICE_BYTES + bit / 8, 1 << (bit % 8)))
    });
    positions.collect()
}

/// The filter's file in the repository.
#[cfg(feature = "testing")]
pub const FILE: &str = "shared/src/auth/common_passwords.bin";

/// Returns the filter of a list with one password a line. Passwords that are shorter than any minimum length are left
/// out.
#[cfg(feature = "testing")]
pub fn filter_of(list: &str) -> Vec<u8> {
    const SHORTEST: usize = 8;
    let mut filter = vec![0; SLICES * SLICE_BYTES];
    let passwords = list.lines().map(|line| line.trim().to_ascii_lowercase());
    for password in passwords.filter(|it| it.len() >= SHORTEST && it.is_ascii()) {
        for (byte, bit) in positions(&password) {
            if let Some(it) = filter.get_mut(byte) {
                *it |= bit;
            }
        }
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_has_the_passwords_of_the_list_and_hardly_any_other() {
        for password in ["trustno1", "iloveyou", "allahuakbar", "2kroliczek", "coca-cola"] {
            assert!(contains(password), "{password}");
        }
        let others = (0..100_000).filter(|n| contains(&format!("unlisted-{n}"))).count();
        assert!(others < 10, "{others}");
    }

    #[test]
    fn filter_is_made_of_lines() {
        let filter = filter_of("short\nTrustNo1\r\npässwörter\n");
        let bits: u32 = filter.iter().map(|byte| byte.count_ones()).sum();
        assert_eq!(bits as usize, SLICES);
        for (byte, bit) in positions("trustno1") {
            assert_eq!(filter[byte] & FILTER[byte] & bit, bit);
        }
    }
}
