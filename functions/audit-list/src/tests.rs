use std::time::Duration;

use shared::model::id::{Id, PatientId};
use shared::model::patient::PatientDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::{Actor, Answer, Event, Handler, Value, World, checks, json, protected, run};

use super::list;

const HEADER: &str = "at,actor,operation,basis,outcome,fields,patients,doctors,accounts,address,\
                      session_id,request_id,chain,seq,other_bases,object";

fn handler() -> impl Handler {
    protected(list)
}

fn event() -> Event {
    Event::of("audit-list")
}

async fn ask(world: &World, by: &Actor, query: &[(&str, &str)]) -> Answer {
    world.call(handler(), event().query(query).by(by)).await
}

/// Returns the results of a first page.
async fn rows(world: &World, by: &Actor, query: &[(&str, &str)]) -> Vec<Value> {
    let page = ask(world, by, query).await.expect(200);
    page["results"].as_array().unwrap().clone()
}

/// Returns an attribute of each row.
fn all<'a>(rows: &'a [Value], name: &str) -> Vec<&'a Value> {
    rows.iter().map(|row| &row[name]).collect()
}

/// Reads patients by patients-get, one a second, and puts the rows into their views.
async fn read(world: &World, reads: &[(&Actor, PatientId)]) {
    for (actor, patient) in reads {
        world.advance(Duration::from_secs(1));
        let event = Event::of("patients-get").without_policy().path_parameter("id", patient);
        world.call(protected(records::get::<PatientDetails>), event.by(actor)).await;
    }
    world.put_views().await;
}

/// A member of staff has read patient 1 and then patient 2. Between the two, a doctor who has no patients was refused
/// patient 1.
struct Clinic {
    staff: Actor,
    stranger: Actor,
    admin: Actor,
}

impl Clinic {
    async fn of(world: &World) -> Self {
        let (staff, admin) = (world.actor(Role::Staff).await, world.actor(Role::Admin).await);
        let stranger = world.doctor_account(&world.doctor(1).await).await;
        let (one, two) = (world.patient(1).await.id, world.patient(2).await.id);
        read(world, &[(&staff, one), (&stranger, one), (&staff, two)]).await;
        Self { staff, stranger, admin }
    }
}

#[test]
fn rows_of_today_are_listed_newest_first() {
    run(async |world: World| {
        let Clinic { staff, stranger, admin } = Clinic::of(&world).await;
        let rows = rows(&world, &admin, &[]).await;
        let (staff_id, stranger_id) = (json!(staff.id()), json!(stranger.id()));
        assert_eq!(all(&rows, "actor"), [&staff_id, &stranger_id, &staff_id]);
        let refused = &rows[1];
        for name in ["address", "chain"] {
            assert!(refused[name].is_string(), "{name}");
        }
        // The row of the refusal corrects the one that was put while the patient was read.
        assert_eq!(refused["seq"], 2);
        let mut refused = refused.clone();
        for name in ["address", "chain", "seq"] {
            refused.as_object_mut().unwrap().remove(name);
        }
        let expected = json!({
            "at": "2026-01-31T12:00:02.000Z", "actor": stranger_id, "operation": "patients-get",
            "basis": null, "outcome": "not_assigned", "fields": [], "patients": [1],
            "doctors": [], "accounts": [], "session_id": stranger.session_id(),
            "request_id": "a-request", "other_bases": {}, "object": null,
        });
        assert_eq!(refused, expected);
    });
}

#[test]
fn rows_are_found_by_account_patient_and_day() {
    run(async |world: World| {
        let Clinic { staff, stranger, admin } = Clinic::of(&world).await;
        let (staff_id, stranger_id) = (staff.id().to_string(), stranger.id().to_string());
        for (query, times) in [
            (("actor", staff_id.as_str()), &["12:00:03", "12:00:01"][..]),
            (("actor", stranger_id.as_str()), &["12:00:02"][..]),
            (("actor", "999"), &[][..]),
            (("patient", "1"), &["12:00:02", "12:00:01"][..]),
            (("patient", "2"), &["12:00:03"][..]),
            (("patient", "999"), &[][..]),
            (("day", "2026-01-31"), &["12:00:03", "12:00:02", "12:00:01"][..]),
            (("day", "2026-01-30"), &[][..]),
        ] {
            let rows = rows(&world, &admin, &[query]).await;
            let expected: Vec<Value> =
                times.iter().map(|time| json!(format!("2026-01-31T{time}.000Z"))).collect();
            assert_eq!(all(&rows, "at"), expected.iter().collect::<Vec<_>>(), "{query:?}");
        }
    });
}

