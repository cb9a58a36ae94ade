//! Cursors: the position where a page ended, as clients carry it.
//!
//! A cursor is sealed, because a position can hold a name and clients send it in URLs, which others write to their logs.
//! It is `<key id><nonce, sealed position>` in base64url, and is bound to its list, the account that it was made for and
//! the rule of search keys. It grants nothing: the store makes every key anew from the position.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::search_key::SEARCH_KEY_VERSION;
use crate::store::{CursorKey, CursorKeys};
use crate::system::System;

/// No cursor of ours is longer, in characters.
const MAX_CURSOR: usize = 2048;

/// A position is padded to a multiple of this, in bytes, so that a cursor's length says little about a name.
const BLOCK: usize = 64;

/// Seals and opens the cursors of one account.
#[derive(Debug)]
pub struct Cursors {
    keys: Option<Arc<CursorKeys>>,
    account: UserId,
    search_key_version: u32,
    system: System,
}

impl Cursors {
    /// Without keys, it seals and opens nothing.
    pub fn new(keys: Option<Arc<CursorKeys>>, account: UserId, system: System) -> Self {
        Self { keys, account, search_key_version: SEARCH_KEY_VERSION, system }
    }

    /// Returns the cursor of a position in the list with this label.
    pub fn seal<P: Serialize>(&self, list: &str, position: &P) -> Result<String, ApiError> {
        let keys = self.keys.as_ref();
        let keys = keys.ok_or_else(|| ApiError::unavailable("there is no key for cursors yet"))?;
        let key = keys.sealing(self.system.now());
        let cipher =
            cipher(key).ok_or_else(|| ApiError::internal("a key for cursors is not readable"))?;
        let mut sealed = serde_json::to_vec(position).map_err(ApiError::internal)?;
        // JSON may end with blanks.
        sealed.resize(sealed.len().next_multiple_of(BLOCK), b' ');
        let nonce = self.system.random_bytes::<NONCE_LEN>()?;
        let bound = Aad::from(self.bound_to(list));
        cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed)
            .map_err(|_| ApiError::internal("a cursor cannot be sealed"))?;
        Ok(key.id.clone() + &URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Returns the position in a cursor of this list; `None` if it is malformed, of another list or account, or of a key
    /// that is gone.
    pub fn open<P: DeserializeOwned>(&self, list: &str, cursor: &str) -> Option<P> {
        if cursor.len() > MAX_CURSOR {
            return None;
        }
        let (id, rest) = cursor.split_at_checked(CursorKey::ID_LENGTH)?;
        let key = self.keys.as_ref()?.opening(id, self.system.now())?;
        let bytes = URL_SAFE_NO_PAD.decode(rest).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk()?;
        let mut sealed = sealed.to_vec();
        let bound = Aad::from(self.bound_to(list));
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let position = cipher(key)?.open_in_place(nonce, bound, &mut sealed).ok()?;
        serde_json::from_slice(position).ok()
    }

    /// Returns what a cursor of this list is bound to. The label, which can hold anything, is last.
    fn bound_to(&self, list: &str) -> Vec<u8> {
        format!("cursor {} {} {list}", self.account, self.search_key_version).into_bytes()
    }
}

/// Returns the cipher of a key; `None` if it is malformed.
fn cipher(key: &CursorKey) -> Option<LessSafeKey> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(key.secret.expose_secret()).ok()?);
    UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::model::timestamp::Timestamp;

    fn system() -> System {
        System::new(Arc::new(|| Timestamp::from_millisecond(0)))
    }

    fn key() -> CursorKey {
        CursorKey::random(&system()).unwrap()
    }

    fn cursors(current: CursorKey, previous: Option<CursorKey>) -> Cursors {
        let changed_at = Timestamp::from_millisecond(0);
        let keys = CursorKeys { current, previous, changed_at };
        Cursors::new(Some(Arc::new(keys)), UserId::new(7).unwrap(), system())
    }

    #[test]
    fn cursor_is_valid_for_its_list_only() {
        let cursors = cursors(key(), None);
        let cursor = cursors.seal("doctors", &7_u64).unwrap();
        assert_eq!(cursors.open("doctors", &cursor), Some(7_u64));
        assert_eq!(cursors.open::<u64>("patients", &cursor), None);
        assert_eq!(cursors.open::<u64>("doctors a", &cursor), None);
        assert_eq!(cursors.open::<String>("doctors", &cursor), None);
        for malformed in ["", "!", "abc", &cursor[1..], &cursor[..8], "🦀🦀🦀", &"A".repeat(99)]
        {
            assert_eq!(cursors.open::<u64>("doctors", malformed), None, "{malformed}");
        }
        assert_eq!(cursors.open::<u64>("doctors", &"A".repeat(MAX_CURSOR + 1)), None);
    }

    #[test]
    fn cursor_is_valid_for_its_account_and_rule_only() {
        let key = key();
        let of_seven = cursors(key.clone(), None);
        let cursor = of_seven.seal("doctors", &7_u64).unwrap();
        let another = Cursors { account: UserId::new(8).unwrap(), ..cursors(key.clone(), None) };
        assert_eq!(another.open::<u64>("doctors", &cursor), None);
        let version = SEARCH_KEY_VERSION + 1;
        let later = Cursors { search_key_version: version, ..cursors(key, None) };
        assert_eq!(later.open::<u64>("doctors", &cursor), None);
    }

    #[test]
    fn altered_cursor_is_refused() {
        let cursors = cursors(key(), None);
        let cursor = cursors.seal("doctors", &7_u64).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            let altered = URL_SAFE_NO_PAD.encode(altered);
            assert_eq!(cursors.open::<u64>("doctors", &altered), None, "{at}");
        }
    }

    #[test]
    fn cursor_lasts_until_its_key_was_replaced_twice() {
        let [first, second, third] = [key(), key(), key()];
        let cursor = cursors(first.clone(), None).seal("doctors", &7_u64).unwrap();
        let once = cursors(second.clone(), Some(first));
        assert_eq!(once.open("doctors", &cursor), Some(7_u64));
        let twice = cursors(third, Some(second));
        assert_eq!(twice.open::<u64>("doctors", &cursor), None);
    }

    #[test]
    fn cursor_shows_neither_a_name_nor_its_exact_length() {
        let cursors = cursors(key(), None);
        let seal = |name: &str| cursors.seal("doctors", &(0, name)).unwrap();
        let (short, long) = (seal("roe"), seal("roe-wade-montgomery"));
        assert_eq!(short.len(), long.len());
        assert_ne!(seal("roe"), short);
        let bytes = URL_SAFE_NO_PAD.decode(&short).unwrap();
        assert!(!bytes.windows(3).any(|window| window == b"roe"));
        assert_eq!(bytes.len(), 6 + NONCE_LEN + BLOCK + 16);
    }

    #[test]
    fn longest_position_fits_into_a_cursor() {
        let cursors = cursors(key(), None);
        let position = (2_usize, "\u{1f}".to_owned() + &"x".repeat(1_023));
        let cursor = cursors.seal("doctors", &position).unwrap();
        assert_eq!(cursors.open("doctors", &cursor), Some(position));
    }

    #[test]
    fn without_a_key_nothing_is_sealed_or_opened() {
        let cursor = cursors(key(), None).seal("doctors", &7_u64).unwrap();
        let without = Cursors::new(None, UserId::new(7).unwrap(), system());
        let refused = without.seal("doctors", &7_u64);
        assert!(matches!(refused, Err(ApiError::Unavailable { .. })));
        assert_eq!(without.open::<u64>("doctors", &cursor), None);
    }
}
