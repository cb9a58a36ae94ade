//! PATCH /api/users/{id}/ — changes an account's role, or whether it is active.

use std::process::ExitCode;

use shared::model::field::FieldErrors;
use shared::model::id::UserId;
use shared::model::user::{User, UserChange};
use shared::table::UserUpdated;
use shared::{
    ApiError, ApiResult, App, Caller, Named, Permission, Request, response, serve_reading,
};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_reading(user_id, update)
}

fn user_id(request: &Request) -> Result<UserId, ApiError> {
    request.path_id("id", "user")
}

async fn update(
    app: App,
    caller: Caller,
    named: Named<Option<User>>,
    request: Request,
) -> ApiResult {
    caller.must(Permission::ManageUsers)?;
    let (id, user) = named?;
    let change: UserChange = request.json()?;
    let user = user.ok_or_else(|| ApiError::not_found(format!("user {id}")))?;
    match app.table().update_user(user, change, &request.if_match(), app.now()).await? {
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