#[test]
fn filters_leave_out_other_rows() {
    run(async |world: World| {
        let Clinic { stranger, admin, .. } = Clinic::of(&world).await;
        let stranger_id = stranger.id().to_string();
        for (query, expected) in [
            (&[("operation", "patients-get")][..], 3),
            (&[("operation", "patients-update")][..], 0),
            (&[("operation", "ops admin add")][..], 0),
            (&[("outcome", "done")][..], 2),
            (&[("outcome", "not_assigned")][..], 1),
            (&[("basis", "role")][..], 2),
            (&[("basis", "emergency")][..], 0),
            (&[("patient", "1"), ("basis", "role")][..], 1),
            (&[("patient", "1"), ("outcome", "done"), ("operation", "patients-get")][..], 1),
            (&[("actor", stranger_id.as_str()), ("outcome", "done")][..], 0),
            (&[("day", "2026-01-31"), ("outcome", "not_assigned")][..], 1),
        ] {
            assert_eq!(rows(&world, &admin, query).await.len(), expected, "{query:?}");
        }
    });
}

#[test]
fn limit_does_not_count_rows_that_filters_leave_out() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        let admin_id = admin.id().to_string();
        let done = ("outcome", "done");
        world.made_up_accesses(&patient, admin.id(), 3).await;
        world.advance(Duration::from_secs(1));
        world.made_up_refusals(&patient, admin.id(), 300).await;
        for view in [("day", "2026-01-31"), ("patient", "1"), ("actor", admin_id.as_str())] {
            let page = ask(&world, &admin, &[view, done, ("limit", "2")]).await.expect(200);
            assert_eq!(page["results"].as_array().unwrap().len(), 2, "{view:?}");
            let cursor = page["next"].as_str().unwrap();
            let query = [view, done, ("limit", "2"), ("cursor", cursor)];
            let rest = ask(&world, &admin, &query).await.expect(200);
            assert_eq!(rest["results"].as_array().unwrap().len(), 1, "{view:?}");
            assert_eq!(rest["next"], Value::Null, "{view:?}");
        }
    });
}

#[test]
fn list_is_found_by_each_basis_of_its_patients() {
    run(async |world: World| {
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        for n in 1..=2 {
            world.assign(&doctor, &world.patient(n).await).await;
        }
        world.cover(&doctor, &covering, 7).await;
        let admin = world.actor(Role::Admin).await;
        let covering = world.doctor_account(&covering).await;
        let list = Event::of("patients-list").without_policy().query(&[]).by(&covering);
        world.call(protected(records::list::<PatientDetails>), list).await.expect(200);
        world.put_views().await;
        for basis in ["assignment", "covering"] {
            let found = rows(&world, &admin, &[("basis", basis)]).await;
            assert_eq!(all(&found, "other_bases"), [&json!({"covering": [1, 2]})], "{basis}");
        }
        assert_eq!(rows(&world, &admin, &[("basis", "proxy")]).await, [] as [Value; 0]);
        let csv = event().query(&[("basis", "covering")]).header("accept", "text/csv");
        let csv = world.call(handler(), csv.by(&admin)).await;
        assert!(csv.text().ends_with(",covering:1 covering:2,\r\n"), "{}", csv.text());
    });
}

#[test]
fn every_view_is_read_page_by_page() {
    run(async |world: World| {
        let (staff, admin) = (world.actor(Role::Staff).await, world.actor(Role::Admin).await);
        let patient = world.patient(1).await.id;
        read(&world, &[(&staff, patient); 7]).await;
        let staff_id = staff.id().to_string();
        let expected: Vec<Value> =
            (1..=7).rev().map(|n| json!(format!("2026-01-31T12:00:0{n}.000Z"))).collect();
        let actor = [("actor", staff_id.as_str())];
        for view in [&[][..], &[("day", "2026-01-31")], &[("patient", "1")], &actor] {
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let mut query = [view, &[("limit", "3")]].concat();
                query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
                let page = ask(&world, &admin, &query).await.expect(200);
                let results = page["results"].as_array().unwrap();
                assert!(results.len() <= 3);
                seen.extend(results.iter().map(|row| row["at"].clone()));
                cursor = page["next"].as_str().map(str::to_owned);
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{view:?}");
        }
    });
}

#[test]
fn list_of_today_goes_on_after_midnight() {
    run(async |world: World| {
        let Clinic { staff, admin, .. } = Clinic::of(&world).await;
        let page = ask(&world, &admin, &[("limit", "1")]).await.expect(200);
        let next = page["next"].as_str().unwrap();
        world.advance(Duration::from_hours(12));
        let staff = world.sign_in(staff.user).await;
        let admin = world.sign_in(admin.user).await;
        read(&world, &[(&staff, PatientId::new(1).unwrap())]).await;

        let rest = rows(&world, &admin, &[("cursor", next)]).await;
        assert_eq!(
            all(&rest, "at"),
            [&json!("2026-01-31T12:00:02.000Z"), &json!("2026-01-31T12:00:01.000Z")]
        );
        let today = rows(&world, &admin, &[]).await;
        assert_eq!(all(&today, "at"), [&json!("2026-02-01T00:00:04.000Z")]);
    });
}

