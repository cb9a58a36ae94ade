//! The data of an older version get today's form: however often the work is stopped, without a change that clients see,
//! and without a value that two records have.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::TABLE_NAME;
use shared::model::doctor::DoctorDetails;
use shared::model::id::{DoctorId, Id, PatientId, UserId};
use shared::model::page::Paging;
use shared::model::patient::PatientDetails;
use shared::model::search::Criteria;
use shared::model::search_key::search_key;
use shared::model::unique_form::unique_form;
use shared::store::{
    Collision, DoctorRename, RecordActs, SchemaState, Step, Store, StoreError, UserRename,
};
use shared::testing::{Value, World, json, run, steps};

/// Names as people write them. Today's rule changes their place in lists, and finds them without accents.
const NAMES: [(&str, &str); 6] = [
    ("Ana", "García"),
    ("Zoë", "Ångström"),
    ("Liam", "O’Connor"),
    ("Jonas", "Großmann"),
    ("Maria", "de la Cruz"),
    ("Jan", "van Dijk"),
];

type Row = HashMap<String, AttributeValue>;

/// Returns what version 0.1.0 made of a unique value, for the texts of these tests.
fn old(text: &str) -> String {
    text.to_lowercase()
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Null => AttributeValue::Null(true),
        number => AttributeValue::N(number.to_string()),
    }
}

async fn put(world: &World, item: Value) {
    let item = item.as_object().unwrap().iter();
    let item: Row = item.map(|(name, value)| (name.clone(), attribute(value))).collect();
    let request = world.dynamodb.put_item().table_name(TABLE_NAME).set_item(Some(item));
    request.send().await.unwrap();
}

/// Puts an item with the keys, the version and the times that every record has.
async fn put_record(world: &World, kind: &str, id: u64, sort_key: String, fields: Value) {
    let mut item = json!({
        "pk": format!("{}#{id:016}", kind.to_uppercase()), "sk": "#",
        "gsi2pk": kind.to_uppercase(), "gsi2sk": format!("{sort_key}\u{1f}{id:016}"),
        "id": id, "version": 3, "of_another_version": "stays",
        "created_at": "2025-01-31T12:00:00.000Z", "updated_at": "2025-02-28T12:00:00.000Z",
    });
    for (name, value) in fields.as_object().unwrap() {
        item[name] = value.clone();
    }
    put(world, item).await;
    put(world, json!({"pk": format!("COUNTER#{kind}"), "sk": "#", "last_id": id})).await;
}

async fn put_patient(world: &World, id: u64) {
    let (first, last) = NAMES[usize::try_from(id).unwrap() % NAMES.len()];
    let fields = json!({
        "first_name": first, "last_name": last, "date_of_birth": "1985-04-12", "gender": "Female",
        "contact_number": "+12025550147", "address": "12 Elm Street", "medical_history": "Asthma.",
    });
    let sort_key = format!("{}\u{1f}{}", old(last), old(first));
    put_record(world, "patient", id, sort_key, fields).await;
}

async fn put_doctor(world: &World, id: u64, license_number: &str) {
    let email = format!("Grace.{id}@Example.com");
    let fields = json!({
        "first_name": "Grace", "last_name": "Ökçün", "email": email,
        "phone_number": "+442079460123", "specialization": "Internal Medicine",
        "license_number": license_number, "years_of_experience": 12,
    });
    put_record(world, "doctor", id, "ökçün\u{1f}grace".to_owned(), fields).await;
    for (field, value) in [("email", email.as_str()), ("license_number", license_number)] {
        let pk = format!("UNIQUE#doctor-{field}#{}", old(value));
        put(world, json!({"pk": pk, "sk": "#", "id": id})).await;
    }
}

async fn put_account(world: &World, id: u64, username: &str) {
    let email = format!("account.{id}@Example.com");
    let fields = json!({
        "username": username, "email": email, "role": "staff", "active": true, "epoch": 0,
    });
    put_record(world, "user", id, old(username), fields).await;
    for name in [username, &email] {
        let pk = format!("IDENT#{}", old(name));
        put(world, json!({"pk": pk, "sk": "#", "user_id": id})).await;
    }
}

/// Fills a table as version 0.1.0 did, and with rows of an older rule of today's version.
async fn fill(world: &World) {
    for id in 1..=12 {
        put_patient(world, id).await;
    }
    put_doctor(world, 1, "LIC\u{2013}1").await;
    put_doctor(world, 2, "LIC-2").await;
    put_account(world, 1, "Straße").await;
    put_account(world, 2, "amara").await;
    put(world, json!({"pk": "PATIENT#0000000000000099", "sk": "#",
        "deleted_at": "2025-01-31T12:00:00.000Z", "swept": true})).await;
    let assignment = json!({"pk": "PATIENT#0000000000000001", "sk": "DOCTOR#0000000000000001",
        "gsi1pk": "DOCTOR#0000000000000001", "gsi1sk": "PATIENT#0000000000000001",
        "assigned_at": "2025-01-31T12:00:00.000Z", "assigned_by": 1});
    put(world, assignment).await;
    for id in [1, 99, 100] {
        let sk = format!("an older rule\u{1f}{id:016}");
        put(world, json!({"pk": "NAME#patient#an", "sk": sk})).await;
    }
}

