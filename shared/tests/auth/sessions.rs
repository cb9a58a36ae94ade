//! A session opens only for the password that was verified. Each request reads its caller's account and session as they
//! are at that moment.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::TABLE_NAME;
use secrecy::{ExposeSecret, SecretString};
use shared::auth::sessions;
use shared::model::doctor::DoctorDetails;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, User, UserChange};
use shared::store::{Create, Reset};
use shared::testing::{
    Event, PASSWORD, SESSION_LIMITS, World, json, protected, run, steps, together,
};
use shared::{ApiError, ApiResult, Context, Granted, response};

/// Answers 204, for members of staff only.
async fn staff_only(_context: Context, _by: Granted<Create<DoctorDetails>>) -> ApiResult {
    response::no_content()
}

/// Writes one attribute of the first account directly to the table.
async fn set(world: &World, attribute: &str, value: AttributeValue) {
    world
        .dynamodb
        .update_item()
        .table_name(TABLE_NAME)
        .key("pk", text("USER#0000000000000001"))
        .key("sk", text("#"))
        .update_expression("SET #a = :v")
        .expression_attribute_names("#a", attribute)
        .expression_attribute_values(":v", value)
        .send()
        .await
        .unwrap();
}

#[test]
fn role_epoch_and_deactivation_take_effect_on_the_next_request() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let call = async || {
            world.call(protected(staff_only), Event::of("auth-me").by(&staff)).await.status
        };
        assert_eq!(call().await, 204);
        set(&world, "role", text("pending")).await;
        assert_eq!(call().await, 403);
        set(&world, "role", text("admin")).await;
        assert_eq!(call().await, 204);
        set(&world, "active", AttributeValue::Bool(false)).await;
        assert_eq!(call().await, 401);
        set(&world, "active", AttributeValue::Bool(true)).await;
        assert_eq!(call().await, 204);
        set(&world, "epoch", AttributeValue::N("1".to_owned())).await;
        assert_eq!(call().await, 401);
    });
}

#[test]
fn token_of_a_missing_session_is_not_valid() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let rows = world.dynamodb.scan().table_name(TABLE_NAME).send().await.unwrap();
        for row in rows.items() {
            if row["sk"].as_s().unwrap().starts_with("SESSION#") {
                let delete = world.dynamodb.delete_item().table_name(TABLE_NAME);
                let delete = delete.key("pk", row["pk"].clone()).key("sk", row["sk"].clone());
                delete.send().await.unwrap();
            }
        }
        let answer = world.call(protected(staff_only), Event::of("auth-me").by(&staff)).await;
        answer.expect_problem(401, "token_not_valid");
    });
}

/// Returns whether a session opens for an account and a hash, as a login read them.
async fn opens(world: &World, user: &User, hash: &SecretString) -> bool {
    let (store, system, minter) = (world.app.store(), world.app.system(), &world.minter);
    match sessions::open(store, system, minter, &SESSION_LIMITS, user, hash, None).await {
        Ok(_) => true,
        Err(ApiError::Contended) => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// A login reads account and hash apart. Whichever of the two is old, its session must not outlive what changed.
#[test]
fn session_does_not_open_for_an_old_password_or_an_old_account() {
    run(async |world: World| {
        let (store, now) = (world.app.store(), world.app.now());
        let credentials = store.credentials();
        let id = world.account_with_password("amara", PASSWORD).await.id;
        let read = async || {
            let found = credentials.named("amara").await.unwrap().unwrap();
            (found.user, found.password_hash.unwrap())
        };
        let (user, hash) = read().await;
        assert!(opens(&world, &user, &hash).await);

        // All sessions end, and the password changes.
        steps::end_all_sessions(store, id, now).await.unwrap();
        assert!(credentials.upgrade(id, &hash, &"another".into()).await.unwrap());
        let (user_now, hash_now) = read().await;
        assert!(!opens(&world, &user, &hash).await);
        assert!(!opens(&world, &user_now, &hash).await);
        assert!(!opens(&world, &user, &hash_now).await);
        assert!(opens(&world, &user_now, &hash_now).await);

        let change = UserChange { active: Some(false), ..UserChange::default() };
        steps::update_account(store, id, change, &Preconditions::NONE, now).await.unwrap();
        assert!(!opens(&world, &user_now, &hash_now).await);
        let (user_now, _) = read().await;
        assert!(!opens(&world, &user_now, &hash_now).await);
    });
}

/// Before, a login could read the old hash and the new epoch.
#[test]
fn no_session_of_the_old_password_survives_a_concurrent_reset() {
    run(async |world: World| {
        let (store, system, minter) = (world.app.store(), world.app.system(), &world.minter);
        let now = world.app.now();
        for round in 0..20 {
            let name = format!("amara-{round}");
            let user = world.account_with_password(&name, PASSWORD).await;
            let expires_at = now.plus(Duration::from_mins(30));
            let email = Some(user.email.clone());
            let reset = Reset { user_id: Some(user.id), email, epoch: user.epoch, expires_at };
            store.resets().open(&name, &reset).await.unwrap();
            let log_in = async || {
                let found = store.credentials().named(&name).await.unwrap().unwrap();
                let (user, hash) = (found.user, found.password_hash.unwrap());
                if hash.expose_secret() == "new" {
                    return None;
                }
                let limits = &SESSION_LIMITS;
                let opened = sessions::open(store, system, minter, limits, &user, &hash, None);
                Some(json!(opened.await.ok()?.tokens))
            };
            let new = "new".into();
            let logins = together((0..8).map(|_| log_in()));
            let resets = store.resets();
            let completed = resets.complete(&name, &user, &new, now);
            let (logins, completed) = tokio::join!(logins, completed);
            completed.unwrap();
            for pair in logins.into_iter().flatten() {
                let access = pair["access"].as_str().unwrap();
                assert_eq!(world.status_in(&world.app, access).await, 401);
            }
        }
    });
}

/// More than one login ends.
#[test]
fn account_with_far_too_many_sessions_gets_rid_of_them() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let kept = world.sign_in(user.clone()).await;
        let rows = world.rows("USER#").await;
        let row = rows.iter().find(|row| row["sk"].as_s().unwrap().starts_with("SESSION#"));
        for number in 0..150 {
            let mut copy = row.unwrap().clone();
            let id = format!("copy-{number}");
            copy.insert("sk".to_owned(), text(&format!("SESSION#{id}")));
            copy.insert("id".to_owned(), text(&id));
            copy.insert("created_at".to_owned(), text("2026-01-31T11:00:00.000Z"));
            let put = world.dynamodb.put_item().table_name(TABLE_NAME);
            put.set_item(Some(copy)).send().await.unwrap();
        }
        let found = world.app.store().credentials().named("amara").await.unwrap().unwrap();
        let hash = found.password_hash.unwrap();
        for expected in [90, 13, 1] {
            let (store, system, minter) = (world.app.store(), world.app.system(), &world.minter);
            let opened =
                sessions::open(store, system, minter, &SESSION_LIMITS, &user, &hash, None).await;
            assert_eq!(opened.unwrap().ended_sessions, expected);
        }
        assert_eq!(world.status_of(&kept).await, 204);
    });
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
