//! `cargo ops revoke-everyone`: ends all sessions of all accounts.

use futures_util::{StreamExt, TryStreamExt, stream};
use shared::model::id::{Id, UserId};
use shared::model::timestamp::Timestamp;
use shared::store::Store;

use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Result, ui};

/// The number of accounts that are changed at the same time.
const AT_ONCE: usize = 16;

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,
}

pub async fn run(options: &Options) -> Result {
    let target = unless_stopped(options.target.open(), false).await?.ok_or("stopped")??;
    let store = target.recorded_as("ops revoke-everyone")?;
    let revoked = unless_stopped(revoke(&store), false).await?;
    let accounts = revoked.ok_or("stopped; run the same command again to revoke everyone")??;
    ui::print(format!("accounts signed out: {accounts}\n"));
    Ok(())
}

/// Ends all sessions and returns the number of accounts. Goes through the ids, because the list of accounts lags
/// behind: the counter includes every account.
async fn revoke(store: &Store) -> Result<u64> {
    let operator = store.operator();
    let last = operator.last_user_id().await?.map_or(0, Id::get);
    let progress = ui::progress("Revoking", last)?;
    let accounts = stream::iter((1..=last).filter_map(UserId::new))
        .map(|id| operator.end_sessions_of(id, Timestamp::system()))
        .buffer_unordered(AT_ONCE)
        .try_fold(0, async |accounts, exists| {
            progress.inc(1);
            Ok(accounts + u64::from(exists))
        });
    Ok(accounts.await?)
}

#[cfg(test)]
mod tests {
    use shared::model::user::Role;
    use shared::testing::{World, run};

    use super::*;

    #[test]
    fn no_session_is_valid_afterwards_and_everybody_can_sign_in_again() {
        run(async |world: World| {
            assert_eq!(revoke(world.app.store()).await.unwrap(), 0);
            let admin = world.actor(Role::Admin).await;
            let staff = world.actor(Role::Staff).await;
            assert_eq!((world.status_of(&admin).await, world.status_of(&staff).await), (204, 204));

            assert_eq!(revoke(world.app.store()).await.unwrap(), 2);
            assert_eq!((world.status_of(&admin).await, world.status_of(&staff).await), (401, 401));
            let user = world.app.store().accounts().by_id(staff.id()).await.unwrap().unwrap();
            let again = world.sign_in(user).await;
            assert_eq!(world.status_of(&again).await, 204);
        });
    }
}
