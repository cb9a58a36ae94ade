use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::mailed_token::MailedToken;
use shared::auth::registration::RegistrationPolicy;
use shared::auth::verification::VerificationMail;
use shared::mail::Mailer;
use shared::model::user::Role;
use shared::store::WindowRule;
use shared::testing::{
    ATTEMPT_LIMITS, Event, Handler, Outbox, PASSWORD_POLICY, World, checks, json, public_recorded,
    run, together,
};

use super::{Settings, register};

fn settings(role: Option<Role>, first_is_admin: bool) -> Settings {
    Settings {
        registration: RegistrationPolicy { role, first_is_admin },
        passwords: PASSWORD_POLICY,
        attempts: ATTEMPT_LIMITS,
        mail: VerificationMail { mailer: Mailer::None, page: None },
    }
}

fn with(role: Role, first_is_admin: bool) -> impl Handler + use<> {
    public_recorded(super::OPERATION, settings(Some(role), first_is_admin), register)
}

fn mailing(mailer: Mailer, page: Option<&str>) -> impl Handler + use<> {
    let mail = VerificationMail { mailer, page: page.map(str::to_owned) };
    public_recorded(
        super::OPERATION,
        Settings { mail, ..settings(Some(Role::Staff), true) },
        register,
    )
}

fn closed(attempts: AttemptLimits) -> impl Handler + use<> {
    public_recorded(super::OPERATION, Settings { attempts, ..settings(None, true) }, register)
}

fn event() -> Event {
    Event::of("auth-register")
}

#[test]
fn makes_an_account_and_returns_no_password() {
    run(async |world| {
        let body = world.call(with(Role::Pending, false), event()).await.expect(201);
        assert_eq!(
            body,
            json!({
                "message": "The account was created.",
                "user": {
                    "id": 1, "username": "amara", "email": "amara@example.com",
                    "email_verified": false, "role": "pending", "doctor_id": null, "patient_id": null,
                    "active": true, "version": 1, "created_at": "2026-01-31T12:00:00.000Z",
                },
            })
        );
    });
}

#[test]
fn taken_name_is_refused_in_any_letter_case_and_the_other_name_stays_free() {
    run(async |world: World| {
        let register = with(Role::Staff, false);
        world.call(register.clone(), event()).await.expect(201);

        let taken = event().with(json!({"username": "AMARA", "email": "other@example.com"}));
        let problem = world.call(register.clone(), taken).await.expect_problem(409, "conflict");
        assert_eq!(problem["errors"], json!({"username": ["is already taken"]}));
        let taken = event().with(json!({"username": "other", "email": "Amara@Example.com"}));
        let problem = world.call(register.clone(), taken).await.expect_problem(409, "conflict");
        assert_eq!(problem["errors"], json!({"email": ["is already taken"]}));
        let both = world.call(register.clone(), event()).await.expect_problem(409, "conflict");
        assert_eq!(both["errors"].as_object().unwrap().len(), 2);

        let free = event().with(json!({"username": "other", "email": "other@example.com"}));
        world.call(register, free).await.expect(201);
    });
}

#[test]
fn only_the_first_local_account_is_admin() {
    run(async |world: World| {
        let register = with(Role::Staff, true);
        let first = world.call(register.clone(), event()).await.expect(201);
        assert_eq!(first["user"]["role"], "admin");
        let second = event().with(json!({"username": "ben", "email": "ben@example.com"}));
        let second = world.call(register, second).await.expect(201);
        assert_eq!(second["user"]["role"], "staff");
    });
}

#[test]
fn one_of_several_concurrent_first_accounts_is_admin() {
    run(async |world: World| {
        let register = with(Role::Staff, true);
        let calls = (0..8).map(|n| {
            let names = json!({"username": format!("u{n}"), "email": format!("u{n}@example.com")});
            world.call(register.clone(), event().with(names))
        });
        let mut roles = Vec::new();
        for answer in together(calls).await {
            roles.push(answer.expect(201)["user"]["role"].as_str().unwrap().to_owned());
        }
        assert_eq!(roles.iter().filter(|role| *role == "admin").count(), 1, "{roles:?}");
    });
}

#[test]
fn every_field_is_checked() {
    run(async |world: World| {
        let wrong =
            json!({"username": "a b", "email": "amara", "password": "short", "role": "admin"});
        let event = event().json(wrong);
        let problem =
            world.call(with(Role::Staff, false), event).await.expect_problem(400, "invalid_body");
        assert_eq!(
            problem["errors"],
            json!({
                "username": ["may contain letters, digits and @ . + - _ only"],
                "email": ["must be an email address, such as jane@example.com"],
                "password": ["must have 8 to 128 characters"],
                "role": ["is not a field of this request"],
            })
        );
    });
}

