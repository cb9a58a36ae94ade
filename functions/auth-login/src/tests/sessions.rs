//! The number of sessions of an account.

use std::time::Duration;

use secrecy::ExposeSecret;
use shared::auth::sessions;
use shared::testing::{PASSWORD, SESSION_LIMITS, World, json, run};

use super::{call, stored_sessions};

#[test]
fn fifty_first_session_ends_the_oldest_and_the_answer_says_so() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let mut open = Vec::new();
        for _ in 0..50 {
            open.push(world.sign_in(user.clone()).await);
            world.advance(Duration::from_secs(1));
        }
        // The oldest by its login, also if it was used last.
        let (store, system, idle) = (world.app.store(), world.app.system(), SESSION_LIMITS.idle);
        let oldest = open[0].refresh.expose_secret();
        sessions::refresh(store, system, &world.minter, idle, oldest).await.unwrap();
        let body = call(&world, json!({})).await.expect(200);
        assert_eq!(body["ended_sessions"], 1);
        assert_eq!(world.status_of(&open[0]).await, 401);
        assert_eq!(world.status_of(&open[1]).await, 204);
        assert_eq!(stored_sessions(&world).await, 50);
    });
}

/// DynamoDB removes them late.
#[test]
fn sessions_that_have_ended_leave_the_table_before_open_ones() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        for _ in 0..49 {
            world.sign_in(user.clone()).await;
        }
        world.advance(SESSION_LIMITS.idle);
        let open = world.sign_in(user).await;
        let body = call(&world, json!({})).await.expect(200);
        assert_eq!(body["ended_sessions"], 0);
        assert_eq!(world.status_of(&open).await, 204);
        assert_eq!(stored_sessions(&world).await, 50);
    });
}
