//! /api/auth/: register, login, me, and which access tokens are valid.

use serde_json::{Value, json};

use crate::client::{Actor, Anonymous, Bearer, User};
use crate::clinic::{newcomer, patient, unique, unique_email};
use crate::json::{contains, with};
use crate::response::Response;

const REGISTER: &str = "/api/auth/register/";
const LOGIN: &str = "/api/auth/login/";
const ME: &str = "/api/auth/me/";

#[test]
fn register_returns_the_user_without_the_password() {
    let account = newcomer();
    let registered = Anonymous.post(REGISTER, &account).expect_status(201);

    assert!(registered.json["message"].is_string());
    let user = &registered.json["user"];
    assert!(user["id"].as_u64().is_some_and(|id| id > 0), "{user}");
    assert_eq!(user["username"], account["username"]);
    assert_eq!(user["email"], account["email"]);
    assert!(["staff", "admin"].contains(&user["role"].as_str().unwrap()));

    assert!(user.get("password").is_none(), "{user}");
    let password = account["password"].as_str().unwrap();
    assert!(!registered.text.contains(password), "{registered}");
    assert!(!registered.text.contains("argon2"), "{registered}");
}

#[test]
fn register_trims_every_field_except_the_password() {
    let account = newcomer();
    let spaced = json!({
        "username": format!("  {} ", text(&account["username"])),
        "email": format!(" {}  ", text(&account["email"])),
        "password": "  tidal-Lantern 42 brass ",
    });
    let registered = Anonymous.post(REGISTER, &spaced).expect_status(201).json;
    assert_eq!(registered["user"]["username"], account["username"]);
    assert_eq!(registered["user"]["email"], account["email"]);

    let username = &account["username"];
    log_in(username, "  tidal-Lantern 42 brass ").expect_status(200);
    log_in(username, "tidal-Lantern 42 brass").assert_problem(401, "invalid_credentials");
}

#[test]
fn taken_username_or_email_is_a_conflict_in_any_case() {
    let taken = newcomer();
    Anonymous.post(REGISTER, &taken).expect_status(201);

    for field in ["username", "email"] {
        let value = text(&taken[field]);
        for value in [value.to_owned(), value.to_uppercase()] {
            let refused = Anonymous.post(REGISTER, &with(&newcomer(), field, value));
            refused.assert_problem(409, "conflict");
            refused.assert_errors(&[field]);
        }
    }
}

#[test]
fn refused_registration_does_not_reserve_its_other_name() {
    let taken = newcomer();
    Anonymous.post(REGISTER, &taken).expect_status(201);

    for field in ["username", "email"] {
        let account = newcomer();
        let clash = with(&account, field, taken[field].clone());
        Anonymous.post(REGISTER, &clash).assert_problem(409, "conflict");
        Anonymous.post(REGISTER, &account).expect_status(201);
    }
}

#[test]
fn username_with_at_sign_must_be_the_accounts_own_email() {
    let account = newcomer();
    let own = with(&account, "username", account["email"].clone());
    let foreign = with(&account, "username", unique_email());

    Anonymous.post(REGISTER, &foreign).assert_invalid(&["username"]);
    Anonymous.post(REGISTER, &own).expect_status(201);
    log_in(&account["email"], text(&account["password"])).expect_status(200);
}

#[test]
fn username_has_only_letters_digits_and_five_signs() {
    let marks = unique("dots.and+plus_under");
    let longest = format!("{:x<150}", unique("long"));
    for username in [marks, longest] {
        let account = with(&newcomer(), "username", username);
        Anonymous.post(REGISTER, &account).expect_status(201);
    }

    let too_long = "x".repeat(151);
    for username in
        ["", "   ", "two words", "sla/sh", "ha#sh", "quo\"te", "nu\0l", "🦀", too_long.as_str()]
    {
        let account = with(&newcomer(), "username", username);
        Anonymous.post(REGISTER, &account).assert_invalid(&["username"]);
    }
}

#[test]
fn malformed_email_is_refused() {
    for email in ["", "nobody", "nobody@", "@example.com", "two words@example.com"] {
        let account = with(&newcomer(), "email", email);
        Anonymous.post(REGISTER, &account).assert_invalid(&["email"]);
    }
}

#[test]
fn password_must_have_8_to_128_code_points() {
    for (length, fits) in [(7, false), (8, true), (128, true), (129, false)] {
        let password = password_of(length);
        let account = with(&newcomer(), "password", password.as_str());
        let answer = Anonymous.post(REGISTER, &account);
        if fits {
            answer.expect_status(201);
            log_in(&account["username"], &password).expect_status(200);
        } else {
            answer.assert_invalid(&["password"]);
        }
    }
}

#[test]
fn login_accepts_username_or_email() {
    let account = newcomer();
    let registered = Anonymous.post(REGISTER, &account).expect_status(201).json;
    let password = &account["password"];
    let shouted = text(&account["username"]).to_uppercase();

    for credentials in [
        json!({"username": account["username"], "password": password}),
        json!({"username": shouted, "password": password}),
        json!({"username": account["email"], "password": password}),
        json!({"email": account["email"], "password": password}),
    ] {
        let login = Anonymous.post(LOGIN, &credentials).expect_status(200).json;
        assert_eq!(text(&login["access"]).split('.').count(), 3);
        assert_eq!(login["token_type"], "Bearer");
        assert!(login["expires_in"].as_u64().is_some_and(|seconds| seconds > 0));
        assert_eq!(login["user"]["id"], registered["user"]["id"]);
    }
}

