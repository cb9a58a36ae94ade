//! The operator's changes of unique values.

use shared::auth::mailed_token::MailedToken;
use shared::model::id::{DoctorId, Id, UserId};
use shared::store::{DoctorRename, StoreError, UserRename};
use shared::testing::{PASSWORD, Value, World, json, run};

use super::old_data::{put_account, put_doctor, reindex, rows};

#[test]
fn rename_refuses_what_a_registration_refuses() {
    run(async |world: World| {
        put_account(&world, 1, "amara").await;
        put_account(&world, 2, "jonas").await;
        put_doctor(&world, 1, "LIC-1").await;
        put_doctor(&world, 2, "LIC-2").await;
        let store = world.app.store();
        reindex(store, 500).await;
        let before = rows(&world).await;
        let (operator, now) = (store.operator(), world.app.now());

        let username =
            |name: &str| UserRename { username: Some(name.parse().unwrap()), email: None };
        let id = |n| UserId::new(n).unwrap();
        let taken = operator.rename_user(id(2), &username("AMARA"), now).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
        let foreign = operator.rename_user(id(2), &username("account.1@example.com"), now).await;
        assert!(matches!(foreign, Err(StoreError::Invalid(_))), "{foreign:?}");
        let absent = operator.rename_user(id(9), &username("zoe"), now).await;
        assert!(matches!(absent, Err(StoreError::NotFound(_))), "{absent:?}");
        let license_number = Some("lic-1".parse().unwrap());
        let change = DoctorRename { license_number, ..DoctorRename::default() };
        let taken = operator.rename_doctor(DoctorId::new(2).unwrap(), &change, now).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
        // The same value again changes nothing.
        operator.rename_user(id(1), &username("amara"), now).await.unwrap();
        assert_eq!(rows(&world).await, before);

        // A new spelling keeps the claim.
        operator.rename_user(id(1), &username("Amara"), now).await.unwrap();
        let user = store.accounts().named("amara").await.unwrap().unwrap();
        assert_eq!((user.username.as_str(), user.version), ("Amara", 4));
    });
}

#[test]
fn rows_of_the_trail_name_the_changed_fields() {
    run(async |world: World| {
        let (account, doctor) =
            (world.account_with_password("amara", PASSWORD).await, world.doctor(1).await);
        let token = MailedToken::received(&world.verification_of(&account).await);
        let now = world.app.now();
        world.app.store().verifications().complete(&token.hash(), now).await.unwrap();
        let (store, _) = world.app.store_of("ops rename");
        let operator = store.operator();
        for (username, email) in [("zoe", "amara@example.com"), ("amara", "zoe@example.com")] {
            let (username, email) = (username.parse().unwrap(), email.parse().unwrap());
            let change = UserRename { username: Some(username), email: Some(email) };
            // The second time, nothing changes.
            for _ in 0..2 {
                operator.rename_user(account.id, &change, now).await.unwrap();
            }
        }
        let license_number = Some("LIC-2026".parse().unwrap());
        let change = DoctorRename { license_number, ..DoctorRename::default() };
        operator.rename_doctor(doctor.id, &change, now).await.unwrap();
        let rows = world.audited("ops rename").await;
        let fields: Vec<Value> = rows.iter().map(|facts| json!(facts.fields)).collect();
        let with_address = json!(["email", "email_verified", "username"]);
        assert_eq!(fields, [json!(["username"]), with_address, json!(["license_number"])]);
    });
}