#[test]
fn cursor_of_other_rows_is_refused() {
    run(async |world: World| {
        let Clinic { admin, .. } = Clinic::of(&world).await;
        let lists = [
            &[][..],
            &[("day", "2026-01-31")],
            &[("patient", "1")],
            &[("actor", "1")],
            &[("operation", "patients-get")],
            &[("outcome", "done")],
        ];
        for list in lists {
            let first = [list, &[("limit", "1")]].concat();
            let page = ask(&world, &admin, &first).await.expect(200);
            let next = page["next"].as_str().unwrap();
            for other in lists {
                let answer = ask(&world, &admin, &[other, &[("cursor", next)]].concat()).await;
                if other == list {
                    answer.expect(200);
                } else {
                    answer.expect_problem(400, "invalid_query");
                }
            }
        }
    });
}

#[test]
fn invalid_parameters_are_named() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        for (query, field) in [
            (&[("actor", "0")][..], "actor"),
            (&[("patient", "abc")][..], "patient"),
            (&[("day", "31-01-2026")][..], "day"),
            (&[("day", "2026-02-30")][..], "day"),
            (&[("operation", "Patients")][..], "operation"),
            (&[("outcome", "a\nb")][..], "outcome"),
            (&[("basis", "=1")][..], "basis"),
            (&[("limit", "0")][..], "limit"),
            (&[("cursor", "abc")][..], "cursor"),
            (&[("colour", "red")][..], "colour"),
            (&[("actor", "1"), ("patient", "1")][..], "patient"),
            (&[("actor", "1"), ("day", "2026-01-31")][..], "day"),
            (&[("patient", "1"), ("day", "2026-01-31")][..], "day"),
        ] {
            let problem = ask(&world, &admin, query).await.expect_problem(400, "invalid_query");
            let fields: Vec<_> = problem["errors"].as_object().unwrap().keys().collect();
            assert_eq!(fields, [field], "{query:?}");
        }
        ask(&world, &admin, &[("actor", ""), ("patient", "1"), ("day", " ")]).await.expect(200);
    });
}

#[test]
fn csv_has_the_same_page() {
    run(async |world: World| {
        let Clinic { admin, .. } = Clinic::of(&world).await;
        let query = &[("limit", "2")];
        let event = event().query(query).by(&admin);
        let csv = world.call(handler(), event.clone().header("accept", "text/csv")).await;
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        assert_eq!(csv.header("cache-control"), Some("no-store"));
        let json = ask(&world, &admin, query).await;
        assert_eq!(json.header("content-type"), Some("application/json"));
        assert_eq!(json.header("next-cursor"), None);

        let mut expected = format!("{HEADER}\r\n");
        for row in json.expect(200)["results"].as_array().unwrap() {
            let text = |name: &str| match &row[name] {
                Value::Null => String::new(),
                Value::Array(items) => {
                    items.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")
                }
                Value::Object(bases) if bases.is_empty() => String::new(),
                Value::String(text) if text.starts_with('-') => format!("'{text}"),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let line: Vec<String> = HEADER.split(',').map(text).collect();
            expected.push_str(&line.join(","));
            expected.push_str("\r\n");
        }
        assert_eq!((csv.status, csv.text()), (200, expected.as_str()));

        let next = csv.header("next-cursor").unwrap();
        let rest = event.query(&[("cursor", next)]).header("accept", "text/csv");
        let rest = world.call(handler(), rest.clone()).await;
        assert_eq!((rest.text().lines().count(), rest.header("next-cursor")), (2, None));
    });
}

#[test]
fn reading_the_trail_is_in_the_trail() {
    run(async |world: World| {
        let Clinic { staff, admin, .. } = Clinic::of(&world).await;
        let staff_id = staff.id().to_string();
        let queries = [&[][..], &[("patient", "1")], &[("actor", &staff_id)], &[("day", "x")]];
        for query in queries {
            let before = world.audit_rows().await.len();
            world.advance(Duration::from_secs(1));
            ask(&world, &admin, query).await;
            assert_eq!(world.audit_rows().await.len(), before + 1, "{query:?}");
        }
        world.put_views().await;
        let rows = rows(&world, &admin, &[("operation", "audit-list")]).await;
        let [invalid, by_actor, by_patient, by_day] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(invalid["outcome"], "invalid_query");
        for row in [by_actor, by_patient, by_day] {
            assert_eq!((&row["outcome"], &row["basis"]), (&json!("done"), &json!("role")));
            assert_eq!(row["actor"], json!(admin.id()));
        }
        let named = |row: &Value| (row["patients"].clone(), row["accounts"].clone());
        assert_eq!(named(by_actor), (json!([]), json!([staff.id()])));
        assert_eq!(named(by_patient), (json!([1]), json!([])));
        assert_eq!(named(by_day), (json!([]), json!([])));
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        world.expect_staff_only(handler(), event()).await;
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient_account(&world.patient(1).await).await;
        for actor in [&staff, &patient] {
            for query in [&[][..], &[("patient", "1")]] {
                let answer = ask(&world, actor, query).await;
                answer.expect_problem(403, "permission_denied");
            }
        }
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let Clinic { admin, .. } = Clinic::of(world).await;
        (handler(), event().query(&[("patient", "1")]).by(&admin))
    });
}

#[test]
fn day_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world: &World| {
        let Clinic { admin, .. } = Clinic::of(world).await;
        (handler(), event().by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("audit-list", &[]);
}
