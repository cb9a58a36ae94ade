//! The data of an older version get today's form: however often the work is stopped, without a change that clients see,
//! and without a value that two records have. `migration` is about assignments.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;

use repo::template::TABLE_NAME;
use shared::model::doctor::DoctorDetails;
use shared::model::email::name_form;
use shared::model::id::{DoctorId, Id, UserId};
use shared::model::page::Paging;
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::search::Criteria;
use shared::model::search_key::search_key;
use shared::model::user::{Role, UserChange};
use shared::store::{DoctorRename, RecordActs, SchemaState, Step, Store, UserRename};
use shared::testing::{World, json, run, steps};

use super::accounts::{active_admins, counted_admins};
use super::old_data::{
    OBSOLETE, exists, fill, put_account, put_doctor, put_patient, reindex, rows,
};
use super::text;

async fn names_found<D: RecordActs>(store: &Store, search: Option<&str>) -> Vec<String> {
    let criteria = Criteria { name: search.map(search_key), ..Criteria::default() };
    let paging = Paging { limit: 100, after: None };
    let page = steps::list::<D>(store, criteria, paging).await.unwrap();
    let name = |record| json!(record)["last_name"].as_str().unwrap().to_owned();
    page.results.into_iter().map(name).collect()
}

#[test]
fn records_of_an_older_version_are_listed_and_found() {
    run(async |world: World| {
        fill(&world).await;
        let store = world.app.store();
        assert_eq!(store.operator().schema().await.unwrap(), SchemaState::Outdated);
        let before = rows(&world).await;

        assert!(reindex(store, 500).await.is_empty());
        assert_eq!(store.operator().schema().await.unwrap(), SchemaState::Current);
        let listed = names_found::<PatientDetails>(store, None).await;
        let [first, last] = [listed.first().unwrap(), listed.last().unwrap()];
        assert_eq!((listed.len(), first.as_str(), last.as_str()), (12, "Ångström", "van Dijk"));
        for (search, found) in
            [("garcia", "García"), ("GROSSMANN", "Großmann"), ("oconnor", "O’Connor")]
        {
            assert_eq!(names_found::<PatientDetails>(store, Some(search)).await, [found; 2]);
        }
        assert_eq!(names_found::<PatientDetails>(store, Some("la cruz")).await, ["de la Cruz"; 2]);
        assert_eq!(names_found::<DoctorDetails>(store, Some("okcun grace")).await.len(), 2);
        for name in ["STRASSE", "straße", "Account.1@example.com"] {
            let user = store.accounts().named(&name_form(name)).await.unwrap().unwrap();
            assert_eq!(user.id, UserId::new(1).unwrap());
        }
        assert!(exists(&world, "UNIQUE#doctor-license_number#lic-1").await);

        let after = rows(&world).await;
        for (key, mut row) in before {
            let Some(mut new) = after.get(&key).cloned() else {
                let is_of_assignment = key.1.starts_with("PATIENT#");
                assert!(OBSOLETE.contains(&key.0.as_str()) || is_of_assignment, "{key:?}");
                continue;
            };
            if key.1.starts_with("DOCTOR#") {
                continue;
            }
            // Except for the keys of lists, all records are as before.
            for row in [&mut row, &mut new] {
                row.remove("gsi2sk");
            }
            assert_eq!(row, new);
        }
        let is_left = |key: &(String, String)| key.1.starts_with("an older rule");
        assert!(!after.keys().any(is_left));
    });
}

#[test]
fn second_run_changes_nothing() {
    run(async |world: World| {
        fill(&world).await;
        reindex(world.app.store(), 7).await;
        let first = rows(&world).await;
        reindex(world.app.store(), 5).await;
        assert_eq!(rows(&world).await, first);
    });
}

/// Drops a future after it was polled this often, unless it ends before.
pub async fn kill_after(polls: usize, work: impl Future<Output = ()>) {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        work.as_mut().poll(context)
    })
    .await;
}

#[test]
fn killed_runs_end_like_one_that_was_not_killed() {
    let expected = Mutex::new(BTreeMap::new());
    run(async |world: World| {
        fill(&world).await;
        reindex(world.app.store(), 6).await;
        *expected.lock().unwrap() = rows(&world).await;
    });
    run(async |world: World| {
        fill(&world).await;
        for _ in 0..10 {
            // With other clients, as in another process.
            let app = world.another_app();
            let work = async { drop(reindex(app.store(), 6).await) };
            kill_after(fastrand::usize(1..40), work).await;
        }
        // Two at once do no harm.
        let (one, other) = (world.another_app(), world.another_app());
        tokio::join!(reindex(one.store(), 6), reindex(other.store(), 9));
        // A run that ended later may have left its progress.
        reindex(world.app.store(), 6).await;
        assert_eq!(rows(&world).await, *expected.lock().unwrap());
    });
}

/// Before schema 5, the item with the number of administrators had no ids.
async fn remove_ids_of_admins(world: &World) {
    let remove = world.dynamodb.update_item().table_name(TABLE_NAME);
    let remove = remove.key("pk", text("ADMINS")).key("sk", text("#"));
    remove.update_expression("REMOVE ids").send().await.unwrap();
}