#[test]
fn username_with_an_at_sign_must_be_the_accounts_own_email() {
    run(async |world: World| {
        let register = with(Role::Staff, false);
        let foreign = event().with(json!({"username": "ben@example.com"}));
        let problem =
            world.call(register.clone(), foreign).await.expect_problem(400, "invalid_body");
        let message = "with @ in it must be the account's own email address";
        assert_eq!(problem["errors"], json!({"username": [message]}));
        let own = event().with(json!({"username": "Amara@example.com"}));
        world.call(register, own).await.expect(201);
    });
}

#[test]
fn deceptive_names_are_refused() {
    run(async |world: World| {
        let register = with(Role::Staff, false);
        let characters = "may contain letters, digits and @ . + - _ only";
        let scripts = "must not mix letters of different scripts";
        // A Cyrillic а, a zero-width space, a Hangul filler, an override of the direction.
        for (username, message) in [
            ("bug_\u{430}", scripts),
            ("bug_a\u{200b}", characters),
            ("bug_\u{3164}", characters),
            ("\u{202e}a_gub", characters),
        ] {
            let deceptive = event().with(json!({"username": username}));
            let problem = world.call(register.clone(), deceptive).await;
            let problem = problem.expect_problem(400, "invalid_body");
            assert_eq!(problem["errors"], json!({"username": [message]}), "{username:?}");
        }
        let deceptive = event().with(json!({"email": "ama\u{ad}ra@example.com"}));
        let problem = world.call(register, deceptive).await.expect_problem(400, "invalid_body");
        assert!(problem["errors"]["email"].is_array(), "{problem}");
    });
}

#[test]
fn username_is_taken_by_one_that_looks_like_it() {
    run(async |world: World| {
        let register = with(Role::Staff, false);
        let cyrillic = "\u{441}\u{43e}\u{440}";
        for (names, status) in [
            (["cop", "one@example.com"], 201),
            ([cyrillic, "two@example.com"], 409),
            (["c0p", "three@example.com"], 201),
            // Cyrillic, and then Latin.
            (["\u{43e}\u{440}\u{430}", "four@example.com"], 201),
            (["opa", "five@example.com"], 409),
            (["OPA", "six@example.com"], 409),
            (["\u{41e}\u{420}\u{410}", "seven@example.com"], 409),
            (["zoë", "eight@example.com"], 201),
            (["zoe", "nine@example.com"], 201),
        ] {
            let [username, email] = names;
            let new = event().with(json!({"username": username, "email": email}));
            let answer = world.call(register.clone(), new).await;
            assert_eq!(answer.status, status, "{username}: {}", answer.body);
            if status == 409 {
                let problem = answer.expect_problem(409, "conflict");
                assert_eq!(problem["errors"], json!({"username": ["is already taken"]}));
            }
        }
    });
}

#[test]
fn email_is_taken_in_every_spelling_of_its_domain() {
    run(async |world: World| {
        let register = with(Role::Staff, false);
        let first = event().with(json!({"email": "amara@münchen.example"}));
        let body = world.call(register.clone(), first).await.expect(201);
        assert_eq!(body["user"]["email"], "amara@münchen.example");
        for email in ["amara@xn--mnchen-3ya.example", "AMARA@MÜNCHEN.example"] {
            let again = event().with(json!({"username": "other", "email": email}));
            let problem = world.call(register.clone(), again).await;
            let problem = problem.expect_problem(409, "conflict");
            assert_eq!(problem["errors"], json!({"email": ["is already taken"]}));
        }
        let own = json!({"username": "ben@münchen.example", "email": "ben@xn--mnchen-3ya.example"});
        world.call(register, event().with(own)).await.expect(201);
    });
}

#[test]
fn registrations_from_an_address_are_limited() {
    run(async |world: World| {
        let address = WindowRule { tries: 2, ..ATTEMPT_LIMITS.address };
        let attempts = AttemptLimits { address, ..ATTEMPT_LIMITS };
        let settings = Settings { attempts, ..settings(Some(Role::Staff), false) };
        let register = public_recorded(super::OPERATION, settings, register);
        // An invalid body is not counted.
        for _ in 0..3 {
            let wrong = event().with(json!({"email": "amara"}));
            world.call(register.clone(), wrong).await.expect(400);
        }
        world.call(register.clone(), event()).await.expect(201);
        world.call(register.clone(), event()).await.expect(409);
        let refused = world.call(register.clone(), event()).await;
        assert!(refused.header("retry-after").is_some());
        refused.expect_problem(429, "too_many_attempts");
        world.call(register, event().from_address("198.51.100.1")).await.expect(409);
    });
}

#[test]
fn guessable_password_is_refused() {
    run(async |world: World| {
        let register = with(Role::Staff, false);
        for (username, password) in [
            ("amara", "password1"),
            ("amara", "healthcare1"),
            ("zbigniew.kowal", "zbigniewkowal"),
            ("amara", "zbigniew@example.com"),
            ("amara", "Hospital2026!"),
        ] {
            let event = event().with(json!({
                "username": username, "password": password, "email": "zbigniew@example.com",
            }));
            let problem = world.call(register.clone(), event).await;
            let problem = problem.expect_problem(400, "invalid_body");
            let about_password = problem["errors"]["password"][0].as_str().unwrap_or_default();
            assert!(about_password.starts_with("is too easy to guess"), "{password}: {problem}");
        }
    });
}

