use std::env;
use std::time::Duration;

use shared::auth::mailed_token::MailedToken;
use shared::mail::Mailer;
use shared::model::invitation::InvitationId;
use shared::model::user::Role;
use shared::testing::{
    ATTEMPT_LIMITS, Actor, Answer, Event, Handler, Outbox, PASSWORD, Value, World, checks, json,
    protected_with, run, together,
};

use super::{Settings, create};

const EMAIL: &str = "bruno@example.com";

fn ready(mailer: Mailer, page: Option<&str>) -> impl Handler + use<> {
    let page = page.map(str::to_owned);
    protected_with(Settings { mailer, page, attempts: ATTEMPT_LIMITS }, create)
}

fn event() -> Event {
    Event::of("invitations-create")
}

async fn invite(world: &World, outbox: &Outbox, admin: &Actor, fields: Value) -> Answer {
    world.call(ready(outbox.mailer(), None), event().with(fields).by(admin)).await
}

/// Whether the token of a mail accepts an invitation now.
async fn is_open(world: &World, token: &str) -> bool {
    let token = MailedToken::received(token);
    let id: InvitationId = token.name().unwrap().parse().unwrap();
    let found = world.app.store().invitations().find(&id, &token.hash(), world.app.now()).await;
    found.unwrap().is_some()
}

#[test]
fn mails_a_token_to_the_invited_address_and_returns_no_secret() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let outbox = Outbox::new();
        let body = invite(&world, &outbox, &admin, json!({"role": "admin"})).await.expect(201);
        let id = InvitationId::of(&EMAIL.parse().unwrap());
        assert_eq!(
            body,
            json!({
                "id": id, "email": EMAIL, "role": "admin", "invited_by": 1,
                "created_at": "2026-01-31T12:00:00.000Z", "expires_at": "2026-02-07T12:00:00.000Z",
            })
        );
        let (mail, token) = outbox.take();
        assert!(mail.starts_with("To: bruno@example.com\n"), "{mail}");
        assert!(mail.contains("use this token within 7 days:"), "{mail}");
        assert!(is_open(&world, &token).await);
        let rows = world.rows("INVITATIONS").await;
        assert!(!format!("{rows:?}").contains(&token), "the token is stored");
    });
}

#[test]
fn mail_links_to_the_configured_page() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let outbox = Outbox::new();
        let handler = ready(outbox.mailer(), Some("https://clinic.example/join"));
        world.call(handler, event().by(&admin)).await.expect(201);
        let (mail, token) = outbox.take();
        assert!(mail.contains(&format!("https://clinic.example/join#token={token}\n")), "{mail}");
    });
}

#[test]
fn second_invitation_of_an_address_replaces_the_first() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let outbox = Outbox::new();
        invite(&world, &outbox, &admin, json!({"role": "admin"})).await.expect(201);
        let (_, first) = outbox.take();
        let again = json!({"email": "Bruno@EXAMPLE.com", "role": "staff"});
        invite(&world, &outbox, &admin, again).await.expect(201);
        let (_, second) = outbox.take();
        assert!(!is_open(&world, &first).await);
        assert!(is_open(&world, &second).await);
        assert_eq!(world.rows("INVITATIONS").await.len(), 1);
    });
}

#[test]
fn one_of_several_concurrent_invitations_of_an_address_is_open() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let outboxes = [Outbox::new(), Outbox::new(), Outbox::new()];
        let calls = outboxes.iter().map(|outbox| invite(&world, outbox, &admin, json!({})));
        for answer in together(calls).await {
            answer.expect(201);
        }
        let mut open = 0;
        for outbox in &outboxes {
            open += usize::from(is_open(&world, &outbox.take().1).await);
        }
        assert_eq!(open, 1);
    });
}

#[test]
fn address_of_an_account_is_refused_and_uses_up_no_mail() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        world.account_with_password("bruno", PASSWORD).await;
        let outbox = Outbox::new();
        for _ in 0..=ATTEMPT_LIMITS.reset_mails.tries {
            let answer = invite(&world, &outbox, &admin, json!({})).await;
            let problem = answer.expect_problem(409, "conflict");
            assert_eq!(problem["errors"], json!({"email": ["is already taken"]}));
        }
        assert!(outbox.mails().is_empty());
    });
}

#[test]
fn mails_to_an_address_are_limited_by_hour() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let outbox = Outbox::new();
        for _ in 0..ATTEMPT_LIMITS.reset_mails.tries {
            invite(&world, &outbox, &admin, json!({})).await.expect(201);
            outbox.take();
        }
        let refused = invite(&world, &outbox, &admin, json!({})).await;
        assert_eq!(refused.header("retry-after"), Some("3600"));
        refused.expect_problem(429, "too_many_attempts");
        assert!(outbox.mails().is_empty());
        world.advance(Duration::from_secs(60 * 60 - 1));
        let admin = world.sign_in(admin.user).await;
        world.advance(Duration::from_secs(1));
        invite(&world, &outbox, &admin, json!({})).await.expect(201);
    });
}

#[test]
fn invitation_without_a_mailer_is_503() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let missing = env::temp_dir().join("healthcare-no-such-outbox");
        for mailer in [Mailer::None, Mailer::Outbox(missing)] {
            let answer = world.call(ready(mailer, None), event().by(&admin)).await;
            assert_eq!(answer.header("retry-after"), Some("1"));
            answer.expect_problem(503, "unavailable");
        }
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let outbox = Outbox::new();
        for (fields, field) in [
            (json!({"email": "bruno"}), "email"),
            (json!({"email": null}), "email"),
            (json!({"role": "owner"}), "role"),
            (json!({"role": null}), "role"),
            (json!({"message": "Buy now"}), "message"),
        ] {
            let answer = invite(&world, &outbox, &admin, fields).await;
            let problem = answer.expect_problem(400, "invalid_body");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
        assert!(outbox.mails().is_empty());
    });
}

/// Their accounts are linked to a record first.
#[test]
fn doctors_and_patients_are_not_invited() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let outbox = Outbox::new();
        for role in ["doctor", "patient"] {
            let answer = invite(&world, &outbox, &admin, json!({"role": role})).await;
            let problem = answer.expect_problem(400, "invalid_body");
            let errors = json!({"role": ["must be one of admin, staff, pending"]});
            assert_eq!(problem["errors"], errors);
        }
        assert!(outbox.mails().is_empty() && world.rows("INVITATIONS").await.is_empty());
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        let outbox = Outbox::new();
        let handler = ready(outbox.mailer(), None);
        world.expect_staff_only(handler.clone(), event()).await;
        let staff = world.actor(Role::Staff).await;
        let answer = world.call(handler, event().by(&staff)).await;
        answer.expect_problem(403, "permission_denied");
        assert!(outbox.mails().is_empty());
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    let outbox = Outbox::new();
    checks::survives_faults(async |world| {
        let admin = world.actor(Role::Admin).await;
        (ready(outbox.mailer(), None), event().by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("invitations-create", &[]);
}
