//! The operator's changes of unique values.

use shared::model::id::{DoctorId, Id, UserId};
use shared::store::{DoctorRename, StoreError, UserRename};
use shared::testing::{World, run};

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
