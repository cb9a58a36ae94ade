use std::sync::Arc;
use std::time::Duration;

use repo::root::repository;
use secrecy::ExposeSecret;
use shared::App;
use shared::auth::minter::Minter;
use shared::auth::signing_key::SigningKey;
use shared::model::user::User;
use shared::secrets::StoredSecret;
use shared::testing::secrets_manager::SecretsManager;
use shared::testing::{Actor, PASSWORD, World, checks, run, tokens};

use super::{Outcome, Rotation, Step, rotate};

const FIRST: &str = "the first secret of a test, long enough to be one";
const SECOND: &str = "another secret of a test, also long enough to be one";

/// Has 32 to 64 characters.
const VERSION: &str = "11111111-90ab-cdef-fedc-ba9876543210";

fn step(
    world: &World,
    secret: StoredSecret,
    step: Step,
    version: &str,
) -> impl Future<Output = Outcome> + Send + use<> {
    let rotation = Rotation {
        step,
        secret_id: secret.id().to_owned(),
        client_request_token: version.to_owned(),
    };
    let (app, calls) = world.app_of_function();
    let rotated = rotate(app, Arc::new(secret), rotation);
    async move { calls.of_function(Some("keys-rotate"), rotated).await }
}

/// Makes a verifier read the keys again, unless it read them a moment ago: anybody can, with an unknown key id.
async fn provoke(world: &World, verifier: &App) {
    let unknown = "eyJhbGciOiJFZERTQSIsImtpZCI6InVua25vd24ifQ.e30.AA";
    assert_eq!(world.status_in(verifier, unknown).await, 401);
}

/// A clinic at work: minters and verifiers, some of them long-lived and some just started.
struct Clinic<'a> {
    world: &'a World,
    secrets: &'a SecretsManager,
    /// Several, because an account has at most 50 sessions.
    users: Vec<User>,
    logins: usize,
    minter: Minter,
    verifiers: Vec<App>,
    /// Younger than a quarter of an hour, each with the age of the clinic when it was minted.
    tokens: Vec<(Duration, Actor)>,
    age: Duration,
}

impl<'a> Clinic<'a> {
    async fn new(world: &'a World, secrets: &'a SecretsManager) -> Self {
        let mut users = Vec::new();
        for number in 0..8 {
            users.push(world.account_with_password(&format!("amara-{number}"), PASSWORD).await);
        }
        Self {
            world,
            secrets,
            users,
            logins: 0,
            minter: Minter::stored(secrets.secret(), tokens()),
            verifiers: vec![world.another_app(), world.another_app()],
            tokens: Vec::new(),
            age: Duration::ZERO,
        }
    }

    /// Ten seconds of logins and requests; every token must be valid everywhere.
    async fn work(&mut self) {
        let fresh = Minter::stored(self.secrets.secret(), tokens());
        for minter in [&self.minter, &fresh] {
            let user = self.users[self.logins % self.users.len()].clone();
            self.logins += 1;
            let actor = self.world.sign_in_with(minter, user).await;
            self.tokens.push((self.age, actor));
        }
        let started = self.world.another_app();
        for verifier in self.verifiers.iter().chain([&started]) {
            let oldest = self.tokens.iter().take(2);
            for (age, actor) in oldest.chain(self.tokens.iter().rev().take(2)) {
                let status = self.world.status_in(verifier, actor.token.expose_secret()).await;
                assert_eq!(status, 204, "minted at {age:?}, refused at {:?}", self.age);
            }
            provoke(self.world, verifier).await;
        }
        let step = Duration::from_secs(10);
        self.world.advance(step);
        self.age += step;
        let lasts = Duration::from_secs(15 * 60);
        self.tokens.retain(|(minted, _)| self.age < *minted + lasts);
    }

    async fn rotate(&mut self, version: &str) {
        self.secrets.begin_rotation(version);
        for next in [Step::Create, Step::Set] {
            step(self.world, self.secrets.secret(), next, version).await.unwrap();
        }
        let test = tokio::spawn(step(self.world, self.secrets.secret(), Step::Test, version));
        while !test.is_finished() {
            self.work().await;
        }
        test.await.unwrap().unwrap();
        step(self.world, self.secrets.secret(), Step::Finish, version).await.unwrap();
    }
}

/// Verifiers read the keys at most every 30 seconds. Rotations at three moments, ten seconds apart, cover this span.
#[test]
fn no_token_is_rejected_while_the_secret_changes_three_times() {
    run(async |world: World| {
        let secrets = SecretsManager::with(FIRST).await;
        let mut clinic = Clinic::new(&world, &secrets).await;
        clinic.work().await;
        for round in 1..=3 {
            clinic.rotate(&VERSION.replace('1', &round.to_string())).await;
            for _ in 0..100 {
                clinic.work().await;
            }
        }
    });
}

