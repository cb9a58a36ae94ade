//! Tables as version 0.1.0 wrote them, and the work that brings them up to date.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::TABLE_NAME;
use shared::model::timestamp::Timestamp;
use shared::store::{Collision, Step, Store};
use shared::testing::{Value, World, json};

/// Names as people write them. Today's rule changes their place in lists, and finds them without accents.
const NAMES: [(&str, &str); 6] = [
    ("Ana", "García"),
    ("Zoë", "Ångström"),
    ("Liam", "O’Connor"),
    ("Jonas", "Großmann"),
    ("Maria", "de la Cruz"),
    ("Jan", "van Dijk"),
];

/// The partitions of the rows and claims that [`fill`] puts and that no record has any more.
pub const OBSOLETE: [&str; 3] =
    ["UNIQUE#doctor-license_number#lic\u{2013}1", "IDENT#straße", "NAME#patient#an"];

pub type Row = HashMap<String, AttributeValue>;

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

/// Puts an item whose attributes are neither lists nor maps.
pub async fn put(world: &World, item: Value) {
    let item = item.as_object().unwrap().iter();
    put_row(world, item.map(|(name, value)| (name.clone(), attribute(value))).collect()).await;
}

pub async fn put_row(world: &World, item: Row) {
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

pub async fn put_patient(world: &World, id: u64) {
    let (first, last) = NAMES[usize::try_from(id).unwrap() % NAMES.len()];
    let fields = json!({
        "first_name": first, "last_name": last, "date_of_birth": "1985-04-12", "gender": "Female",
        "contact_number": "+12025550147", "address": "12 Elm Street", "medical_history": "Asthma.",
    });
    let sort_key = format!("{}\u{1f}{}", old(last), old(first));
    put_record(world, "patient", id, sort_key, fields).await;
}

pub async fn put_doctor(world: &World, id: u64, license_number: &str) {
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

pub async fn put_account(world: &World, id: u64, username: &str) {
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

/// Puts the item in place of a deleted record whose assignments are not all removed.
pub async fn put_tombstone(world: &World, kind: &str, id: u64) {
    put(
        world,
        json!({"pk": format!("{kind}#{id:016}"), "sk": "#",
        "deleted_at": "2025-01-31T12:00:00.000Z", "swept": false}),
    )
    .await;
}

/// Puts both rows of an assignment.
pub async fn put_assignment(world: &World, patient: u64, doctor: u64) {
    let [patient, doctor] = [format!("PATIENT#{patient:016}"), format!("DOCTOR#{doctor:016}")];
    let row = |pk: &str, sk: &str| json!({"pk": pk, "sk": sk, "assigned_at": "2025-01-31T12:00:00.000Z", "assigned_by": 1});
    let mut of_patient = row(&patient, &doctor);
    of_patient["gsi1pk"] = json!(doctor);
    of_patient["gsi1sk"] = json!(patient);
    put(world, of_patient).await;
    put(world, row(&doctor, &patient)).await;
}

/// Fills a table as version 0.1.0 did, and with rows of an older rule of today's version.
pub async fn fill(world: &World) {
    for id in 1..=12 {
        put_patient(world, id).await;
    }
    put_doctor(world, 1, "LIC\u{2013}1").await;
    put_doctor(world, 2, "LIC-2").await;
    put_account(world, 1, "Straße").await;
    put_account(world, 2, "amara").await;
    put_tombstone(world, "PATIENT", 99).await;
    put_assignment(world, 1, 1).await;
    for id in [1, 99, 100] {
        let sk = format!("an older rule\u{1f}{id:016}");
        put(world, json!({"pk": "NAME#patient#an", "sk": sk})).await;
    }
}

/// Returns all rows of the table, by their keys.
pub async fn rows(world: &World) -> BTreeMap<(String, String), Row> {
    let key = |row: &Row| {
        let [pk, sk] = ["pk", "sk"].map(|name| row[name].as_s().unwrap().clone());
        (pk, sk)
    };
    world.rows("").await.into_iter().map(|row| (key(&row), row)).collect()
}

/// Whether the partition has an item.
pub async fn exists(world: &World, pk: &str) -> bool {
    rows(world).await.contains_key(&(pk.to_owned(), "#".to_owned()))
}

/// As [`reindex_at`], when no assignment is over yet.
pub async fn reindex(store: &Store, page: i32) -> Vec<Collision> {
    reindex_at(store, page, Timestamp::from_millisecond(0)).await
}

/// Runs to the end, in steps of this number of items.
pub async fn reindex_at(store: &Store, page: i32, now: Timestamp) -> Vec<Collision> {
    let mut run = store.operator().reindex(page, now).await.unwrap();
    loop {
        match run.step().await.unwrap() {
            Step::More => {}
            Step::Collided(collisions) => return collisions,
            Step::Done => return Vec::new(),
        }
    }
}
