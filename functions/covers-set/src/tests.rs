use std::time::Duration;

use shared::model::doctor::Doctor;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::user::Role;
use shared::records;
use shared::testing::{
    Actor, Answer, Event, Handler, Value, World, checks, json, protected, run, together,
};

use super::set;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn handler() -> impl Handler {
    protected(set)
}

fn event() -> Event {
    Event::of("covers-set")
}

async fn put(world: &World, by: &Actor, doctor: &Doctor, body: Value) -> Answer {
    let event = event().path_parameter("id", doctor.id).json(body).by(by);
    world.call(handler(), event).await
}

/// Returns a body for a cover from now on, for two weeks.
fn by(covering: &Doctor) -> Value {
    json!({"covering_doctor_id": covering.id, "ends_at": "2026-02-14T12:00:00Z"})
}

/// Returns the ids of the doctors whom a doctor covers, as the item of the doctor says.
async fn covered_by(world: &World, covering: &Doctor) -> Vec<String> {
    let rows = world.rows(&format!("DOCTOR#{:016}", covering.id)).await;
    let list = rows.iter().find(|row| row["sk"].as_s().is_ok_and(|sk| sk == "COVERS"));
    let covers = list.map(|list| list["covers"].as_l().unwrap().clone()).unwrap_or_default();
    covers.iter().map(|it| it.as_m().unwrap()["doctor_id"].as_n().unwrap().clone()).collect()
}

/// Returns the status of a doctor's read of a patient.
async fn read(world: &World, doctor: &Doctor, account: &Actor, patient: &Patient) -> u16 {
    assert_eq!(account.user.doctor_id, Some(doctor.id));
    let account = world.sign_in(account.user.clone()).await;
    let event = Event::of("patients-get").without_policy().path_parameter("id", patient.id);
    let handler = protected(records::get::<PatientDetails>);
    world.call(handler, event.by(&account)).await.status
}

#[test]
fn cover_is_answered_as_it_is_stored() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        let body = json!({
            "covering_doctor_id": covering.id, "starts_at": "2026-02-01T08:00:00+01:00",
            "ends_at": "2026-02-14T12:00:00Z", "reason": "vacation",
        });
        let cover = json!({
            "doctor_id": doctor.id, "covering_doctor_id": covering.id,
            "starts_at": "2026-02-01T07:00:00.000Z", "ends_at": "2026-02-14T12:00:00.000Z",
            "reason": "vacation", "set_at": "2026-01-31T12:00:00.000Z", "set_by": staff.id(),
        });
        assert_eq!(put(&world, &staff, &doctor, body.clone()).await.expect(200), cover);
        assert_eq!(covered_by(&world, &covering).await, [doctor.id.to_string()]);
        world.advance(Duration::from_secs(60));
        assert_eq!(put(&world, &staff, &doctor, body).await.expect(200), cover);

        let from_now = put(&world, &staff, &doctor, by(&covering)).await.expect(200);
        assert_eq!(from_now["starts_at"], "2026-01-31T12:01:00.000Z");
        assert_eq!(from_now["reason"], Value::Null);
        assert_eq!(covered_by(&world, &covering).await, [doctor.id.to_string()]);
    });
}

#[test]
fn covering_doctor_sees_the_patients_while_the_cover_lasts() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        let (patient, stranger) = (world.patient(1).await, world.patient(2).await);
        world.assign(&doctor, &patient).await;
        let account = world.doctor_account(&covering).await;
        let status = async |patient: &Patient| read(&world, &covering, &account, patient).await;
        assert_eq!(status(&patient).await, 403);
        let body = json!({
            "covering_doctor_id": covering.id,
            "starts_at": "2026-02-01T12:00:00Z", "ends_at": "2026-02-02T12:00:00Z",
        });
        put(&world, &staff, &doctor, body).await.expect(200);
        assert_eq!(status(&patient).await, 403);
        world.advance(DAY);
        assert_eq!(status(&patient).await, 200);
        assert_eq!(status(&stranger).await, 403);
        // A patient whom the covered doctor gets later is covered, too.
        world.assign(&doctor, &stranger).await;
        assert_eq!(status(&stranger).await, 200);
        world.advance(DAY);
        assert_eq!(status(&patient).await, 403);
    });
}

