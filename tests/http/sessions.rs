//! /api/auth/: refresh, verify, logout, sessions, and the public keys.

use serde_json::{Value, json};

use crate::client::{Actor, Anonymous, Bearer, User};
use crate::json::members;
use crate::response::Response;
use crate::threads::together;

const REFRESH: &str = "/api/auth/refresh/";
const VERIFY: &str = "/api/auth/verify/";
const LOGOUT: &str = "/api/auth/logout/";
const SESSIONS: &str = "/api/auth/sessions/";
const ME: &str = "/api/auth/me/";

fn refresh(token: &str) -> Response {
    Anonymous.post(REFRESH, &json!({"refresh": token}))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

#[test]
fn refresh_token_can_be_exchanged_once() {
    let user = User::staff();
    let pair = refresh(&user.refresh).expect_status(200).json;
    assert_eq!(members(&pair), ["access", "expires_in", "refresh", "token_type"]);
    Bearer(text(&pair, "access")).get(ME).expect_status(200);
    // The old access token belongs to the same session and is still valid.
    user.get(ME).expect_status(200);

    let next = refresh(text(&pair, "refresh")).expect_status(200).json;
    refresh(&user.refresh).assert_problem(401, "token_not_valid");
    // That refresh token was exchanged before the last one, so the session has ended.
    refresh(text(&next, "refresh")).assert_problem(401, "token_not_valid");
    Bearer(text(&next, "access")).get(ME).assert_problem(401, "token_not_valid");
}

#[test]
fn concurrent_refreshes_return_the_same_new_token() {
    let user = User::staff();
    let answers = together(16, |_| refresh(&user.refresh));
    let successors: Vec<_> = answers
        .into_iter()
        .map(|answer| text(&answer.expect_status(200).json, "refresh").to_owned())
        .collect();
    assert!(successors.iter().all(|successor| *successor == successors[0]));
    refresh(&successors[0]).expect_status(200);
}

#[test]
fn verify_accepts_only_valid_access_tokens() {
    let user = User::staff();
    let verify = |token: &str| Anonymous.post(VERIFY, &json!({"token": token}));
    assert_eq!(verify(&user.access).expect_status(200).json, json!({}));
    verify(&user.refresh).assert_problem(401, "token_not_valid");
    verify("a.b.c").assert_problem(401, "token_not_valid");
    user.post(LOGOUT, &json!({})).expect_status(200);
    verify(&user.access).assert_problem(401, "token_not_valid");
}

#[test]
fn logout_ends_this_session_or_all_at_once() {
    let first = User::staff();
    let [second, third] = [(); 2].map(|()| User::log_in(&first.account));
    // The body is optional.
    first.request("POST", LOGOUT).send().expect_status(200);
    first.get(ME).assert_problem(401, "token_not_valid");
    refresh(&first.refresh).assert_problem(401, "token_not_valid");
    second.get(ME).expect_status(200);

    second.post(LOGOUT, &json!({"everywhere": true})).expect_status(200);
    for user in [&second, &third] {
        user.get(ME).assert_problem(401, "token_not_valid");
        refresh(&user.refresh).assert_problem(401, "token_not_valid");
    }
    User::log_in(&first.account).get(ME).expect_status(200);
}

#[test]
fn refresh_token_signs_out_without_an_access_token() {
    let first = User::staff();
    let second = User::log_in(&first.account);
    let pair = refresh(&first.refresh).expect_status(200).json;
    let log_out = |token: &str| Anonymous.post(LOGOUT, &json!({"refresh": token}));
    log_out("1.unknown.family.secret").expect_status(200);
    first.get(ME).expect_status(200);
    log_out(text(&pair, "refresh")).expect_status(200);
    first.get(ME).assert_problem(401, "token_not_valid");
    second.get(ME).expect_status(200);
    // An access token that is not valid is ignored, and so is a second logout.
    let everywhere = json!({"refresh": second.refresh, "everywhere": true});
    for _ in 0..2 {
        Bearer("a.b.c").post(LOGOUT, &everywhere).expect_status(200);
        second.get(ME).assert_problem(401, "token_not_valid");
    }
}

#[test]
fn only_the_owner_can_list_and_end_sessions() {
    let first = User::staff();
    let login = Anonymous.request("POST", "/api/auth/login/").header("user-agent", "a tablet");
    let login = login.json(&json!({
        "username": first.account["username"],
        "password": first.account["password"],
    }));
    let tablet = login.send().expect_status(200).json;

    let sessions = first.walk(SESSIONS);
    assert_eq!(sessions.len(), 2);
    let of_tablet = sessions.iter().find(|it| it["user_agent"] == "a tablet").unwrap();
    assert_eq!(of_tablet["current"], false);
    assert_eq!(
        members(of_tablet),
        ["created_at", "current", "expires_at", "id", "last_used_at", "user_agent"]
    );
    let path = format!("{SESSIONS}{}/", text(of_tablet, "id"));

    User::staff().delete(&path).assert_problem(404, "not_found");
    Bearer(text(&tablet, "access")).get(ME).expect_status(200);
    first.delete(&path).expect_status(204);
    Bearer(text(&tablet, "access")).get(ME).assert_problem(401, "token_not_valid");
    first.delete(&path).assert_problem(404, "not_found");
    assert_eq!(first.walk(SESSIONS).len(), 1);
}

#[test]
fn public_keys_are_open_to_anyone() {
    let user = User::staff();
    let answer = Anonymous.get("/.well-known/jwks.json").expect_status(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=30"));
    let keys = answer.json["keys"].as_array().unwrap();
    for key in keys {
        assert_eq!(members(key), ["alg", "crv", "kid", "kty", "use", "x"]);
    }
    assert!(!keys.is_empty());
    user.get(ME).expect_status(200);
}