#[test]
fn wrong_password_and_unknown_user_get_the_same_response() {
    let account = newcomer();
    Anonymous.post(REGISTER, &account).expect_status(201);

    let refusals = [
        log_in(&account["username"], "not the password"),
        log_in(&account["email"], "not the password"),
        log_in(&json!(unique("nobody")), "not the password"),
        log_in(&json!(unique_email()), "not the password"),
        // Too short to be a password, and still the same response.
        log_in(&account["username"], "x"),
    ];
    let texts = refusals.map(|refusal| {
        refusal.assert_problem(401, "invalid_credentials");
        assert_eq!(refusal.challenge(), r#"Bearer realm="api""#);
        refusal.text.replace(text(&refusal.json["request_id"]), "…")
    });
    for text in &texts {
        assert_eq!(text, &texts[0]);
    }
}

#[test]
fn me_returns_the_callers_account() {
    let user = User::staff();
    let me = user.get(ME).expect_status(200);
    assert!(contains(&me.json, &user.user), "{me}");
    assert_eq!(me.json["username"], user.account["username"]);
    assert!(!me.text.contains("argon2"), "{me}");
}

#[test]
fn authenticated_responses_have_no_store() {
    let user = User::staff();
    for answer in [
        user.get(ME),
        user.get("/api/doctors/"),
        user.get("/api/patients/abc/"),
        user.post("/api/doctor/mappings/", &json!({})),
        user.post("/api/patients/", &patient()),
    ] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    }
}

#[test]
fn challenge_without_a_token_has_no_error() {
    let token = User::staff().access;
    let none = Anonymous.get(ME);
    // RFC 6750, section 3.1: a header with another scheme has no credentials.
    let basic = Anonymous.request("GET", ME);
    let basic = basic.header("authorization", "Basic YWxpY2U6YnJhc3M=");
    let scheme = Anonymous.request("GET", ME);
    let scheme = scheme.header("authorization", &format!("Token {token}"));

    for answer in [none, basic.send(), scheme.send()] {
        answer.assert_problem(401, "not_authenticated");
        assert_eq!(answer.challenge(), r#"Bearer realm="api""#, "{answer}");
    }
}

#[test]
fn authorization_scheme_ignores_case() {
    let header = format!("bearer {}", User::staff().access);
    let me = Anonymous.request("GET", ME).header("authorization", &header);
    me.send().expect_status(200);
}

#[test]
fn token_altered_in_any_part_is_not_valid() {
    // {"alg":"none","typ":"JWT"} and {"alg":"HS256","typ":"JWT"}
    const NONE: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    const HS256: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

    let user = User::staff();
    let token = user.access.as_str();
    let [header, payload, signature] = parts(token);
    let other = User::staff().access;
    let [_, other_payload, other_signature] = parts(&other);
    user.get(ME).expect_status(200);

    for bad in [
        format!("{}.{payload}.{signature}", altered(header)),
        format!("{header}.{}.{signature}", altered(payload)),
        format!("{header}.{payload}.{}", altered(signature)),
        format!("{header}.{other_payload}.{signature}"),
        format!("{header}.{payload}.{other_signature}"),
        format!("{NONE}.{payload}."),
        format!("{NONE}.{payload}.{signature}"),
        format!("{HS256}.{payload}.{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{token}.{signature}"),
        format!("{token}="),
        format!("{token} {token}"),
        "..".to_owned(),
        "a!.b!.c!".to_owned(),
        "token".to_owned(),
        "x".repeat(4_000),
        String::new(),
    ] {
        let answer = Bearer(&bad).get(ME);
        answer.assert_problem(401, "token_not_valid");
        let challenge = answer.challenge();
        assert!(challenge.starts_with(r#"Bearer realm="api""#), "{challenge}");
        assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    }
}

#[test]
fn public_operations_ignore_the_token() {
    let stale = Bearer("token");
    let account = newcomer();
    stale.get("/api/health/").expect_status(200);
    stale.post(REGISTER, &account).expect_status(201);
    stale.post(LOGIN, &account_login(&account)).expect_status(200);
}

fn log_in(username: &Value, password: &str) -> Response {
    Anonymous.post(LOGIN, &json!({"username": username, "password": password}))
}

fn account_login(account: &Value) -> Value {
    json!({"username": account["username"], "password": account["password"]})
}

/// Returns a password with this number of code points, of three bytes each. It is hard to guess.
fn password_of(length: u32) -> String {
    (0..length).map(|i| char::from_u32(0x4e00 + i * 37).unwrap()).collect()
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("a JWT has three parts")
}

/// Returns the text with another first letter.
fn altered(part: &str) -> String {
    let first = if part.starts_with('A') { 'B' } else { 'A' };
    format!("{first}{}", &part[1..])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
