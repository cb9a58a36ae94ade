//! POST /api/doctors/{id}/handover/ asks for the move of all patients of a doctor to another one: 202.

use std::process::ExitCode;

use shared::model::handover::HandoverId;
use shared::store::HandOver;
use shared::{ApiError, ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(create)
}

async fn create(context: Context, by: Granted<HandOver>) -> ApiResult {
    let id = context.system().random_text::<16>()?;
    let id: HandoverId = id.parse().map_err(ApiError::internal)?;
    let handover = context.store().handovers().start(by, id).await?;
    response::accepted_body(&handover)
}
