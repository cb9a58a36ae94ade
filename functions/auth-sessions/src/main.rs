//! GET /api/auth/sessions/ — the caller's open sessions.

use std::process::ExitCode;

use shared::model::page::Page;
use shared::model::session::SessionView;
use shared::{ApiResult, App, Caller, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(sessions)
}

async fn sessions(app: App, caller: Caller, request: Request) -> ApiResult {
    let list = format!("auth-sessions {}", caller.id());
    let page = app.table().sessions(caller.id(), request.paging(&list)?).await?;
    let now = app.now();
    let open = page.results.into_iter().filter(|it| it.is_valid_for(caller.user(), now));
    let results = open.map(|session| SessionView::new(session, caller.session_id())).collect();
    response::page(&list, &Page { results, next: page.next })
}
