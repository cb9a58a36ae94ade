use std::env;
use std::time::Duration;

use shared::auth::attempts;
use shared::auth::mailed_token::MailedToken;
use shared::mail::Mailer;
use shared::model::id::UserId;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, UserChange};
use shared::testing::{
    ATTEMPT_LIMITS, Answer, Event, Handler, Outbox, Value, World, checks, json, public_with, run,
    steps, together,
};

use super::{Settings, request_reset};

fn ready(mailer: Mailer, page: Option<&str>) -> impl Handler + use<> {
    let page = page.map(str::to_owned);
    public_with(Settings { mailer, page, attempts: ATTEMPT_LIMITS }, request_reset)
}

async fn ask(world: &World, handler: impl Handler, email: &str) -> Answer {
    let event = Event::of("auth-password-reset").json(json!({"email": email}));
    world.call(handler, event).await
}

/// Returns the account whose password the token of a mail resets.
async fn owner(world: &World, token: &str) -> Option<UserId> {
    let hash = MailedToken::received(token).hash();
    world.app.store().resets().find(&hash, world.app.now()).await.unwrap()?.user_id
}

fn accepted() -> Value {
    json!({"message": "If there is an account with this address, a mail is on its way."})
}

#[test]
fn every_address_gets_the_same_answer_and_only_an_active_account_a_mail() {
    run(async |world: World| {
        let amara = world.actor_named("amara", Role::Staff).await;
        let ben = world.actor_named("ben", Role::Staff).await;
        let change = UserChange { active: Some(false), ..UserChange::default() };
        let (store, now) = (world.app.store(), world.app.now());
        steps::update_account(store, ben.id(), change, &Preconditions::NONE, now).await.unwrap();

        let outbox = Outbox::new();
        let handler = ready(outbox.mailer(), None);
        let addresses = ["AMARA@example.com", "nobody@example.com", "ben@example.com"];
        let calls = addresses.map(|email| ask(&world, handler.clone(), email));
        for answer in together(calls).await {
            assert_eq!(answer.expect(202), accepted());
        }

        let mails = outbox.mails();
        assert_eq!(mails.len(), 1);
        assert!(mails[0].starts_with("To: amara@example.com\n"), "{}", mails[0]);
        // 32 bytes in base64url.
        let token = mails[0].lines().find(|line| line.len() == 43).unwrap();
        assert_eq!(mails[0].matches(token).count(), 1);
        assert_eq!(owner(&world, token).await, Some(amara.id()));
        // Every address takes the same work, so that the time does not reveal an account.
        assert_eq!(world.rows("RESET#").await.len(), addresses.len());
    });
}

#[test]
fn mail_has_no_text_that_a_user_chose() {
    run(async |world: World| {
        world.actor_named("visit.casino.example", Role::Pending).await;
        let outbox = Outbox::new();
        ask(&world, ready(outbox.mailer(), None), "visit.casino.example@example.com")
            .await
            .expect(202);
        let mails = outbox.mails();
        let mut text = mails[0].lines().filter(|line| !line.starts_with("To: "));
        assert!(text.all(|line| !line.contains("casino")), "{}", mails[0]);
    });
}

#[test]
fn mail_links_to_the_configured_page() {
    run(async |world: World| {
        let amara = world.actor_named("amara", Role::Staff).await;
        let outbox = Outbox::new();
        let handler = ready(outbox.mailer(), Some("https://clinic.example/reset"));
        ask(&world, handler, "amara@example.com").await.expect(202);
        let mail = &outbox.mails()[0];
        let link = "https://clinic.example/reset#token=";
        let token = mail.lines().find_map(|line| line.strip_prefix(link)).unwrap();
        assert_eq!(owner(&world, token).await, Some(amara.id()));
    });
}

#[test]
fn reset_without_a_mailer_is_503() {
    run(async |world: World| {
        let answer = ask(&world, ready(Mailer::None, None), "amara@example.com").await;
        assert_eq!(answer.header("retry-after"), Some("1"));
        answer.expect_problem(503, "unavailable");
    });
}

#[test]
fn failed_mail_does_not_change_the_answer() {
    run(async |world: World| {
        world.actor_named("amara", Role::Staff).await;
        let handler = ready(Mailer::Outbox("/no/such/folder".into()), None);
        let answer = ask(&world, handler, "amara@example.com").await;
        assert_eq!(answer.expect(202), accepted());
    });
}

#[test]
fn sixth_request_for_an_address_within_an_hour_is_refused() {
    run(async |world: World| {
        world.actor_named("amara", Role::Staff).await;
        let outbox = Outbox::new();
        let handler = ready(outbox.mailer(), None);
        for email in ["amara@example.com", "nobody@example.com"] {
            let calls = (0..5).map(|_| ask(&world, handler.clone(), email));
            for answer in together(calls).await {
                answer.expect(202);
            }
            let answer = ask(&world, handler.clone(), email).await;
            assert_eq!(answer.header("retry-after"), Some("3600"));
            answer.expect_problem(429, "too_many_attempts");
        }
        assert_eq!(outbox.mails().len(), 5);
        world.advance(Duration::from_secs(60 * 60));
        ask(&world, handler, "amara@example.com").await.expect(202);
    });
}

/// An address that nobody has verified gets its own mails only, and only so many of all kinds.
#[test]
fn other_mails_count_towards_the_limit_of_an_address() {
    run(async |world: World| {
        world.actor_named("amara", Role::Staff).await;
        let outbox = Outbox::new();
        let email = "amara@example.com".parse().unwrap();
        for _ in 0..ATTEMPT_LIMITS.reset_mails.tries {
            let (store, now) = (world.app.store(), world.app.now());
            attempts::mail(store, now, &ATTEMPT_LIMITS, &email).await.unwrap();
        }
        let refused = ask(&world, ready(outbox.mailer(), None), "Amara@example.com").await;
        refused.expect_problem(429, "too_many_attempts");
        assert!(outbox.mails().is_empty());
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        let outbox = Outbox::new();
        let handler = ready(outbox.mailer(), None);
        for (body, field) in [
            (json!({}), "email"),
            (json!({"email": "amara"}), "email"),
            (json!({"email": 7}), "email"),
            (json!({"email": "amara@example.com", "username": "amara"}), "username"),
        ] {
            let event = Event::of("auth-password-reset").json(body);
            let answer = world.call(handler.clone(), event).await;
            let problem = answer.expect_problem(400, "invalid_body");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        world.actor_named("amara", Role::Staff).await;
        // A missing outbox does not change the answer.
        let mailer = Mailer::Outbox(env::temp_dir().join("healthcare-no-such-outbox"));
        (ready(mailer, None), Event::of("auth-password-reset"))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-password-reset", &[]);
}
