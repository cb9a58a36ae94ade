//! GET /api/auth/sessions/ returns the caller's open sessions.

use std::process::ExitCode;

use shared::access::Act;
use shared::model::page::Page;
use shared::model::session::SessionView;
use shared::store::ListOwnSessions;
use shared::targets::list_label;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(sessions)
}

async fn sessions(context: Context, by: Granted<ListOwnSessions>) -> ApiResult {
    let caller = by.caller();
    let label = list_label(Act::ListOwnSessions, caller.id());
    let paging = context.request().paging(&label)?;
    let page = context.store().sessions().list(&by, paging).await?;
    let now = context.now();
    let open = page.results.into_iter().filter(|it| it.is_valid_for(caller.user(), now));
    let results = open.map(|session| SessionView::new(session, caller.session_id())).collect();
    let page = Page { results, next: page.next };
    response::page(context.request(), &label, &page, by.view())
}
