//! Every other path: 404. Every other method of a known path: 405 with `Allow`, except OPTIONS, whose answer also serves
//! preflight requests (CORS) of permitted origins.

use std::process::ExitCode;
use std::sync::Arc;

use shared::{ApiError, ApiResult, Method, Request, ResponsePolicy, cors, response, serve_static};

use self::routes::ROUTES;

mod routes;
#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_static(not_found)
}

async fn not_found(policy: Arc<ResponsePolicy>, request: Request) -> ApiResult {
    let known = ROUTES.iter().find(|(pattern, _)| matches(pattern, request.path()));
    match known {
        Some((_, allow)) if cors::is_preflight(&policy, &request) => cors::preflight(allow),
        Some((_, allow)) if request.method() == Method::OPTIONS => response::options(allow),
        Some((_, allow)) => Err(ApiError::MethodNotAllowed { allow }),
        None => Err(ApiError::not_found("resource at this path")),
    }
}

/// Whether a path matches a route; `{…}` matches any one segment, and a final slash is ignored.
fn matches(pattern: &str, path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (mut expected, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return true,
            (Some(variable), Some(segment)) if variable.starts_with('{') && !segment.is_empty() => {
            }
            (Some(fixed), Some(segment)) if fixed == segment => {}
            _ => return false,
        }
    }
}
