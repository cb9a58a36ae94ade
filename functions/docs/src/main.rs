//! GET /api/openapi.json — the contract; GET /api/docs/ — the contract as a page from which it can be tried;
//! GET /api/docs/{file} — what that page is made of.

use std::process::ExitCode;
use std::sync::Arc;

use shared::{ApiError, ApiResult, Edge, Request, response, serve_static};

#[cfg(test)]
mod tests;

/// Made of openapi.yaml by `cargo xtask generate`.
const CONTRACT: &str = include_str!("openapi.json");

const PAGE: &str = include_str!("page.html");

/// Nothing from elsewhere, nothing inline, and nobody's frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// What the page is made of: name, media type, content. All but our own comes from Swagger UI.
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

/// Of the contract and of the page: what a deployment changes is seen soon.
const SHORT_SECONDS: u32 = 300;

/// Of the page's files, which change with Swagger UI.
const LONG_SECONDS: u32 = 3600;

fn main() -> ExitCode {
    serve_static(docs)
}

async fn docs(_edge: Arc<Edge>, request: Request) -> ApiResult {
    // The files' route alone has a variable.
    if let Ok(name) = request.path_id::<String>("file", "file") {
        return file(&name);
    }
    let path = request.path();
    if path.trim_end_matches('/').ends_with("/openapi.json") {
        response::asset(JSON, CONTRACT, SHORT_SECONDS)
    } else if path.ends_with('/') {
        response::html(PAGE, POLICY, SHORT_SECONDS)
    } else {
        // Its links are relative, because the API may stand behind a stage.
        response::redirect("docs/")
    }
}

fn file(name: &str) -> ApiResult {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, media_type, content)) => response::asset(media_type, content, LONG_SECONDS),
        None => Err(ApiError::not_found("file of this name")),
    }
}
