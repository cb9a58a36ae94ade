//! POST /api/patients/{id}/disclosures/ adds a disclosure of a patient's data to the register: 201, or 200 if it is
//! there already.

use std::process::ExitCode;

use shared::store::{AddDisclosure, AddedDisclosure};
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(create)
}

async fn create(context: Context, by: Granted<AddDisclosure>) -> ApiResult {
    let AddedDisclosure { disclosure, is_new } = context.store().disclosures().add(by).await?;
    if is_new { response::created(&disclosure) } else { response::ok(&disclosure) }
}
