//! GET /api/emergency-access/ returns the reviews of emergency access, newest first: the open ones, unless the query
//! asks for others.

use std::process::ExitCode;

use shared::store::ListEmergencyAccess;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(context: Context, by: Granted<ListEmergencyAccess>) -> ApiResult {
    let (view, label) = (by.view(), by.target().label().to_owned());
    let page = context.store().emergencies().reviews(by);
    response::page(context.request(), &label, &page, view)
}
