//! Versions of a resource and their `ETag` (RFC 9110, 8.8.3).

/// The number of writes of a resource, starting at 1.
pub type Version = u64;

/// Returns the strong entity tag of a version: `"3"`.
pub fn etag(version: Version) -> String {
    format!("\"{version}\"")
}