#[test]
fn registration_is_counted_before_its_password_is_judged() {
    run(async |world: World| {
        let address = WindowRule { tries: 2, ..ATTEMPT_LIMITS.address };
        let attempts = AttemptLimits { address, ..ATTEMPT_LIMITS };
        let settings = Settings { attempts, ..settings(Some(Role::Staff), false) };
        let register = public_recorded(super::OPERATION, settings, register);
        let weak = || event().with(json!({"password": "password1"}));
        for _ in 0..2 {
            let answer = world.call(register.clone(), weak()).await;
            answer.expect_problem(400, "invalid_body");
        }
        world.call(register, weak()).await.expect_problem(429, "too_many_attempts");
    });
}

#[test]
fn password_is_judged_in_a_slot_of_a_hash() {
    run(async |world: World| {
        let _permit = world.app.hash_slots().take_all().unwrap();
        let weak = event().with(json!({"password": "password1"}));
        let answer = world.call(with(Role::Staff, false), weak).await;
        answer.expect_problem(503, "unavailable");
    });
}

#[test]
fn registration_makes_three_calls() {
    run(async |world: World| {
        world.call(with(Role::Staff, false), event()).await.expect(201);
        assert_eq!(world.calls.take(), ["UpdateItem", "UpdateItem", "TransactWriteItems"]);
    });
}

#[test]
fn closed_registration_makes_no_account_and_is_counted() {
    run(async |world: World| {
        let address = WindowRule { tries: 2, ..ATTEMPT_LIMITS.address };
        let handler = closed(AttemptLimits { address, ..ATTEMPT_LIMITS });
        for _ in 0..2 {
            world.calls.take();
            let answer = world.call(handler.clone(), event()).await;
            answer.expect_problem(403, "registration_closed");
            assert_eq!(world.calls.take(), ["UpdateItem"]);
        }
        world.call(handler, event()).await.expect_problem(429, "too_many_attempts");
        assert!(world.rows("USER#").await.is_empty());
    });
}

#[test]
fn mails_a_token_that_verifies_the_address_and_nothing_that_a_stranger_chose() {
    run(async |world: World| {
        let outbox = Outbox::new();
        let handler = mailing(outbox.mailer(), Some("https://clinic.example/verify"));
        let names = json!({"username": "Win_a_prize", "email": "amara@example.com"});
        let body = world.call(handler, event().with(names)).await.expect(201);
        assert_eq!(body["user"]["email_verified"], false);
        let (mail, token) = outbox.take();
        assert!(mail.starts_with("To: amara@example.com\n"), "{mail}");
        assert!(mail.contains(&format!("https://clinic.example/verify#token={token}\n")), "{mail}");
        assert!(!mail.contains("prize"), "{mail}");
        let hash = MailedToken::received(&token).hash();
        let verifications = world.app.store().verifications();
        verifications.complete(&hash, world.app.now()).await.unwrap();
        let rows = world.rows("USER#").await;
        assert_eq!(rows[0]["email_verified"].as_bool(), Ok(&true));
    });
}

/// The limit of an address is the same for all mails that it gets before it is verified.
#[test]
fn account_is_made_without_a_mail_if_the_mail_is_refused() {
    run(async |world: World| {
        let missing = Mailer::Outbox("/no/such/folder".into());
        world.call(mailing(missing, None), event()).await.expect(201);

        let outbox = Outbox::new();
        let email = "ben@example.com".parse().unwrap();
        for _ in 0..ATTEMPT_LIMITS.reset_mails.tries {
            let (store, now) = (world.app.store(), world.app.now());
            attempts::mail(store, now, &ATTEMPT_LIMITS, &email).await.unwrap();
        }
        let ben = json!({"username": "ben", "email": "ben@example.com"});
        world.call(mailing(outbox.mailer(), None), event().with(ben)).await.expect(201);
        assert!(outbox.mails().is_empty());
    });
}

#[test]
fn taken_address_gets_no_mail() {
    run(async |world: World| {
        world.call(with(Role::Staff, false), event()).await.expect(201);
        let outbox = Outbox::new();
        let again = event().with(json!({"username": "other"}));
        world.call(mailing(outbox.mailer(), None), again).await.expect(409);
        assert!(outbox.mails().is_empty());
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    let outbox = Outbox::new();
    checks::survives_faults(async |_| (mailing(outbox.mailer(), None), event()));
}

#[test]
fn survives_a_dynamodb_that_fails_without_mail() {
    checks::variant_survives_faults(async |_| (with(Role::Staff, true), event()));
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-register", &[]);
}
