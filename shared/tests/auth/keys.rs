//! The public token keys: published before use, found when unknown, and not asked for too often.

use std::time::Duration;

use secrecy::SecretString;
use shared::auth::minter::Minter;
use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, run};
use shared::{ApiResult, App, Caller, Request, response};

async fn me(_app: App, _caller: Caller, _request: Request) -> ApiResult {
    response::no_content()
}

#[test]
fn a_new_key_is_found_within_thirty_seconds() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = Event::of("auth-me");
        world.call(signed_in(me), event.clone().by(&staff)).await.expect(204);

        // Another secret begins to sign; this verifier read the keys a moment ago.
        let secret = SecretString::from("another secret of a test, also long enough");
        let minter = Minter::new(&secret).unwrap();
        let event = event.by(&world.sign_in_with(&minter, staff.user).await);
        world.call(signed_in(me), event.clone()).await.expect(401);
        world.advance(Duration::from_secs(29));
        world.call(signed_in(me), event.clone()).await.expect(401);
        world.advance(Duration::from_secs(1));
        world.call(signed_in(me), event).await.expect(204);
    });
}