#[test]
fn active_administrators_get_their_ids_counted() {
    run(async |world: World| {
        let (store, now, any) = (world.app.store(), world.app.now(), Preconditions::NONE);
        let mut users = Vec::new();
        for n in 0..4 {
            users.push(world.actor_named(&format!("admin-{n}"), Role::Admin).await.user);
        }
        users.push(world.actor(Role::Staff).await.user);
        let leave = UserChange { active: Some(false), ..UserChange::default() };
        steps::update_account(store, users[3].id, leave, &any, now).await.unwrap();
        let expected = active_admins(&world, &users).await;
        remove_ids_of_admins(&world).await;

        for polls in [3, 9, 20] {
            let app = world.another_app();
            kill_after(polls, async { drop(reindex(app.store(), 1).await) }).await;
        }
        // A run that ended later may have left its progress.
        for _ in 0..2 {
            reindex(store, 1).await;
        }
        assert_eq!(counted_admins(&world).await, expected);

        // Administrators come and go meanwhile.
        remove_ids_of_admins(&world).await;
        let change = async {
            for n in 0..15 {
                let role = if n % 2 == 0 { Role::Staff } else { Role::Admin };
                let change = UserChange { role: Some(role), ..UserChange::default() };
                for user in [&users[1], &users[4]] {
                    steps::update_account(store, user.id, change, &any, now).await.unwrap();
                }
            }
        };
        let other = world.another_app();
        tokio::join!(change, reindex(other.store(), 1));
        assert_eq!(counted_admins(&world).await, active_admins(&world, &users).await);
    });
}

#[test]
fn values_that_became_equal_are_reported_and_renamed() {
    run(async |world: World| {
        put_doctor(&world, 1, "LIC\u{2013}1").await;
        put_doctor(&world, 2, "LIC\u{2014}1").await;
        put_account(&world, 1, "strasse").await;
        put_account(&world, 2, "Straße").await;
        let store = world.app.store();

        for page in [500, 1] {
            let collisions = reindex(store, page).await;
            let fields: Vec<_> = collisions.iter().map(|it| (it.kind, it.field)).collect();
            assert_eq!(fields, [("doctor", "license_number"), ("user", "username")]);
            assert!(collisions.iter().all(|it| it.id + it.other == 3));
        }
        let old_claims = [
            "UNIQUE#doctor-license_number#lic\u{2013}1",
            "UNIQUE#doctor-license_number#lic\u{2014}1",
            "IDENT#strasse",
            "IDENT#straße",
        ];
        for claim in old_claims {
            assert!(exists(&world, claim).await, "{claim}");
        }
        assert_eq!(store.operator().schema().await.unwrap(), SchemaState::Outdated);

        let (operator, now) = (store.operator(), world.app.now());
        let two = (DoctorId::new(2).unwrap(), UserId::new(2).unwrap());
        let license_number = Some("LIC-3".parse().unwrap());
        let change = DoctorRename { license_number, ..DoctorRename::default() };
        operator.rename_doctor(two.0, &change, now).await.unwrap();
        let change = UserRename { username: Some("jonas".parse().unwrap()), email: None };
        operator.rename_user(two.1, &change, now).await.unwrap();
        assert!(!exists(&world, "IDENT#straße").await);
        assert!(reindex(store, 500).await.is_empty());

        let user = store.accounts().named("jonas").await.unwrap().unwrap();
        assert_eq!((user.id, user.version), (two.1, 4));
        assert_eq!(user.updated_at, now);
        let doctor = steps::record::<DoctorDetails>(store, two.0).await.unwrap().unwrap();
        assert_eq!(doctor.details.license_number.as_str(), "LIC-3");
        let first = rows(&world).await;
        let owner = |pk: &str| first[&(pk.to_owned(), "#".to_owned())].clone();
        assert_eq!(owner("UNIQUE#doctor-license_number#lic-1")["id"].as_n().unwrap(), "1");
        assert_eq!(owner("IDENT#strasse")["user_id"].as_n().unwrap(), "1");
    });
}

#[test]
fn collision_that_a_killed_run_found_is_not_forgotten() {
    run(async |world: World| {
        put_account(&world, 1, "strasse").await;
        put_account(&world, 2, "Straße").await;
        for id in 1..=12 {
            put_patient(&world, id).await;
        }
        let store = world.app.store();
        let steps = {
            let mut run = store.operator().reindex(1, world.app.now()).await.unwrap();
            let mut steps = 0;
            while run.step().await.unwrap() == Step::More {
                steps += 1;
            }
            steps
        };
        for stopped_after in [1, steps / 2, steps] {
            let mut run = store.operator().reindex(1, world.app.now()).await.unwrap();
            for _ in 0..stopped_after {
                run.step().await.unwrap();
            }
            drop(run);
            assert_eq!(reindex(store, 1).await.len(), 1);
        }
    });
}
