//! The public token keys: an unknown one is looked for, but not too often.

use std::time::Duration;

use secrecy::SecretString;
use shared::auth::minter::Minter;
use shared::model::user::Role;
use shared::testing::{World, run, tokens};

#[test]
fn new_key_is_found_within_thirty_seconds() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        assert_eq!(world.status_of(&staff).await, 204);

        // Tokens are now signed with another secret's key; this verifier read the keys a moment ago.
        let secret = SecretString::from("another secret of a test, also long enough");
        let minter = Minter::new(&secret, tokens()).unwrap();
        let actor = world.sign_in_with(&minter, staff.user).await;
        assert_eq!(world.status_of(&actor).await, 401);
        world.advance(Duration::from_secs(29));
        assert_eq!(world.status_of(&actor).await, 401);
        world.advance(Duration::from_secs(1));
        assert_eq!(world.status_of(&actor).await, 204);
    });
}
