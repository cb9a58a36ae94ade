use shared::auth::invitation;
use shared::auth::mailed_token::MailedToken;
use shared::model::user::Role;
use shared::testing::{Actor, Answer, Event, Handler, World, checks, protected, run};

use super::revoke;

fn handler() -> impl Handler {
    protected(revoke)
}

fn event() -> Event {
    Event::of("invitations-revoke")
}

async fn end(world: &World, actor: &Actor, id: impl ToString) -> Answer {
    world.call(handler(), event().path_parameter("id", id).by(actor)).await
}

async fn is_open(world: &World, token: &str) -> bool {
    let token = MailedToken::received(token);
    invitation::open(world.app.store(), &token, world.app.now()).await.is_ok()
}

#[test]
fn revoked_invitation_is_gone_and_others_stay() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let (revoked, token) = world.invite("bruno@example.com", Role::Staff).await;
        let (_, other) = world.invite("carla@example.com", Role::Staff).await;
        assert!(end(&world, &admin, &revoked.id).await.expect(204).is_null());
        assert!(!is_open(&world, &token).await);
        assert!(is_open(&world, &other).await);
        end(&world, &admin, &revoked.id).await.expect_problem(404, "not_found");
    });
}

#[test]
fn unknown_or_invalid_id_is_404() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        for id in ["abc", "", "a#b", &"x".repeat(100), "%00"] {
            end(&world, &admin, id).await.expect_problem(404, "not_found");
        }
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        world.expect_staff_only(handler(), event()).await;
        let staff = world.actor(Role::Staff).await;
        let (invited, token) = world.invite("bruno@example.com", Role::Staff).await;
        end(&world, &staff, &invited.id).await.expect_problem(403, "permission_denied");
        assert!(is_open(&world, &token).await);
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let admin = world.actor(Role::Admin).await;
        let (invited, _) = world.invite("bruno@example.com", Role::Staff).await;
        (handler(), event().path_parameter("id", &invited.id).by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("invitations-revoke", &[]);
}
