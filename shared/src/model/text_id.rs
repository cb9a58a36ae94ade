//! Ids that are text: of the characters of base64url, and short.

/// The maximum length that the parser accepts. Real ids are shorter.
const MAX_CHARS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an id")]
pub struct InvalidTextId;

/// Accepts only short text of base64url characters, so that the id fits into a table key and cannot imitate another key.
pub(crate) fn checked(text: &str) -> Result<String, InvalidTextId> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if (1..=MAX_CHARS).contains(&text.len()) && text.chars().all(is_allowed) {
        Ok(text.to_owned())
    } else {
        Err(InvalidTextId)
    }
}

/// Defines a type of such ids. Different types, so that the compiler rejects mix-ups.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::model::text_id::InvalidTextId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::text_id::InvalidTextId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::model::text_id::checked(text).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text_id;

#[cfg(test)]
mod tests {
    use super::*;

    text_id! {
        /// An id of a test.
        TestId
    }

    #[test]
    fn id_is_short_base64url() {
        let id = "k3vXh0mAqJ1c5rB2nT9yLw";
        assert_eq!(id.parse::<TestId>().unwrap().as_str(), id);
        for text in ["", "a#b", "a.b", "é", &"a".repeat(65)] {
            assert_eq!(text.parse::<TestId>(), Err(InvalidTextId), "{text:?}");
        }
    }
}
