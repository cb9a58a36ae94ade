//! PATCH /api/users/{id}/ changes an account's role, whether it is active, and which doctor and patient its owner is.

use std::process::ExitCode;

use shared::model::user::UserChange;
use shared::store::UpdateAccount;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(update)
}

async fn update(context: Context, by: Granted<UpdateAccount>) -> ApiResult {
    let request = context.request();
    let change: UserChange = request.json()?;
    let preconditions = request.preconditions();
    let user = context.store().accounts().update(by, change, &preconditions).await?;
    response::account(user)
}
