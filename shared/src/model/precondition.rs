//! Preconditions of a request: `If-Match` and `If-None-Match` (RFC 9110, 13).

use super::version::{Version, etag};

/// The versions that a header names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Versions {
    /// `*`
    Any,
    /// The list is empty if the header has no tag that this API issues.
    OneOf(Vec<Version>),
}

/// The conditions of a request on the current version of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<Versions>,
    if_none_match: Option<Versions>,
    requires_if_match: bool,
}

/// Why a request must not be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// The current version does not meet a condition.
    Failed,
    /// A change has no `If-Match`, but needs one.
    NoIfMatch,
}

/// The content of the answer to a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Record,
    /// The client has the current version.
    NotModified,
}

impl Preconditions {
    /// No condition.
    pub const NONE: Self = Self { if_match: None, if_none_match: None, requires_if_match: false };

    /// Parses both headers; several lines of a header are one line with commas between them (RFC 9110, 5.3).
    pub fn parse(
        if_match: Option<&str>,
        if_none_match: Option<&str>,
        requires_if_match: bool,
    ) -> Self {
        Self {
            if_match: if_match.map(|tags| Versions::parse(tags, strong)),
            if_none_match: if_none_match.map(|tags| Versions::parse(tags, weak)),
            requires_if_match,
        }
    }

    /// Decides about a change of a record with this version. `is_done` says whether the record already is what the
    /// change would make it. Then a client that sends the change again with its old version, because it lost the answer,
    /// is right (RFC 9110, 13.1.1).
    pub fn permit_change(&self, version: Version, is_done: bool) -> Result<(), Unmet> {
        match &self.if_match {
            None if self.requires_if_match => return Err(Unmet::NoIfMatch),
            Some(versions)
                if !(versions.contain(version) || is_done && versions.have_one_before(version)) =>
            {
                return Err(Unmet::Failed);
            }
            _ => {}
        }
        if self.excludes(version) { Err(Unmet::Failed) } else { Ok(()) }
    }

    /// Decides about a read of a record with this version.
    pub fn permit_read(&self, version: Version) -> Result<Reading, Unmet> {
        if self.if_match.as_ref().is_some_and(|versions| !versions.contain(version)) {
            return Err(Unmet::Failed);
        }
        Ok(if self.excludes(version) { Reading::NotModified } else { Reading::Record })
    }

    fn excludes(&self, version: Version) -> bool {
        self.if_none_match.as_ref().is_some_and(|versions| versions.contain(version))
    }
}

impl Versions {
    /// Parses a list of tags. A tag that contains a comma is none of this API, so it may be split.
    fn parse(tags: &str, version: fn(&str) -> Option<Version>) -> Self {
        let mut tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).peekable();
        if tags.peek().is_some() && tags.clone().all(|tag| tag == "*") {
            return Self::Any;
        }
        Self::OneOf(tags.filter_map(version).collect())
    }

    fn contain(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }

    /// Whether a named version was current before this one.
    fn have_one_before(&self, version: Version) -> bool {
        match self {
            Self::Any => false,
            Self::OneOf(versions) => versions.iter().any(|named| *named < version),
        }
    }
}

/// Returns the version of a strong tag. A weak tag never matches (RFC 9110, 8.8.3.2).
fn strong(tag: &str) -> Option<Version> {
    let version: Version = tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
    (version > 0 && etag(version) == tag).then_some(version)
}

/// Returns the version of a strong or weak tag.
fn weak(tag: &str) -> Option<Version> {
    strong(tag.strip_prefix("W/").unwrap_or(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(tags: &str) -> Preconditions {
        Preconditions::parse(Some(tags), None, false)
    }

    fn if_none_match(tags: &str) -> Preconditions {
        Preconditions::parse(None, Some(tags), false)
    }

    #[test]
    fn only_strong_tags_match_for_a_change() {
        for tags in ["*", " * ", "*,*", "\"3\"", "\"1\", \"3\"", "\"1\",,\"3\",", "\"a,b\", \"3\""]
        {
            assert_eq!(if_match(tags).permit_change(3, false), Ok(()), "{tags:?}");
            assert_eq!(if_match(tags).permit_read(3), Ok(Reading::Record), "{tags:?}");
        }
        for tags in
            ["\"2\"", "W/\"3\"", "3", "\"03\"", "\"+3\"", "", ",", "\"three\"", "\"4\", *", "\"3"]
        {
            assert_eq!(if_match(tags).permit_change(3, false), Err(Unmet::Failed), "{tags:?}");
            assert_eq!(if_match(tags).permit_read(3), Err(Unmet::Failed), "{tags:?}");
        }
        assert_eq!(Preconditions::NONE.permit_change(3, false), Ok(()));
    }

    #[test]
    fn current_tag_makes_a_read_not_modified_and_refuses_a_change() {
        for tags in ["*", "\"3\"", "W/\"3\"", "\"1\", W/\"3\""] {
            assert_eq!(if_none_match(tags).permit_read(3), Ok(Reading::NotModified), "{tags:?}");
            assert_eq!(if_none_match(tags).permit_change(3, true), Err(Unmet::Failed), "{tags:?}");
        }
        for tags in ["\"2\"", "w/\"3\"", "3", "", "W/", "\"2\", \"4\""] {
            assert_eq!(if_none_match(tags).permit_read(3), Ok(Reading::Record), "{tags:?}");
            assert_eq!(if_none_match(tags).permit_change(3, false), Ok(()), "{tags:?}");
        }
        let both = Preconditions::parse(Some("\"2\""), Some("\"3\""), false);
        assert_eq!(both.permit_read(3), Err(Unmet::Failed), "If-Match comes first");
    }

    #[test]
    fn change_that_is_done_is_permitted_to_its_old_version() {
        assert_eq!(if_match("\"2\"").permit_change(3, true), Ok(()));
        for tags in ["\"4\"", "W/\"2\"", "\"two\"", ""] {
            assert_eq!(if_match(tags).permit_change(3, true), Err(Unmet::Failed), "{tags:?}");
        }
    }

    #[test]
    fn required_if_match_must_be_sent() {
        let without = Preconditions::parse(None, Some("\"1\""), true);
        assert_eq!(without.permit_change(3, true), Err(Unmet::NoIfMatch));
        assert_eq!(without.permit_read(3), Ok(Reading::Record));
        for (tags, permitted) in [("*", Ok(())), ("\"3\"", Ok(())), ("\"2\"", Err(Unmet::Failed))] {
            let with = Preconditions::parse(Some(tags), None, true);
            assert_eq!(with.permit_change(3, false), permitted, "{tags}");
        }
    }
}
