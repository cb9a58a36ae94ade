//! The media types of request bodies: JSON, and for PATCH also a JSON Merge Patch (RFC 7396).

use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// The media types that a method accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaTypes {
    Json,
    /// Both change only the fields that they name.
    Patch,
}

impl MediaTypes {
    pub fn of(method: &Method) -> Self {
        if method == Method::PATCH { Self::Patch } else { Self::Json }
    }

    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/json"],
            Self::Patch => &["application/json", "application/merge-patch+json"],
        }
    }

    /// Whether a body with these headers is accepted. Parameters of the media type do not matter, and a body without a
    /// media type is JSON.
    pub fn accept(self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
        let value = value.to_str().unwrap_or_default();
        let media_type = value.split(';').next().unwrap_or_default().trim();
        self.names().iter().any(|name| name.eq_ignore_ascii_case(media_type))
    }

    /// Returns the header that tells clients these media types (RFC 5789, 3.1; RFC 9110, 12.5.1).
    pub fn header(self) -> (HeaderName, String) {
        let name = match self {
            Self::Json => header::ACCEPT,
            Self::Patch => HeaderName::from_static("accept-patch"),
        };
        (name, self.names().join(", "))
    }

    /// Adds that header.
    pub fn announce(self, headers: &mut HeaderMap) {
        let (name, value) = self.header();
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}
