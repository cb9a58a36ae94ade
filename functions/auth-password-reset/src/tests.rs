use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use shared::auth::reset::ResetToken;
use shared::endpoint::Reply;
use shared::mail::Mailer;
use shared::model::id::UserId;
use shared::model::user::{Role, UserChange};
use shared::model::version::IfMatch;
use shared::runtime::public;
use shared::testing::{
    ATTEMPT_LIMITS, Answer, Event, Handler, Value, World, checks, json, run, steps, together,
};
use shared::{App, Request};

use super::{Settings, request_reset};

/// What mails are written into; gone at the end of the test.
struct Outbox(PathBuf);

impl Outbox {
    fn new(world: &World) -> Self {
        let folder = env::temp_dir().join(world.app.random_text::<16>().unwrap());
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn mailer(&self) -> Mailer {
        Mailer::Outbox(self.0.clone())
    }

    fn mails(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).unwrap().map(|file| file.unwrap().path());
        files.map(|path| fs::read_to_string(path).unwrap()).collect()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn ready(mailer: Mailer, page: Option<&str>) -> impl Fn(App, Request) -> Reply + Clone + use<> {
    let page = page.map(str::to_owned);
    let settings = Arc::new(Settings { mailer, page, attempts: ATTEMPT_LIMITS });
    public(move |app, request| request_reset(app, settings.clone(), request))
}

async fn ask(world: &World, handler: impl Handler, email: &str) -> Answer {
    let event = Event::of("auth-password-reset").json(json!({"email": email}));
    world.call(handler, event).await
}

/// Whose password the token of a mail resets.
async fn owner(world: &World, token: &str) -> Option<UserId> {
    let hash = ResetToken::received(token).hash();
    world.app.table().reset(&hash, world.app.now()).await.unwrap()?.user_id
}

fn accepted() -> Value {
    json!({"message": "If there is an account with this address, a mail is on its way."})
}

#[test]
fn every_address_gets_the_same_answer_and_that_of_an_active_account_a_mail() {
    run(async |world: World| {
        let amara = world.actor_named("amara", Role::Staff).await;
        let ben = world.actor_named("ben", Role::Staff).await;
        let (change, now) = (UserChange { role: None, active: Some(false) }, world.app.now());
        steps::update_user(world.app.table(), ben.id(), change, &IfMatch::Any, now).await.unwrap();

        let outbox = Outbox::new(&world);
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
        // What is done for one address is done for all, or its time would tell.
        assert_eq!(world.rows("RESET#").await.len(), addresses.len());
    });
}

#[test]
fn where_there_is_a_page_the_mail_has_a_link_to_it() {
    run(async |world: World| {
        let amara = world.actor_named("amara", Role::Staff).await;
        let outbox = Outbox::new(&world);
        let handler = ready(outbox.mailer(), Some("https://clinic.example/reset"));
        ask(&world, handler, "amara@example.com").await.expect(202);
        let mail = &outbox.mails()[0];
        let link = "https://clinic.example/reset#token=";
        let token = mail.lines().find_map(|line| line.strip_prefix(link)).unwrap();
        assert_eq!(owner(&world, token).await, Some(amara.id()));
    });
}

#[test]
fn without_a_mailer_there_is_no_reset() {
    run(async |world: World| {
        let answer = ask(&world, ready(Mailer::None, None), "amara@example.com").await;
        assert_eq!(answer.header("retry-after"), Some("1"));
        answer.expect_problem(503, "unavailable");
    });
}

#[test]
fn a_mail_that_does_not_leave_is_no_answer_of_its_own() {
    run(async |world: World| {
        world.actor_named("amara", Role::Staff).await;
        let handler = ready(Mailer::Outbox("/no/such/folder".into()), None);
        let answer = ask(&world, handler, "amara@example.com").await;
        assert_eq!(answer.expect(202), accepted());
    });
}

#[test]
fn a_sixth_request_for_an_address_within_the_hour_is_refused_whosever_it_is() {
    run(async |world: World| {
        world.actor_named("amara", Role::Staff).await;
        let outbox = Outbox::new(&world);
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

#[test]
fn the_body_is_an_email_address_and_nothing_else() {
    run(async |world: World| {
        let outbox = Outbox::new(&world);
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
        // Of an outbox that is not there nobody is told.
        let mailer = Mailer::Outbox(env::temp_dir().join("healthcare-no-such-outbox"));
        (ready(mailer, None), Event::of("auth-password-reset"))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
