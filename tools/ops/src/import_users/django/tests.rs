use secrecy::ExposeSecret;
use serde_json::json;

use super::*;

const PBKDF2: &str = "pbkdf2_sha256$1000$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=";
const ARGON2ID: &str = "$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn reading() -> Reading<'static> {
    let now = Timestamp::from_millisecond(1_700_000_000_000);
    Reading { model: None, role: Role::Pending, now }
}

fn entries(file: Value) -> Vec<Entry> {
    read(file.to_string().as_bytes(), &reading()).unwrap().entries
}

/// Returns an object with Amara's fields, except these changes.
fn object(pk: Value, changes: Value) -> Value {
    let mut fields = json!({ "username": "amara", "email": "amara@example.com" });
    let changes = changes.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(changes);
    json!({ "model": "auth.user", "pk": pk, "fields": fields })
}

/// Returns the account of such an object.
fn account(changes: Value) -> ImportedUser {
    entries(json!([object(json!(17), changes)])).pop().unwrap().unwrap().user
}

/// Returns the report on such an object.
fn problem(changes: Value) -> String {
    entries(json!([object(json!(17), changes)])).pop().unwrap().unwrap_err().to_string()
}

#[test]
fn output_of_django_is_read() {
    let file = r#"[{"model": "auth.user", "pk": 17, "fields": {
        "password": "pbkdf2_sha256$1000$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=",
        "last_login": "2025-11-30T08:15:00.500Z", "is_superuser": true, "username": "Amara",
        "first_name": "Amara", "last_name": "Okafor", "email": "amara@Example.com",
        "is_staff": true, "is_active": false, "date_joined": "2024-01-31T12:00:00.123Z",
        "groups": [1], "user_permissions": []
    }}]"#;
    let mut dump = read(file.as_bytes(), &reading()).unwrap();
    let Candidate { who, user } = dump.entries.pop().unwrap().unwrap();
    assert_eq!(who, "auth.user 17");
    assert_eq!(user.username.as_str(), "Amara");
    assert_eq!(user.email.as_str(), "amara@Example.com");
    assert_eq!(user.password_hash.unwrap().expose_secret(), PBKDF2);
    assert_eq!(user.role, Role::Admin);
    assert!(!user.active);
    assert_eq!(user.created_at.to_string(), "2024-01-31T12:00:00.123Z");
}

#[test]
fn roles_follow_from_djangos_flags() {
    let role = |is_superuser: bool, is_staff: bool| {
        account(json!({ "is_superuser": is_superuser, "is_staff": is_staff })).role
    };
    assert_eq!(role(true, true), Role::Admin);
    assert_eq!(role(true, false), Role::Admin);
    assert_eq!(role(false, true), Role::Staff);
    assert_eq!(role(false, false), Role::Pending);
}

#[test]
fn users_without_flags_are_active_with_the_given_role() {
    let user = account(json!({}));
    assert_eq!((user.role, user.active), (Role::Pending, true));
    let staff = Reading { role: Role::Staff, ..reading() };
    let file = json!([object(json!(17), json!({}))]).to_string();
    let mut dump = read(file.as_bytes(), &staff).unwrap();
    assert_eq!(dump.entries.pop().unwrap().unwrap().user.role, Role::Staff);
}

#[test]
fn passwords_are_kept_if_the_login_can_verify_them() {
    let hash = |password: Value| {
        let hash = account(json!({ "password": password })).password_hash;
        hash.map(|hash| hash.expose_secret().to_owned())
    };
    assert_eq!(hash(json!(PBKDF2)).as_deref(), Some(PBKDF2));
    assert_eq!(hash(json!(format!("argon2{ARGON2ID}"))).as_deref(), Some(ARGON2ID));
    for other in [
        "",
        "!FxmtVrDLgeQyUPyP4NZAWG9iJoQKFJBQW1jWPPSE",
        "bcrypt_sha256$$2b$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "scrypt$16384$salt$8$1$aGFzaA==",
        "md5$salt$0123456789abcdef0123456789abcdef",
        "pbkdf2_sha1$1000$salt$aGFzaA==",
        "pbkdf2_sha256$many$salt$aGFzaA==",
        "argon2$argon2id$v=19$garbage",
        ARGON2ID,
    ] {
        assert_eq!(hash(json!(other)), None, "{other}");
    }
    assert_eq!(hash(Value::Null), None);
}

