//! GET /api/openapi.json returns the contract, GET /api/docs/ a page that shows it and can send requests,
//! GET /api/docs/{file} the files of that page, and GET /.well-known/security.txt whom to tell about a vulnerability.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use shared::model::timestamp::Timestamp;
use shared::{ApiError, ApiResult, Request, ResponsePolicy, response, serve_static};

#[cfg(test)]
mod tests;

/// Generated from openapi.yaml by `cargo xtask generate`.
const CONTRACT: &str = include_str!("openapi.json");

const PAGE: &str = include_str!("page.html");

/// Permits no content from other origins, no inline code or styles, and no frame around the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// The page's files: name, media type, content. All except `init.js` come from Swagger UI.
const FILES: &[(&str, &str, &str)] = &[
    ("init.js", JAVASCRIPT, include_str!("init.js")),
    ("index.css", CSS, include_str!(concat!(env!("OUT_DIR"), "/index.css"))),
    ("swagger-ui.css", CSS, include_str!(concat!(env!("OUT_DIR"), "/swagger-ui.css"))),
    (
        "swagger-ui-bundle.js",
        JAVASCRIPT,
        include_str!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js")),
    ),
];

/// How long caches may keep the contract and the page: short, so that a deployment shows soon.
const SHORT_SECONDS: u32 = 300;

/// How long caches may keep the page's files, which change with Swagger UI only.
const LONG_SECONDS: u32 = 3600;

/// The time until readers of security.txt must read it again (RFC 9116, 2.5.5).
const VALID: Duration = Duration::from_secs(30 * 24 * 60 * 60);

fn main() -> ExitCode {
    serve_static(docs)
}

async fn docs(policy: Arc<ResponsePolicy>, request: Request) -> ApiResult {
    // Only the route of the files has a variable.
    if let Ok(name) = request.path_id::<String>("file", "file") {
        return file(&name);
    }
    let path = request.path();
    if path.trim_end_matches('/').ends_with("/openapi.json") {
        response::asset(JSON, CONTRACT, SHORT_SECONDS)
    } else if path.trim_end_matches('/').ends_with("/security.txt") {
        security(policy.security_contact())
    } else if path.ends_with('/') {
        response::html(PAGE, POLICY, SHORT_SECONDS)
    } else {
        // The page's links are relative, because a stage may precede the API's paths.
        response::redirect("docs/")
    }
}

/// Returns security.txt (RFC 9116).
fn security(contact: Option<&str>) -> ApiResult {
    let contact = contact.ok_or_else(|| ApiError::not_found("security.txt"))?;
    let expires = Timestamp::system().plus(VALID);
    response::asset(TEXT, format!("Contact: {contact}\nExpires: {expires}\n"), SHORT_SECONDS)
}

fn file(name: &str) -> ApiResult {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, media_type, content)) => response::asset(media_type, *content, LONG_SECONDS),
        None => Err(ApiError::not_found("file of this name")),
    }
}
