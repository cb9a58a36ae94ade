//! Who gets a mail about an access.

use std::collections::BTreeSet;
use std::env;

use shared::mail::Mailer;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, User, UserChange};
use shared::store::{Imported, ImportedUser};
use shared::testing::{Outbox, World, checks, run, steps};

use super::{event, ready, stranger};

/// Creates an account of this role.
async fn account(world: &World, name: &str, role: Role, email_verified: bool) -> User {
    let new = ImportedUser {
        username: name.parse().unwrap(),
        email: format!("{name}@example.com").parse().unwrap(),
        password_hash: Some("a hash".into()),
        role,
        active: true,
        email_verified,
        created_at: world.app.now(),
    };
    match world.app.store().operator().import_user(new, world.app.now()).await.unwrap() {
        Imported::Done(user) => user,
        other => panic!("{other:?}"),
    }
}

/// Returns the names of the accounts that got a mail, one for each mail.
fn recipients(outbox: &Outbox) -> Vec<String> {
    let name = |mail: &String| {
        let address = mail.lines().next().and_then(|line| line.strip_prefix("To: ")).unwrap();
        address.strip_suffix("@example.com").unwrap().to_owned()
    };
    let mut names: Vec<String> = outbox.mails().iter().map(name).collect();
    names.sort_unstable();
    names
}

#[test]
fn reviewer_gets_a_mail_without_the_patients_data() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        let outbox = Outbox::new();
        let handler = ready(outbox.mailer(), Some("privacy@example.com"));
        let event = event().path_parameter("id", patient.id).by(&doctor);
        let access = world.call(handler.clone(), event.clone()).await.expect(201);
        world.call(handler, event).await.expect(200);
        let mails = outbox.mails();
        let [mail] = &mails[..] else { panic!("{mails:?}") };
        let id = access["id"].as_str().unwrap();
        let account = format!("account {} has", doctor.id());
        let expected = [
            "To: privacy@example.com\n",
            account.as_str(),
            "2026-01-31T12:00:00.000Z",
            "urgent_care",
            id,
        ];
        for part in expected {
            assert!(mail.contains(part), "{part}: {mail}");
        }
        for secret in ["Roe", "Jane", "Unconscious", "1985"] {
            assert!(!mail.contains(secret), "{mail}");
        }
    });
}

#[test]
fn access_does_not_depend_on_mail() {
    run(async |world: World| {
        let doctor = stranger(&world).await;
        let missing = env::temp_dir().join("healthcare-no-such-outbox");
        account(&world, "amara", Role::Admin, true).await;
        for (n, mailer, reviewer) in [
            (1, Mailer::None, Some("privacy@example.com")),
            (2, Mailer::Outbox(missing.clone()), Some("privacy@example.com")),
            (3, Mailer::Outbox(missing), None),
            (4, Mailer::None, None),
        ] {
            let event = event().path_parameter("id", world.patient(n).await.id).by(&doctor);
            world.call(ready(mailer, reviewer), event).await.expect(201);
        }
    });
}

#[test]
fn active_administrators_with_a_verified_address_get_a_mail_each() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        account(&world, "amara", Role::Admin, true).await;
        account(&world, "bruno", Role::Admin, true).await;
        account(&world, "carla", Role::Admin, false).await;
        account(&world, "dora", Role::Staff, true).await;
        for (name, change) in [
            ("emil", UserChange { active: Some(false), ..UserChange::default() }),
            ("fay", UserChange { role: Some(Role::Staff), ..UserChange::default() }),
        ] {
            let user = account(&world, name, Role::Admin, true).await;
            let (store, now) = (world.app.store(), world.app.now());
            let changed =
                steps::update_account(store, user.id, change, &Preconditions::NONE, now).await;
            changed.unwrap();
        }
        let outbox = Outbox::new();
        let event = event().path_parameter("id", patient.id).by(&doctor);
        world.call(ready(outbox.mailer(), None), event).await.expect(201);
        assert_eq!(recipients(&outbox), ["amara", "bruno"]);
        for mail in outbox.mails() {
            for secret in ["Roe", "Jane", "Unconscious", "1985"] {
                assert!(!mail.contains(secret), "{mail}");
            }
        }
    });
}

#[test]
fn administrator_gets_no_mail_about_their_own_access() {
    run(async |world: World| {
        let (one, patient) =
            (account(&world, "one", Role::Admin, true).await, world.patient(1).await);
        account(&world, "two", Role::Admin, true).await;
        world.restrict(&patient).await;
        let one = world.sign_in(one).await;
        let outbox = Outbox::new();
        let event = event().path_parameter("id", patient.id).by(&one);
        world.call(ready(outbox.mailer(), None), event).await.expect(201);
        assert_eq!(recipients(&outbox), ["two"]);
    });
}

#[test]
fn first_fifty_administrators_get_a_mail() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        for n in 10..62 {
            account(&world, &format!("admin-{n}"), Role::Admin, true).await;
        }
        let outbox = Outbox::new();
        let event = event().path_parameter("id", patient.id).by(&doctor);
        world.call(ready(outbox.mailer(), None), event).await.expect(201);
        let expected: BTreeSet<String> = (10..60).map(|n| format!("admin-{n}")).collect();
        assert_eq!(recipients(&outbox).into_iter().collect::<BTreeSet<_>>(), expected);
    });
}

#[test]
fn accounts_of_administrators_are_read_only_for_a_mail() {
    run(async |world: World| {
        let doctor = stranger(&world).await;
        account(&world, "amara", Role::Admin, true).await;
        let outbox = Outbox::new();
        for (n, mailer, reviewer, reads) in [
            (1, Mailer::None, None, 1),
            (2, outbox.mailer(), Some("privacy@example.com"), 1),
            (3, outbox.mailer(), None, 2),
        ] {
            let event = event().path_parameter("id", world.patient(n).await.id).by(&doctor);
            world.calls.take();
            world.call(ready(mailer, reviewer), event).await.expect(201);
            let calls = world.calls.take();
            let found = calls.iter().filter(|call| *call == "BatchGetItem").count();
            assert_eq!(found, reads, "{calls:?}");
        }
    });
}

#[test]
fn grant_with_mail_survives_a_dynamodb_that_fails() {
    let outbox = Outbox::new();
    checks::variant_survives_faults(async |world| {
        let (doctor, patient) = (stranger(world).await, world.patient(1).await);
        account(world, "amara", Role::Admin, true).await;
        let event = event().path_parameter("id", patient.id).by(&doctor);
        (ready(outbox.mailer(), None), event)
    });
}