#[test]
fn cover_is_not_transitive() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (first, second, third) =
            (world.doctor(1).await, world.doctor(2).await, world.doctor(3).await);
        let patient = world.patient(1).await;
        world.assign(&first, &patient).await;
        let (two, three) =
            (world.doctor_account(&second).await, world.doctor_account(&third).await);
        put(&world, &staff, &first, by(&second)).await.expect(200);
        put(&world, &staff, &second, by(&third)).await.expect(200);
        assert_eq!(read(&world, &second, &two, &patient).await, 200);
        assert_eq!(read(&world, &third, &three, &patient).await, 403);
    });
}

#[test]
fn new_cover_replaces_the_earlier_one() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, one, two) =
            (world.doctor(1).await, world.doctor(2).await, world.doctor(3).await);
        let other = world.doctor(4).await;
        put(&world, &staff, &other, by(&one)).await.expect(200);
        put(&world, &staff, &doctor, by(&one)).await.expect(200);
        assert_eq!(covered_by(&world, &one).await.len(), 2);
        put(&world, &staff, &doctor, by(&two)).await.expect(200);
        assert_eq!(covered_by(&world, &one).await, [other.id.to_string()]);
        assert_eq!(covered_by(&world, &two).await, [doctor.id.to_string()]);
        put(&world, &staff, &doctor, by(&one)).await.expect(200);
        assert_eq!(covered_by(&world, &one).await.len(), 2);
        assert!(covered_by(&world, &two).await.is_empty());
    });
}

#[test]
fn rows_of_the_trail_name_the_changed_fields_of_a_cover_that_is_not_over() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, one, two) =
            (world.doctor(1).await, world.doctor(2).await, world.doctor(3).await);
        let until = |covering: &Doctor, end: &str| {
            let start = "2026-01-31T12:00:00Z";
            json!({"covering_doctor_id": covering.id, "starts_at": start, "ends_at": end})
        };
        let (day, week) = ("2026-02-01T12:00:00Z", "2026-02-07T12:00:00Z");
        let set = async |body: Value| {
            put(&world, &staff, &doctor, body).await.expect(200);
            world.advance(Duration::from_secs(1));
        };
        set(until(&one, week)).await;
        set(until(&one, week)).await;
        set(until(&two, day)).await;
        world.advance(DAY);
        let staff = world.sign_in(staff.user.clone()).await;
        put(&world, &staff, &doctor, until(&one, week)).await.expect(200);
        let rows = world.audited("covers-set").await;
        let fields: Vec<Value> = rows.iter().map(|facts| json!(facts.fields)).collect();
        let [none, changed] = [json!([]), json!(["covering_doctor_id", "ends_at"])];
        assert_eq!(fields, [none.clone(), none.clone(), changed, none]);
    });
}

#[test]
fn doctor_covers_at_most_five_at_a_time() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let covering = world.doctor(1).await;
        let mut doctors = Vec::new();
        for n in 2..=7 {
            doctors.push(world.doctor(n).await);
        }
        for doctor in &doctors[..5] {
            put(&world, &staff, doctor, by(&covering)).await.expect(200);
        }
        let answer = put(&world, &staff, &doctors[5], by(&covering)).await;
        answer.expect_problem(409, "too_many_covers");
        let again = json!({"covering_doctor_id": covering.id, "ends_at": "2026-02-13T12:00:00Z"});
        put(&world, &staff, &doctors[0], again).await.expect(200);
        // The covers are over.
        world.advance(14 * DAY);
        let staff = world.sign_in(staff.user).await;
        let later = json!({"covering_doctor_id": covering.id, "ends_at": "2026-03-01T12:00:00Z"});
        put(&world, &staff, &doctors[5], later).await.expect(200);
        assert_eq!(covered_by(&world, &covering).await, [doctors[5].id.to_string()]);
    });
}

