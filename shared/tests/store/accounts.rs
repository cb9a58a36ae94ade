//! Accounts that no request makes: imported ones, and administrators by the operator's word.

use shared::model::user::Role;
use shared::table::{Imported, ImportedUser, MadeAdmin};
use shared::testing::{World, run};

fn imported(world: &World, username: &str, email: &str) -> ImportedUser {
    ImportedUser {
        username: username.parse().unwrap(),
        email: email.parse().unwrap(),
        password_hash: None,
        role: Role::Staff,
        active: true,
        created_at: world.app.now(),
    }
}

#[test]
fn an_import_again_finds_its_account_and_another_account_of_that_name_is_none() {
    run(async |world: World| {
        let (table, now) = (world.app.table(), world.app.now());
        let import = |username, email| table.import_user(imported(&world, username, email), now);
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

#[test]
fn the_operator_makes_an_account_an_administrator_once() {
    run(async |world: World| {
        let (table, now) = (world.app.table(), world.app.now());
        assert!(matches!(table.make_admin("amara", now).await.unwrap(), MadeAdmin::Unknown));
        table.import_user(imported(&world, "amara", "amara@example.com"), now).await.unwrap();
        match table.make_admin("amara", now).await.unwrap() {
            MadeAdmin::Done(user) => assert_eq!((user.role, user.active), (Role::Admin, true)),
            other => panic!("{other:?}"),
        }
        let again = table.make_admin("amara@example.com", now).await.unwrap();
        assert!(matches!(again, MadeAdmin::Already(_)));
    });
}
