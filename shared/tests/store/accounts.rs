//! Changes of accounts by the operator's commands: imports, and new administrators.

use shared::model::user::Role;
use shared::store::{Imported, ImportedUser, MadeAdmin};
use shared::testing::{PASSWORD, World, run};

fn imported(world: &World, username: &str, email: &str) -> ImportedUser {
    ImportedUser {
        username: username.parse().unwrap(),
        email: email.parse().unwrap(),
        password_hash: None,
        role: Role::Staff,
        active: true,
        email_verified: false,
        created_at: world.app.now(),
    }
}

#[test]
fn repeated_import_finds_its_account_and_taken_names_are_refused() {
    run(async |world: World| {
        let (operator, now) = (world.app.store().operator(), world.app.now());
        let import = |username, email| operator.import_user(imported(&world, username, email), now);
        let first = import("amara", "amara@example.com").await.unwrap();
        assert!(matches!(first, Imported::Done(_)), "{first:?}");
        let again = import("Amara", "Amara@example.com").await.unwrap();
        assert!(matches!(again, Imported::Already), "{again:?}");
        for (username, email) in [
            ("amara", "other@example.com"),
            ("other", "amara@example.com"),
            ("amara@example.com", "amara@example.com"),
        ] {
            let taken = import(username, email).await.unwrap();
            assert!(matches!(taken, Imported::Taken(_)), "{username}, {email}: {taken:?}");
        }
    });
}

/// A stranger may register the names of somebody whose account is imported later.
#[test]
fn import_distinguishes_its_own_accounts_from_registered_ones() {
    run(async |world: World| {
        let (operator, now) = (world.app.store().operator(), world.app.now());
        let import = |username, email| operator.import_user(imported(&world, username, email), now);
        world.account_with_password("amara", PASSWORD).await;
        let registered = import("amara", "amara@example.com").await.unwrap();
        assert!(matches!(registered, Imported::Registered), "{registered:?}");

        // The mark survives a change of the account.
        assert!(matches!(import("bruno", "bruno@example.com").await.unwrap(), Imported::Done(_)));
        operator.make_admin("bruno", now).await.unwrap();
        let again = import("bruno", "bruno@example.com").await.unwrap();
        assert!(matches!(again, Imported::Already), "{again:?}");
    });
}

#[test]
fn operator_makes_an_account_an_administrator_once() {
    run(async |world: World| {
        let (operator, now) = (world.app.store().operator(), world.app.now());
        assert!(matches!(operator.make_admin("amara", now).await.unwrap(), MadeAdmin::Unknown));
        operator.import_user(imported(&world, "amara", "amara@example.com"), now).await.unwrap();
        match operator.make_admin("amara", now).await.unwrap() {
            MadeAdmin::Done(user) => assert_eq!((user.role, user.active), (Role::Admin, true)),
            other => panic!("{other:?}"),
        }
        let again = operator.make_admin("amara@example.com", now).await.unwrap();
        assert!(matches!(again, MadeAdmin::Already(_)));
    });
}
