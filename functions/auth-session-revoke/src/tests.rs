use std::time::Duration;

use shared::model::user::Role;
use shared::testing::{Actor, Answer, Event, World, checks, protected, run};

use super::revoke;

fn event() -> Event {
    Event::of("auth-session-revoke")
}

async fn end(world: &World, actor: &Actor, id: impl ToString) -> Answer {
    world.call(protected(revoke), event().path_parameter("id", id).by(actor)).await
}

#[test]
fn ends_only_the_named_session() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        let lost = world.sign_in(asking.user.clone()).await;
        assert!(end(&world, &asking, lost.session_id()).await.expect(204).is_null());
        assert_eq!(world.status_of(&lost).await, 401);
        assert_eq!(world.status_of(&asking).await, 204);
    });
}

#[test]
fn row_of_the_trail_names_the_session_that_ended() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        let lost = world.sign_in(asking.user.clone()).await;
        for status in [204, 404] {
            end(&world, &asking, lost.session_id()).await.expect(status);
            world.advance(Duration::from_secs(1));
        }
        let rows = world.audited("auth-session-revoke").await;
        let objects: Vec<_> = rows.iter().map(|facts| facts.object.clone()).collect();
        // A text that the client may have made up is in no row.
        assert_eq!(objects, [Some(lost.session_id().to_string()), None]);
        assert!(rows.iter().all(|facts| facts.session == Some(asking.session_id())));
    });
}

#[test]
fn session_can_end_itself() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        end(&world, &asking, asking.session_id()).await.expect(204);
        assert_eq!(world.status_of(&asking).await, 401);
    });
}

#[test]
fn ended_session_is_404() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        let lost = world.sign_in(asking.user.clone()).await;
        end(&world, &asking, lost.session_id()).await.expect(204);
        end(&world, &asking, lost.session_id()).await.expect_problem(404, "not_found");
    });
}

#[test]
fn session_of_another_account_is_404_and_stays_valid() {
    run(async |world: World| {
        let (asking, stranger) = (world.actor(Role::Admin).await, world.actor(Role::Pending).await);
        end(&world, &asking, stranger.session_id()).await.expect_problem(404, "not_found");
        assert_eq!(world.status_of(&stranger).await, 204);
    });
}

#[test]
fn invalid_id_is_404() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        for id in ["", "a#b", &"x".repeat(100), "%00"] {
            end(&world, &asking, id).await.expect_problem(404, "not_found");
        }
    });
}

#[test]
fn caller_who_is_not_signed_in_is_refused() {
    run(async |world: World| world.expect_signed_in_only(protected(revoke), event()).await);
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        let other = world.sign_in(staff.user.clone()).await;
        (protected(revoke), event().path_parameter("id", other.session_id()).by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-session-revoke", &[]);
}
