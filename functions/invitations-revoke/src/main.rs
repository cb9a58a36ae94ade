//! DELETE /api/invitations/{id}/ revokes an invitation.

use std::process::ExitCode;

use shared::model::invitation::InvitationId;
use shared::store::RevokeInvitation;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(revoke)
}

async fn revoke(context: Context, by: Granted<RevokeInvitation>) -> ApiResult {
    let id: InvitationId = context.request().path_id("id", "invitation")?;
    context.store().invitations().revoke(by, &id).await?;
    response::no_content()
}