#[test]
fn readable_joining_time_is_kept() {
    let created_at =
        |joined: Value| account(json!({ "date_joined": joined })).created_at.to_string();
    for (joined, expected) in [
        ("2024-01-31T12:00:00Z", "2024-01-31T12:00:00.000Z"),
        ("2024-01-31T12:00:00.123+05:30", "2024-01-31T06:30:00.123Z"),
        ("2024-01-31T12:00:00.123", "2024-01-31T12:00:00.123Z"),
    ] {
        assert_eq!(created_at(json!(joined)), expected, "{joined}");
    }
    for joined in [json!("yesterday"), json!(""), json!(0), Value::Null] {
        assert_eq!(created_at(joined.clone()), reading().now.to_string(), "{joined}");
    }
    assert_eq!(account(json!({})).created_at, reading().now);
}

#[test]
fn every_problem_is_reported_without_quotes() {
    let problems = problem(json!({ "username": "a b", "email": "", "is_active": "yes" }));
    assert_eq!(
        problems,
        "auth.user 17: email: must be an email address, such as jane@example.com; \
         is_active: must be true or false; \
         username: may contain letters, digits and @ . + - _ only"
    );
    let problems = problem(json!({ "username": "eve@example.com" }));
    let own = "auth.user 17: username: with @ in it must be the account's own email address";
    assert_eq!(problems, own);
    let empty = json!([{ "model": "auth.user", "pk": 17, "fields": {} }]);
    let problems = entries(empty).pop().unwrap().unwrap_err().to_string();
    assert_eq!(problems, "auth.user 17: email: is required; username: is required");
}

#[test]
fn first_user_with_a_shared_name_keeps_it() {
    let entries = entries(json!([
        object(json!(1), json!({ "username": "a b" })),
        object(json!(2), json!({})),
        object(json!(3), json!({ "username": "AMARA", "email": "other@example.com" })),
        object(json!(4), json!({ "username": "other", "email": "Amara@Example.com" })),
        object(json!(5), json!({ "username": "other", "email": "other@example.com" })),
    ]));
    let reports: Vec<_> = entries
        .iter()
        .map(|entry| entry.as_ref().map_or_else(ToString::to_string, |it| it.who.clone()))
        .collect();
    assert_eq!(
        reports,
        [
            "auth.user 1: username: may contain letters, digits and @ . + - _ only",
            "auth.user 2",
            "auth.user 3: username: is the same as that of auth.user 2",
            "auth.user 4: email: is the same as that of auth.user 2",
            "auth.user 5",
        ]
    );
}

#[test]
fn username_that_looks_like_an_earlier_one_is_reported() {
    let other = json!({ "username": "сор", "email": "other@example.com" });
    let entries =
        entries(json!([object(json!(1), json!({ "username": "cop" })), object(json!(2), other),]));
    let report = entries[1].as_ref().unwrap_err().to_string();
    assert_eq!(report, "auth.user 2: username: is the same as that of auth.user 1");
}

#[test]
fn missing_username_defaults_to_the_email() {
    let fields = json!({ "email": "amara@example.com" });
    let file = json!([{ "model": "accounts.User", "pk": 17, "fields": fields }]);
    let user = entries(file).pop().unwrap().unwrap().user;
    assert_eq!(user.username.as_str(), "amara@example.com");
}

#[test]
fn keys_that_may_be_names_are_not_reported() {
    let who = |pk: Value| entries(json!([object(pk, json!({}))])).pop().unwrap().unwrap().who;
    let uuid = "0b5e3c0e-5f0f-4f7c-9d57-2f7f3a1c9e11";
    assert_eq!(who(json!(17)), "auth.user 17");
    assert_eq!(who(json!(uuid)), format!("auth.user {uuid}"));
    assert_eq!(who(json!("amara@example.com")), "auth.user, object 1 of the file");
    assert_eq!(who(Value::Null), "auth.user, object 1 of the file");
}

#[test]
fn other_models_are_counted() {
    let mut member = object(json!(17), json!({}));
    member["model"] = json!("club.member");
    let group = json!({ "model": "auth.group", "pk": 1, "fields": { "name": "nurses" } });
    let file = json!([group, object(json!(1), json!({})), member]).to_string();

    let dump = read(file.as_bytes(), &reading()).unwrap();
    assert_eq!((dump.entries.len(), dump.others), (1, 2));

    let members = Reading { model: Some("Club.Member"), ..reading() };
    let dump = read(file.as_bytes(), &members).unwrap();
    assert_eq!(dump.entries[0].as_ref().unwrap().who, "club.member 17");
    assert_eq!(dump.others, 2);
}

#[test]
fn other_files_are_refused() {
    for file in ["", "{}", "[1]", r#"[{"pk": 1}]"#, r#"[{"model": "auth.user", "pk": 1}]"#, "[] x"]
    {
        assert!(read(file.as_bytes(), &reading()).is_err(), "{file}");
    }
}
