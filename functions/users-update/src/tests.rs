use shared::audit::Row;
use shared::config::Responses;
use shared::model::id::UserId;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, User, UserChange};
use shared::testing::{
    Actor, Answer, Event, Handler, Value, World, checks, json, protected, run, steps, together,
};

use super::update;

mod links;

fn handler() -> impl Handler {
    protected(update)
}

fn event() -> Event {
    Event::of("users-update")
}

async fn patch(world: &World, by: &Actor, id: impl ToString, change: Value) -> Answer {
    let event = event().path_parameter("id", id).json(change).by(by);
    world.call(handler(), event).await
}

async fn stored(world: &World, actor: &Actor) -> User {
    world.app.store().accounts().by_id(actor.id()).await.unwrap().unwrap()
}

#[test]
fn change_is_stored_as_a_new_version() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let pending = world.actor(Role::Pending).await;
        let answer = patch(&world, &admin, pending.id(), json!({"role": "staff"})).await;
        assert_eq!(answer.header("etag"), Some("\"2\""));
        assert_eq!(
            answer.expect(200),
            json!({
                "id": 2, "username": "pending", "email": "pending@example.com", "email_verified": false,
                "role": "staff", "doctor_id": null, "patient_id": null, "active": true, "version": 2,
                "created_at": "2026-01-31T12:00:00.000Z",
            })
        );
        let user = stored(&world, &pending).await;
        assert_eq!((user.role, user.active, user.version), (Role::Staff, true, 2));
        assert_eq!(world.status_of(&pending).await, 204);
    });
}

#[test]
fn if_match_is_honoured() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let pending = world.actor(Role::Pending).await;
        let event = event().path_parameter("id", pending.id()).by(&admin);
        for stale in ["\"2\"", "W/\"1\"", "nonsense"] {
            let answer = world.call(handler(), event.clone().header("if-match", stale));
            answer.await.expect_problem(412, "precondition_failed");
        }
        let user = stored(&world, &pending).await;
        assert_eq!((user.role, user.version), (Role::Pending, 1));
        world.call(handler(), event.header("if-match", "\"1\"")).await.expect(200);
        assert_eq!(stored(&world, &pending).await.role, Role::Staff);
    });
}

#[test]
fn change_whose_answer_was_lost_can_be_sent_again() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let pending = world.actor(Role::Pending).await;
        let event = event().path_parameter("id", pending.id()).header("if-match", "\"1\"");
        let event = event.by(&admin);
        let to = |role| event.clone().json(json!({ "role": role }));
        let changed = world.call(handler(), to("staff")).await.expect(200);
        assert_eq!(world.call(handler(), to("staff")).await.expect(200), changed);
        world.call(handler(), to("admin")).await.expect_problem(412, "precondition_failed");
        assert_eq!(stored(&world, &pending).await.version, 2);
    });
}

#[test]
fn if_match_can_be_required() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let pending = world.actor(Role::Pending).await;
        let responses = Responses { requires_if_match: true, ..Responses::default() };
        let app = world.app_with_responses(responses);
        let event = event().path_parameter("id", pending.id()).by(&admin);
        let without = world.call_in(&app, handler(), event.clone()).await;
        without.expect_problem(428, "precondition_required");
        world.call_in(&app, handler(), event.header("if-match", "\"1\"")).await.expect(200);
    });
}

#[test]
fn change_of_nothing_keeps_the_version() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let pending = world.actor(Role::Pending).await;
        for change in [json!({}), json!({"role": "pending", "active": true})] {
            let answer = patch(&world, &admin, pending.id(), change).await;
            assert_eq!(answer.header("etag"), Some("\"1\""));
            assert_eq!(answer.expect(200)["role"], "pending");
        }
        assert_eq!(stored(&world, &pending).await.version, 1);
    });
}

#[test]
fn each_answer_has_one_row_in_the_audit_trail_that_names_the_account() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let pending = world.actor(Role::Pending).await;
        // The second request changes nothing.
        for _ in 0..2 {
            patch(&world, &admin, pending.id(), json!({"role": "staff"})).await.expect(200);
        }
        let rows = world.audit_rows().await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.facts.subjects.accounts.iter().eq([&pending.id()])));
    });
}

#[test]
fn refused_and_failed_changes_have_rows_that_name_the_account() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let staff = world.actor(Role::Staff).await;
        let pending = world.actor(Role::Pending).await;
        patch(&world, &staff, pending.id(), json!({"role": "admin"})).await.expect(403);
        patch(&world, &admin, pending.id(), json!({"role": "owner"})).await.expect(400);
        patch(&world, &admin, admin.id(), json!({"active": false})).await.expect(409);
        let rows = world.audit_rows().await;
        let said = |row: &Row| {
            let accounts: Vec<UserId> = row.facts.subjects.accounts.iter().copied().collect();
            (row.facts.outcome.to_string(), accounts)
        };
        let mut said: Vec<_> = rows.iter().map(said).collect();
        said.sort();
        let expected = [
            ("conflict".to_owned(), vec![admin.id()]),
            ("invalid_body".to_owned(), vec![pending.id()]),
            ("permission_denied".to_owned(), vec![pending.id()]),
        ];
        assert_eq!(said, expected);
    });
}

