//! /api/auth/password/: change and reset a password, password policy, throttles.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Actor, Anonymous, User};
use crate::clinic::{mailed_token, newcomer, unique, unique_email};
use crate::json::with;
use crate::response::Response;
use crate::stack;
use crate::threads::{count, together};

const REGISTER: &str = "/api/auth/register/";
const LOGIN: &str = "/api/auth/login/";
const CHANGE: &str = "/api/auth/password/";
const RESET: &str = "/api/auth/password/reset/";
const CONFIRM: &str = "/api/auth/password/reset/confirm/";
const ME: &str = "/api/auth/me/";
const NEW: &str = "seven-quiet-lanterns 9";

fn log_in(account: &Value, password: &str) -> Response {
    Anonymous.post(LOGIN, &json!({"username": account["username"], "password": password}))
}

#[test]
fn easily_guessed_password_is_refused() {
    let account = newcomer();
    let own_name = account["username"].as_str().unwrap();
    for password in [
        "password1",
        "qwertyuiop",
        "aaaaaaaaaaaa",
        "healthcare1",
        own_name,
        "Hospital2026!",
        "StMarysHospital",
        "Klinikum2026",
        "пароль123",
        "pass\u{ad}word2026",
    ] {
        let refused = Anonymous.post(REGISTER, &with(&account, "password", password));
        refused.assert_invalid(&["password"]);
    }
    Anonymous.post(REGISTER, &account).expect_status(201);
}

#[test]
fn composed_and_decomposed_characters_of_a_password_are_equal() {
    let (composed, decomposed) =
        ("vi\u{ea}t lanterns \u{e9} 42", "vie\u{302}t lanterns e\u{301} 42");
    for (set, sent) in [(composed, decomposed), (decomposed, composed)] {
        let account = with(&newcomer(), "password", set);
        Anonymous.post(REGISTER, &account).expect_status(201);
        log_in(&account, sent).expect_status(200);
        log_in(&account, set).expect_status(200);
        log_in(&account, "viet lanterns e 42").assert_problem(401, "invalid_credentials");
    }
}

#[test]
fn password_change_ends_all_other_sessions() {
    let user = User::staff();
    let other = User::log_in(&user.account);
    let current = &user.account["password"];

    let wrong = json!({"current_password": "not the password", "new_password": NEW});
    user.post(CHANGE, &wrong).assert_invalid(&["current_password"]);
    let weak = json!({"current_password": current, "new_password": "password1"});
    user.post(CHANGE, &weak).assert_invalid(&["new_password"]);
    other.get(ME).expect_status(200);

    user.post(CHANGE, &json!({"current_password": current, "new_password": NEW}))
        .expect_status(200);
    user.get(ME).expect_status(200);
    other.get(ME).assert_problem(401, "token_not_valid");
    log_in(&user.account, current.as_str().unwrap()).assert_problem(401, "invalid_credentials");
    log_in(&user.account, NEW).expect_status(200);
}

#[test]
fn mailed_token_sets_a_new_password_once() {
    if !stack::is_own() {
        eprintln!("skipped: cannot read the mail of another stack");
        return;
    }
    let user = User::staff();
    let email = user.account["email"].as_str().unwrap();
    let ask = |email: &str| Anonymous.post(RESET, &json!({"email": email})).expect_status(202).json;
    assert_eq!(ask(email), ask(&unique_email()));

    let token = &mailed_token(email, "A new password");
    let confirm = |token: &str, password: &str| {
        Anonymous.post(CONFIRM, &json!({"token": token, "new_password": password}))
    };
    confirm(token, "password1").assert_invalid(&["new_password"]);
    confirm("another", NEW).assert_invalid(&["token"]);

    let answers = together(8, |_| confirm(token, NEW));
    assert_eq!(count(&answers, 200), 1);
    assert_eq!(count(&answers, 400), 7);
    user.get(ME).assert_problem(401, "token_not_valid");
    log_in(&user.account, NEW).expect_status(200);
}

/// Returns the maximum number of tries in a row within a time: ten, and one after each pause of 1, 2, 4, … seconds.
fn max_tries_within(elapsed: Duration) -> usize {
    let pauses = (0..).take_while(|pause| elapsed.as_secs() + 1 >= 1 << (pause + 1)).count();
    10 + pauses
}

#[test]
#[allow(clippy::disallowed_methods, reason = "measures elapsed time")]
fn concurrent_failed_logins_are_throttled() {
    let account = newcomer();
    Anonymous.post(REGISTER, &account).expect_status(201);
    let started = Instant::now();
    let answers = together(200, |_| log_in(&account, "not the password"));
    let most = max_tries_within(started.elapsed());
    let checked = count(&answers, 401);
    assert!((10..=most).contains(&checked), "{checked} checked, at most {most}");
    assert_eq!(count(&answers, 429), 200 - checked);
    for answer in answers.iter().filter(|answer| answer.status == 429) {
        answer.assert_problem(429, "too_many_attempts");
    }
    // Other accounts can still log in.
    User::staff().get(ME).expect_status(200);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "measures elapsed time")]
fn failed_logins_are_throttled_with_or_without_an_account() {
    let account = newcomer();
    Anonymous.post(REGISTER, &account).expect_status(201);
    let nobody = json!({"username": unique("nobody")});
    for account in [&account, &nobody] {
        let started = Instant::now();
        let statuses = (0..60).map(|_| log_in(account, "not the password").status);
        let checked = statuses.take_while(|status| *status == 401).count();
        let most = max_tries_within(started.elapsed());
        assert!((10..=most).contains(&checked), "{checked} checked, at most {most}");
    }
}
