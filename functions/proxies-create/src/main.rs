//! POST /api/patients/{id}/proxies/ lets an account act for a patient: 201, or 200 if it does already.

use std::process::ExitCode;

use shared::model::field::FieldErrors;
use shared::model::proxy::ProxyId;
use shared::store::{AddProxy, AddedProxy};
use shared::{ApiError, ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(create)
}

async fn create(context: Context, by: Granted<AddProxy>) -> ApiResult {
    if by.target().user_id() == by.caller().id() {
        let errors = FieldErrors::one("user_id", "must be another account");
        return Err(ApiError::InvalidBody(errors));
    }
    let id = context.system().random_text::<16>()?;
    let id: ProxyId = id.parse().map_err(ApiError::internal)?;
    let AddedProxy { proxy, is_new } = context.store().proxies().add(by, id).await?;
    if is_new { response::created(&proxy) } else { response::ok(&proxy) }
}
