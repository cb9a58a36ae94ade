//! DELETE /api/patients/{id}/proxies/{user_id}/ ends an account's right to act for a patient.

use std::process::ExitCode;

use shared::store::RemoveProxy;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(delete)
}

async fn delete(context: Context, by: Granted<RemoveProxy>) -> ApiResult {
    context.store().proxies().remove(by).await?;
    response::no_content()
}
