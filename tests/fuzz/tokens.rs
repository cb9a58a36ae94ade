//! Access tokens and refresh tokens.

use proptest::prelude::*;
use secrecy::ExposeSecret;
use shared::auth::refresh_token::RefreshToken;
use shared::model::user::Role;
use shared::testing::World;
use tokio::runtime::Builder;

use crate::engine::fuzz;
use crate::inputs::text;

#[test]
fn refresh_token_is_stable() {
    let seeds = ["7.session.family.secret", "1.dGhl_IGlk-.ZmFtaWx5.c2VjcmV0", "..."];
    fuzz(400, &text(seeds), |input| {
        if let Some(token) = RefreshToken::parse(input) {
            let written = token.expose();
            let read = RefreshToken::parse(&written).map(|token| token.expose());
            prop_assert_eq!(read, Some(written));
            prop_assert!(token.unseal(input).is_err());
        }
        Ok(())
    });
}

#[test]
fn only_the_signed_text_is_an_access_token() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let actor = runtime.block_on(world.actor(Role::Staff));
    let token = actor.token.expose_secret();
    let others = ["a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.e30.AA"];
    let (verifier, store, now) = (world.app.verifier(), world.app.store(), world.app.now());
    fuzz(300, &text(others.into_iter().chain([token])), |input| {
        let verified = runtime.block_on(verifier.verify(store, now, input));
        prop_assert_eq!(verified.is_ok(), input == token);
        Ok(())
    });
    runtime.block_on(async move { drop(world) });
}
