//! Cursors: the position where a page ended, as clients carry it.
//!
//! A cursor is a mark of its list, then the position. It is opaque but no secret; the store makes every key anew from
//! the position, so that a forged cursor reaches nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// No cursor of ours is longer, in characters.
const MAX_CURSOR: usize = 2048;

/// Returns the cursor of a position in a list.
pub fn encode<P: Serialize>(list: &str, position: &P) -> serde_json::Result<String> {
    let position = serde_json::to_vec(position)?;
    Ok(URL_SAFE_NO_PAD.encode([&mark(list)[..], &position].concat()))
}

/// Returns the position in a cursor of this list; `None` if it is malformed or of another list.
pub fn decode<P: DeserializeOwned>(list: &str, cursor: &str) -> Option<P> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let position = bytes.strip_prefix(&mark(list))?;
    serde_json::from_slice(position).ok()
}

/// Returns eight bytes that tell lists apart.
fn mark(list: &str) -> [u8; 8] {
    let mut mark = [0; 8];
    for (byte, hashed) in mark.iter_mut().zip(digest(&SHA256, list.as_bytes()).as_ref()) {
        *byte = *hashed;
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_is_valid_for_its_list_only() {
        let cursor = encode("doctors", &7_u64).unwrap();
        assert_eq!(decode("doctors", &cursor), Some(7_u64));
        assert_eq!(decode::<u64>("patients", &cursor), None);
        assert_eq!(decode::<String>("doctors", &cursor), None);
        assert_eq!(decode::<u64>("doctors", &cursor[1..]), None);
        assert_eq!(decode::<u64>("doctors", "!"), None);
    }
}
