//! Changes of accounts by the operator's commands: imports, and new administrators. The item that has the number and the
//! ids of the active administrators.

use std::collections::BTreeSet;

use shared::model::id::UserId;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, User, UserChange};
use shared::store::{Imported, ImportedUser, MadeAdmin, NewUser, StoreError};
use shared::testing::{PASSWORD, Value, World, json, run, steps, together};

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

#[test]
fn row_of_the_trail_names_the_changed_fields_of_an_administrator() {
    run(async |world: World| {
        let (store, _) = world.app.store_of("ops admin add");
        let (operator, now) = (store.operator(), world.app.now());
        let new = ImportedUser { active: false, ..imported(&world, "amara", "amara@example.com") };
        operator.import_user(new, now).await.unwrap();
        // The second time, the account is an administrator's already.
        for _ in 0..2 {
            operator.make_admin("amara", now).await.unwrap();
        }
        let rows = world.audited("ops admin add").await;
        let fields: Vec<Value> = rows.iter().map(|facts| json!(facts.fields)).collect();
        assert_eq!(fields, [json!([]), json!(["active", "role"])]);
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

/// Returns the number and the ids of the active administrators, as their item has them.
pub async fn counted_admins(world: &World) -> (usize, BTreeSet<UserId>) {
    let rows = world.rows("ADMINS").await;
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let ids = row["ids"].as_ns().unwrap().iter().map(|id| id.parse().unwrap()).collect();
    (row["active"].as_n().unwrap().parse().unwrap(), ids)
}

/// Returns the number and the ids of those of these accounts that are active administrators.
pub async fn active_admins(world: &World, users: &[User]) -> (usize, BTreeSet<UserId>) {
    let mut ids = BTreeSet::new();
    for user in users {
        if world.stored(user.id).await.is_active_admin() {
            ids.insert(user.id);
        }
    }
    (ids.len(), ids)
}

#[test]
fn active_administrators_are_counted_with_their_ids() {
    run(async |world: World| {
        let mut users = Vec::new();
        for n in 0..4 {
            users.push(world.actor_named(&format!("admin-{n}"), Role::Admin).await.user);
        }
        assert_eq!(counted_admins(&world).await.0, 4);
        let (store, now, any) = (world.app.store(), world.app.now(), Preconditions::NONE);
        for _ in 0..20 {
            let changes = users.iter().map(|user| {
                let role = if fastrand::bool() { Role::Admin } else { Role::Staff };
                let change = UserChange {
                    role: Some(role),
                    active: Some(fastrand::bool()),
                    ..UserChange::default()
                };
                steps::update_account(store, user.id, change, &any, now)
            });
            for changed in together(changes).await {
                // The last one stays.
                assert!(matches!(changed, Ok(_) | Err(StoreError::Conflict(_))), "{changed:?}");
            }
            assert_eq!(counted_admins(&world).await, active_admins(&world, &users).await);
        }
    });
}

#[test]
fn first_account_that_becomes_an_administrator_is_counted() {
    run(async |world: World| {
        let register = async |name: &str| {
            let new = NewUser {
                username: name.parse().unwrap(),
                email: format!("{name}@example.com").parse().unwrap(),
                password_hash: "nobody's".into(),
                role: Role::Pending,
                first_is_admin: true,
            };
            world.app.store().accounts().register(new, world.app.now()).await.unwrap()
        };
        let users = [register("amara").await, register("bruno").await];
        assert_eq!(users.each_ref().map(|user| user.role), [Role::Admin, Role::Pending]);
        assert_eq!(counted_admins(&world).await, (1, [users[0].id].into()));
    });
}
