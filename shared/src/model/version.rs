//! Versions of a resource: `ETag` and `If-Match` (RFC 9110, 8.8.3 and 13.1.1).

/// The number of writes of a resource, starting at 1.
pub type Version = u64;

/// Returns the strong entity tag of a version: `"3"`.
pub fn etag(version: Version) -> String {
    format!("\"{version}\"")
}

/// The condition of a request on the current version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// The request has no `If-Match`, or `*`: every version matches.
    Any,
    /// One of these versions matches. The list is empty if the header has no tag that this API issues.
    OneOf(Vec<Version>),
}

impl IfMatch {
    /// Parses the header. Weak tags never match (RFC 9110, 13.1.1), nor do tags that this API does not issue.
    pub fn parse(header: Option<&str>) -> Self {
        match header.map(str::trim) {
            None | Some("*") => Self::Any,
            Some(tags) => Self::OneOf(tags.split(',').filter_map(version).collect()),
        }
    }

    pub fn allows(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

fn version(tag: &str) -> Option<Version> {
    let digits = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    let version: Version = digits.parse().ok()?;
    (etag(version) == tag.trim()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strong_tags_match() {
        assert_eq!(IfMatch::parse(None), IfMatch::Any);
        assert_eq!(IfMatch::parse(Some(" * ")), IfMatch::Any);
        assert!(IfMatch::parse(Some("\"3\"")).allows(3));
        assert!(IfMatch::parse(Some("\"1\", \"3\"")).allows(3));
        for header in ["\"2\"", "W/\"3\"", "3", "\"03\"", "\"+3\"", "", "\"three\""] {
            assert!(!IfMatch::parse(Some(header)).allows(3), "{header:?}");
        }
    }
}
