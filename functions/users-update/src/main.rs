//! PATCH /api/users/{id}/ — changes an account's role, or whether it is active.

use std::process::ExitCode;

use shared::model::field::FieldErrors;
use shared::model::id::UserId;
use shared::model::user::UserChange;
use shared::table::UserUpdated;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(update)
}

async fn update(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageUsers)?;
    let id: UserId = request.path_id("id", "user")?;
    let change: UserChange = request.json()?;
    match app.table().update_user(id, change, &request.if_match(), app.now()).await? {
        UserUpdated::Done(user) => response::account(user),
        UserUpdated::NotFound => Err(ApiError::not_found(format!("user {id}"))),
        UserUpdated::VersionMismatch => Err(ApiError::PreconditionFailed),
        UserUpdated::LastAdmin => {
            let field = if change.active == Some(false) { "active" } else { "role" };
            let message = "must stay as it is: this is the last active administrator";
            Err(ApiError::Conflict(FieldErrors::one(field, message)))
        }
    }
}