#[test]
fn replaced_key_stays_valid_for_half_an_hour() {
    run(async |world: World| {
        let secrets = SecretsManager::with(FIRST).await;
        let mut clinic = Clinic::new(&world, &secrets).await;
        clinic.work().await;
        clinic.rotate(VERSION).await;
        let published =
            async || world.app.store().signing_keys().valid(world.app.now()).await.unwrap();
        assert_eq!(published().await.len(), 2);
        world.advance(super::RETIRES_AFTER);
        let left = published().await;
        assert_eq!(left.len(), 1);
        let current = SigningKey::derive(&secrets.secret().current().await.unwrap()).unwrap();
        assert_eq!(left[0].kid, current.kid());

        // A verifier that knew the old key from the beginning forgets it, too.
        let old = Minter::new(&FIRST.into(), tokens()).unwrap();
        let actor = world.sign_in_with(&old, clinic.users[0].clone()).await;
        world.app.store().signing_keys().retire(&old_kid(), world.app.now()).await.unwrap();
        world.advance(Duration::from_secs(15 * 60 - 1));
        assert_eq!(world.status_in(&clinic.verifiers[0], actor.token.expose_secret()).await, 401);
    });
}

fn old_kid() -> String {
    SigningKey::derive(&FIRST.into()).unwrap().kid().to_owned()
}

#[test]
fn every_step_can_be_repeated_and_an_early_step_fails() {
    run(async |world: World| {
        let secrets = SecretsManager::with(FIRST).await;
        let take = async |next| step(&world, secrets.secret(), next, VERSION).await;
        assert!(take(Step::Create).await.is_err(), "no rotation has begun");

        secrets.begin_rotation(VERSION);
        // Secrets Manager tests a new rotation function by this step alone, on a version without a value.
        take(Step::Test).await.unwrap();
        assert!(take(Step::Set).await.is_err(), "the version has no value yet");
        take(Step::Create).await.unwrap();
        let value = secrets.secret().pending(VERSION).await.unwrap().unwrap();
        take(Step::Create).await.unwrap();
        let again = secrets.secret().pending(VERSION).await.unwrap().unwrap();
        assert_eq!(again.expose_secret(), value.expose_secret());
        assert!(take(Step::Finish).await.is_err(), "the key is not published");

        take(Step::Set).await.unwrap();
        world.advance(Duration::from_secs(44));
        take(Step::Set).await.unwrap();
        assert!(take(Step::Finish).await.is_err(), "the key is too young");
        assert_eq!(secrets.labels(VERSION).await, ["AWSPENDING"]);
        world.advance(Duration::from_secs(1));
        take(Step::Test).await.unwrap();
        for _ in 0..2 {
            take(Step::Finish).await.unwrap();
            assert_eq!(secrets.labels(VERSION).await, ["AWSCURRENT"]);
        }
        let current = secrets.secret().current().await.unwrap();
        assert_eq!(current.expose_secret(), value.expose_secret());
        let previous = secrets.secret().previous().await.unwrap().unwrap();
        assert_eq!(previous.expose_secret(), FIRST);
    });
}

/// The deployment of a new stack runs the step testSecret alone.
#[test]
fn first_cursor_key_is_made_at_the_deployment_and_replaced_by_each_rotation() {
    run(async |world: World| {
        world.delete_cursor_keys().await;
        let made = async || {
            let published = world.app.store().signing_keys().read(world.app.now()).await.unwrap();
            published.cursor_keys
        };
        assert!(made().await.is_none());

        let deployed = SecretsManager::with(FIRST).await;
        deployed.begin_rotation(VERSION);
        step(&world, deployed.secret(), Step::Test, VERSION).await.unwrap();
        let first = made().await.unwrap();
        assert!(first.previous.is_none());
        step(&world, deployed.secret(), Step::Test, VERSION).await.unwrap();
        assert_eq!(made().await.unwrap().current.id, first.current.id);

        let secrets = SecretsManager::with(FIRST).await;
        let version = VERSION.replace('1', "2");
        secrets.begin_rotation(&version);
        for next in [Step::Create, Step::Set] {
            step(&world, secrets.secret(), next, &version).await.unwrap();
        }
        world.advance(Duration::from_secs(45));
        step(&world, secrets.secret(), Step::Test, &version).await.unwrap();
        for _ in 0..2 {
            step(&world, secrets.secret(), Step::Finish, &version).await.unwrap();
            let second = made().await.unwrap();
            assert_ne!(second.current.id, first.current.id);
            let previous = second.previous.unwrap();
            assert_eq!(previous.id, first.current.id);
            assert_eq!(previous.secret.expose_secret(), first.current.secret.expose_secret());
        }
    });
}