#[test]
fn invalid_fields_are_named_and_change_nothing() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let pending = world.actor(Role::Pending).await;
        let wrong = json!({
            "role": "owner", "active": "no", "username": "root", "doctor_id": "1", "patient_id": 0,
        });
        let answer = patch(&world, &admin, pending.id(), wrong).await;
        assert_eq!(
            answer.expect_problem(400, "invalid_body")["errors"],
            json!({
                "role": ["must be one of admin, staff, doctor, patient, pending"],
                "active": ["must be true or false"],
                "doctor_id": ["must be a positive integer of at most 9007199254740991"],
                "patient_id": ["must be a positive integer of at most 9007199254740991"],
                "username": ["is not a field of this request"],
            })
        );
        let wrong = json!({"role": 7, "active": false});
        let answer = patch(&world, &admin, pending.id(), wrong).await;
        let problem = answer.expect_problem(400, "invalid_body");
        assert!(problem["errors"]["role"].is_array(), "{problem}");
        assert_eq!(stored(&world, &pending).await.version, 1);
    });
}

#[test]
fn missing_account_is_404() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        for id in ["2", "0", "-1", "abc", "1.5", "9007199254740992", "%00"] {
            let answer = patch(&world, &admin, id, json!({"role": "staff"})).await;
            answer.expect_problem(404, "not_found");
        }
    });
}

#[test]
fn deactivation_ends_every_session_permanently() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let staff = world.actor(Role::Staff).await;
        let elsewhere = world.sign_in(staff.user.clone()).await;
        for active in [false, true] {
            patch(&world, &admin, staff.id(), json!({"active": active})).await.expect(200);
            assert_eq!(world.status_of(&staff).await, 401);
            assert_eq!(world.status_of(&elsewhere).await, 401);
        }
        let later = world.sign_in(stored(&world, &staff).await).await;
        assert_eq!(world.status_of(&later).await, 204);
    });
}

#[test]
fn last_active_administrator_cannot_be_demoted_or_deactivated() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let second = world.actor_named("second", Role::Admin).await;
        patch(&world, &admin, second.id(), json!({"active": false})).await.expect(200);
        for (change, field) in [
            (json!({"role": "staff"}), "role"),
            (json!({"active": false}), "active"),
            (json!({"role": "pending", "active": false}), "active"),
        ] {
            let answer = patch(&world, &admin, admin.id(), change).await;
            let problem = answer.expect_problem(409, "conflict");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
        assert!(stored(&world, &admin).await.is_active_admin());
        assert_eq!(stored(&world, &admin).await.version, 1);
    });
}

#[test]
fn administrator_can_be_demoted_while_another_is_active() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        world.actor_named("second", Role::Admin).await;
        patch(&world, &admin, admin.id(), json!({"role": "staff"})).await.expect(200);
        let answer = patch(&world, &admin, admin.id(), json!({"role": "admin"})).await;
        answer.expect_problem(403, "permission_denied");
    });
}

#[test]
fn one_of_two_administrators_who_demote_each_other_remains() {
    run(async |world: World| {
        let one = world.actor_named("one", Role::Admin).await;
        let two = world.actor_named("two", Role::Admin).await;
        for _ in 0..8 {
            let calls = [(&one, &two), (&two, &one)]
                .map(|(by, of)| patch(&world, by, of.id(), json!({"role": "staff"})));
            let answers = together(calls).await;
            let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert!(matches!(statuses[..], [200, 403 | 409]), "{statuses:?}");
            let left = [stored(&world, &one).await, stored(&world, &two).await];
            assert_eq!(left.iter().filter(|user| user.is_active_admin()).count(), 1);

            let again = UserChange { role: Some(Role::Admin), ..UserChange::default() };
            for actor in [&one, &two] {
                let (store, now) = (world.app.store(), world.app.now());
                steps::update_account(store, actor.id(), again, &Preconditions::NONE, now)
                    .await
                    .unwrap();
            }
        }
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        world.expect_staff_only(handler(), event()).await;
        let staff = world.actor(Role::Staff).await;
        let answer = patch(&world, &staff, staff.id(), json!({"role": "admin"})).await;
        answer.expect_problem(403, "permission_denied");
        assert_eq!(stored(&world, &staff).await.role, Role::Staff);
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let admin = world.actor(Role::Admin).await;
        let pending = world.actor(Role::Pending).await;
        (handler(), event().path_parameter("id", pending.id()).by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("users-update", &[]);
}