async fn rows(world: &World) -> BTreeMap<(String, String), Row> {
    let key = |row: &Row| {
        let [pk, sk] = ["pk", "sk"].map(|name| row[name].as_s().unwrap().clone());
        (pk, sk)
    };
    world.rows("").await.into_iter().map(|row| (key(&row), row)).collect()
}

async fn exists(world: &World, pk: &str) -> bool {
    rows(world).await.contains_key(&(pk.to_owned(), "#".to_owned()))
}

/// Runs to the end.
async fn reindex(store: &Store, page: i32) -> Vec<Collision> {
    let mut run = store.operator().reindex(page).await.unwrap();
    loop {
        match run.step().await.unwrap() {
            Step::More => {}
            Step::Collided(collisions) => return collisions,
            Step::Done => return Vec::new(),
        }
    }
}

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

        assert_eq!(reindex(store, 500).await, []);
        assert_eq!(store.operator().schema().await.unwrap(), SchemaState::Current);
        let listed = names_found::<PatientDetails>(store, None).await;
        let [first, last] = [listed.first().unwrap(), listed.last().unwrap()];
        assert_eq!((listed.len(), first.as_str(), last.as_str()), (12, "Ångström", "van Dijk"));
        for (search, found) in [("garcia", "García"), ("GROSSMANN", "Großmann"), ("oconnor", "O’Connor")] {
            assert_eq!(names_found::<PatientDetails>(store, Some(search)).await, [found; 2]);
        }
        assert_eq!(names_found::<PatientDetails>(store, Some("la cruz")).await, ["de la Cruz"; 2]);
        assert_eq!(names_found::<DoctorDetails>(store, Some("okcun grace")).await.len(), 2);
        for name in ["STRASSE", "straße", "Account.1@example.com"] {
            let user = store.accounts().named(&unique_form(name)).await.unwrap().unwrap();
            assert_eq!(user.id, UserId::new(1).unwrap());
        }
        assert!(exists(&world, "UNIQUE#doctor-license_number#lic-1").await);

        // Except for the keys of lists, all records are as before.
        let after = rows(&world).await;
        for (key, mut row) in before {
            match after.get(&key) {
                Some(new) => {
                    row.insert("gsi2sk".to_owned(), new.get("gsi2sk").cloned().unwrap_or_else(|| super::text("")));
                    let mut new = new.clone();
                    new.entry("gsi2sk".to_owned()).or_insert_with(|| super::text(""));
                    assert_eq!(row, new);
                }
                None => {
                    let gone = ["UNIQUE#doctor-license_number#lic\u{2013}1", "IDENT#straße", "NAME#patient#an"];
                    assert!(gone.contains(&key.0.as_str()), "{key:?}");
                }
            }
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

/// Drops a future after it was polled this often. Returns whether it ended before.
async fn ends_within(polls: usize, work: impl Future<Output = ()>) -> bool {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(context).map(|()| true)
    })
    .await
}

#[test]
fn killed_runs_end_like_one_that_was_not_killed() {
    let expected = std::sync::Mutex::new(BTreeMap::new());
    run(async |world: World| {
        fill(&world).await;
        reindex(world.app.store(), 6).await;
        *expected.lock().unwrap() = rows(&world).await;
    });
    run(async |world: World| {
        fill(&world).await;
        let mut killed = 0;
        while killed < 10 {
            let polls = fastrand::usize(1..60);
            // With other clients, as in another process.
            let app = world.another_app();
            let run = async { drop(reindex(app.store(), 6).await) };
            if ends_within(polls, run).await {
                break;
            }
            killed += 1;
        }
        // Two at once do no harm.
        let (one, other) = (world.another_app(), world.another_app());
        tokio::join!(reindex(one.store(), 6), reindex(other.store(), 9));
        // A run that ended later may have left its progress.
        reindex(world.app.store(), 6).await;
        assert_eq!(rows(&world).await, *expected.lock().unwrap());
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
        assert_eq!(reindex(store, 500).await, []);

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
            let mut run = store.operator().reindex(1).await.unwrap();
            let mut steps = 0;
            while run.step().await.unwrap() == Step::More {
                steps += 1;
            }
            steps
        };
        for stopped_after in [1, steps / 2, steps] {
            let mut run = store.operator().reindex(1).await.unwrap();
            for _ in 0..stopped_after {
                run.step().await.unwrap();
            }
            drop(run);
            assert_eq!(reindex(store, 1).await.len(), 1);
        }
    });
}

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

        let username = |name: &str| UserRename { username: Some(name.parse().unwrap()), email: None };
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