#[test]
fn limit_holds_in_a_race() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let covering = world.doctor(1).await;
        let mut doctors = Vec::new();
        for n in 2..=9 {
            doctors.push(world.doctor(n).await);
        }
        let calls = doctors.iter().map(|doctor| put(&world, &staff, doctor, by(&covering)));
        let answers = together(calls).await;
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(done <= 5, "{done}");
        assert_eq!(covered_by(&world, &covering).await.len(), done);
    });
}

#[test]
fn one_of_several_covers_of_a_doctor_at_the_same_time_is_left() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        let mut others = Vec::new();
        for n in 2..=5 {
            others.push(world.doctor(n).await);
        }
        let calls = others.iter().map(|other| put(&world, &staff, &doctor, by(other)));
        for answer in together(calls).await {
            assert!([200, 503].contains(&answer.status), "{}", answer.body);
        }
        let mut covering = 0;
        for other in &others {
            covering += covered_by(&world, other).await.len();
        }
        assert_eq!(covering, 1);
    });
}

#[test]
fn missing_doctor_is_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let body = json!({"covering_doctor_id": 2, "ends_at": "2026-02-14T12:00:00Z"});
        let detail = async |id: &str| {
            let event = event().path_parameter("id", id).json(body.clone()).by(&staff);
            let problem = world.call(handler(), event).await.expect_problem(404, "not_found");
            problem["detail"].as_str().unwrap().to_owned()
        };
        assert_eq!(detail("1").await, "There is no doctor 1 and no doctor 2.");
        world.doctor(1).await;
        assert_eq!(detail("1").await, "There is no doctor 2.");
        world.doctor(2).await;
        assert_eq!(detail("7").await, "There is no doctor 7.");
        assert_eq!(detail("abc").await, "There is no doctor with this id.");
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        let (id, end) = (covering.id, "2026-02-14T12:00:00Z");
        for (body, field) in [
            (json!({"covering_doctor_id": doctor.id, "ends_at": end}), "covering_doctor_id"),
            (json!({"covering_doctor_id": "2", "ends_at": end}), "covering_doctor_id"),
            (json!({"ends_at": end}), "covering_doctor_id"),
            (json!({"covering_doctor_id": id}), "ends_at"),
            (json!({"covering_doctor_id": id, "ends_at": "2026-02-14"}), "ends_at"),
            (json!({"covering_doctor_id": id, "ends_at": "2026-02-14T12:00:00"}), "ends_at"),
            (json!({"covering_doctor_id": id, "ends_at": "2026-01-31T12:00:00Z"}), "ends_at"),
            (json!({"covering_doctor_id": id, "ends_at": "2026-05-01T12:00:00.001Z"}), "ends_at"),
            (json!({"covering_doctor_id": id, "ends_at": end, "starts_at": end}), "ends_at"),
            (json!({"covering_doctor_id": id, "ends_at": end, "starts_at": "now"}), "starts_at"),
            (json!({"covering_doctor_id": id, "ends_at": end, "reason": "on leave"}), "reason"),
            (json!({"covering_doctor_id": id, "ends_at": end, "note": "x"}), "note"),
        ] {
            let answer = put(&world, &staff, &doctor, body).await;
            answer.expect_invalid(field);
        }
        assert!(covered_by(&world, &covering).await.is_empty());
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        let event = event().path_parameter("id", doctor.id).json(by(&covering));
        (handler(), event.by(&staff))
    });
}

#[test]
fn replacement_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, earlier, covering) =
            (world.doctor(1).await, world.doctor(2).await, world.doctor(3).await);
        world.cover(&doctor, &earlier, 7).await;
        let event = event().path_parameter("id", doctor.id).json(by(&covering));
        (handler(), event.by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("covers-set", &[]);
}