#[test]
fn another_secret_is_not_rotated() {
    run(async |world: World| {
        let secrets = SecretsManager::with(FIRST).await;
        secrets.begin_rotation(VERSION);
        let rotation = Rotation {
            step: Step::Create,
            secret_id: format!("{}-another", secrets.arn()),
            client_request_token: VERSION.to_owned(),
        };
        let refused = rotate(world.app.clone(), Arc::new(secrets.secret()), rotation).await;
        assert!(refused.is_err());
        assert!(secrets.secret().pending(VERSION).await.unwrap().is_none());
    });
}

#[test]
fn secret_replaced_by_hand_signs_once_its_key_is_known() {
    run(async |world: World| {
        let secrets = SecretsManager::with(FIRST).await;
        let mut clinic = Clinic::new(&world, &secrets).await;
        clinic.work().await;
        secrets.replace(SECOND).await;
        for _ in 0..60 {
            clinic.work().await;
        }
        let published = async || {
            let keys = world.app.store().signing_keys().valid(world.app.now()).await.unwrap();
            keys.into_iter().map(|key| key.kid).collect::<Vec<_>>()
        };
        let second = SigningKey::derive(&SECOND.into()).unwrap();
        assert!(published().await.contains(&second.kid().to_owned()));

        // The next rotation retires both.
        clinic.rotate(VERSION).await;
        assert_eq!(published().await.len(), 3);
        world.advance(super::RETIRES_AFTER);
        let third = SigningKey::derive(&secrets.secret().current().await.unwrap()).unwrap();
        assert_eq!(published().await, [third.kid()]);
    });
}

#[test]
fn secret_that_is_used_again_is_published_anew() {
    run(async |world: World| {
        let secrets = SecretsManager::with(FIRST).await;
        let minter = Minter::stored(secrets.secret(), tokens());
        let user = world.account_with_password("amara", PASSWORD).await;
        world.sign_in_with(&minter, user.clone()).await;
        world.app.store().signing_keys().retire(&old_kid(), world.app.now()).await.unwrap();
        world.advance(Duration::from_secs(5 * 60));
        let actor = world.sign_in_with(&minter, user).await;
        assert_eq!(world.status_in(&world.another_app(), actor.token.expose_secret()).await, 204);
    });
}

/// A leaked key is retired and deleted, while its secret may still be the previous version.
#[test]
fn key_of_the_previous_secret_does_not_come_back() {
    run(async |world: World| {
        let secrets = SecretsManager::with(FIRST).await;
        let long_lived = Minter::stored(secrets.secret(), tokens());
        let user = world.account_with_password("amara", PASSWORD).await;
        world.sign_in_with(&long_lived, user.clone()).await;
        let keys = world.app.store().signing_keys();
        keys.retire(&old_kid(), world.app.now()).await.unwrap();
        let second = SigningKey::derive(&SECOND.into()).unwrap();
        let retired = keys.get(&old_kid()).await.unwrap();
        assert!(retired.as_ref().unwrap().retires_at.is_some());

        world.advance(Duration::from_secs(5 * 60));
        secrets.replace(SECOND).await;
        let fresh = Minter::stored(secrets.secret(), tokens());
        for minter in [&long_lived, &fresh] {
            let actor = world.sign_in_with(minter, user.clone()).await;
            assert_eq!(keys.get(&old_kid()).await.unwrap(), retired);
            let valid = keys.valid(world.app.now()).await.unwrap();
            assert_eq!(valid.iter().map(|key| &*key.kid).collect::<Vec<_>>(), [second.kid()]);
            let verifier = world.another_app();
            assert_eq!(world.status_in(&verifier, actor.token.expose_secret()).await, 204);
        }
    });
}

#[test]
fn logins_succeed_while_secrets_manager_is_unavailable() {
    run(async |world: World| {
        let mut secrets = SecretsManager::with(FIRST).await;
        let minter = Minter::stored(secrets.secret(), tokens());
        let user = world.account_with_password("amara", PASSWORD).await;
        let before = world.sign_in_with(&minter, user.clone()).await;
        secrets.stop();
        world.advance(Duration::from_secs(5 * 60));
        let after = world.sign_in_with(&minter, user).await;
        for actor in [before, after] {
            assert_eq!(world.status_in(&world.app, actor.token.expose_secret()).await, 204);
        }
    });
}

#[test]
fn event_of_secrets_manager_is_parsed() {
    let event = std::fs::read_to_string(repository().join("events/keys-rotate.json")).unwrap();
    let rotation: Rotation = serde_json::from_str(&event).unwrap();
    assert_eq!(rotation.step, Step::Create);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("keys-rotate", &["three_times"]);
}
