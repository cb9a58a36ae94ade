//! How often an account opens a record: alone, and at the same time.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::model::user::Role;
use shared::testing::{Actor, Answer, World, run, together};

use super::{HOUR, post, reviews, stranger};

const MINUTE: Duration = Duration::from_mins(1);

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[test]
fn one_of_two_simultaneous_requests_opens_the_access() {
    run(async |world: World| {
        let (doctor, patient) = (stranger(&world).await, world.patient(1).await);
        let answers = together([0, 1].map(|_| post(&world, &doctor, &patient))).await;
        assert_eq!(statuses(&answers), [200, 201]);
        assert_eq!(answers[0].body, answers[1].body);
        assert_eq!(reviews(&world).await, 1);
        // The other one is not counted.
        let mut statuses = Vec::new();
        for n in 2..=6 {
            statuses.push(post(&world, &doctor, &world.patient(n).await).await.status);
        }
        assert_eq!(statuses, [201, 201, 201, 201, 429]);
    });
}

/// Opens access to so many new patients at the same time. Returns the statuses, and `Retry-After` of the last refusal.
async fn open_many(world: &World, doctor: &Actor, count: u32) -> (Vec<u16>, Option<String>) {
    let mut patients = Vec::new();
    for n in 0..count {
        patients.push(world.patient(n).await);
    }
    let answers = together(patients.iter().map(|patient| post(world, doctor, patient))).await;
    let refused = answers.iter().rfind(|answer| answer.status == 429);
    let wait = refused.and_then(|answer| answer.header("retry-after")).map(str::to_owned);
    (statuses(&answers), wait)
}

#[test]
fn grants_of_an_account_are_limited_by_hour_and_by_day() {
    run(async |world: World| {
        let (doctor, first) = (stranger(&world).await, world.patient(1).await);
        let colleague = world.doctor_account(&world.doctor(2).await).await;
        post(&world, &doctor, &first).await.expect(201);
        let hour = (vec![201, 201, 201, 201, 429, 429], Some("3600".to_owned()));
        assert_eq!(open_many(&world, &doctor, 6).await, hour);
        // An open access is returned again, and other accounts have their own limits.
        post(&world, &doctor, &first).await.expect(200);
        post(&world, &colleague, &first).await.expect(201);

        world.advance(HOUR);
        let doctor = world.sign_in(doctor.user).await;
        assert_eq!(open_many(&world, &doctor, 5).await, (vec![201; 5], None));
        world.advance(HOUR);
        let doctor = world.sign_in(doctor.user).await;
        // Until the first five are a day old.
        let day = (vec![429; 3], Some("79200".to_owned()));
        assert_eq!(open_many(&world, &doctor, 3).await, day);
        assert_eq!(reviews(&world).await, 11);

        world.advance(22 * HOUR - Duration::from_millis(1));
        let doctor = world.sign_in(doctor.user).await;
        assert_eq!(open_many(&world, &doctor, 1).await, (vec![429], Some("1".to_owned())));
        world.advance(Duration::from_millis(1));
        let next_day = (vec![201, 201, 201, 201, 201, 429], Some("3600".to_owned()));
        assert_eq!(open_many(&world, &doctor, 6).await, next_day);
    });
}

#[test]
fn limit_holds_around_the_turn_of_an_hour() {
    run(async |world: World| {
        let doctor = stranger(&world).await;
        world.advance(59 * MINUTE);
        let doctor = world.sign_in(doctor.user).await;
        assert_eq!(open_many(&world, &doctor, 3).await, (vec![201; 3], None));
        world.advance(2 * MINUTE);
        // At 12:59 there were three.
        let refused = (vec![201, 201, 429, 429], Some("3480".to_owned()));
        assert_eq!(open_many(&world, &doctor, 4).await, refused);
    });
}

#[test]
fn refused_attempts_are_recorded_and_throttled_ones_are_counted() {
    run(async |world: World| {
        let (doctor, staff) = (stranger(&world).await, world.actor(Role::Staff).await);
        let patient = world.patient(1).await;
        post(&world, &staff, &patient).await.expect(409);
        let rows = world.audit_rows().await;
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!(row.facts.outcome, "has_access");
        assert_eq!(row.facts.subjects.patients, BTreeSet::from([patient.id]));
        let (statuses, _) = open_many(&world, &doctor, 6).await;
        assert_eq!(statuses, [201, 201, 201, 201, 201, 429]);
        assert_eq!(world.audit_rows().await.len(), 6);
    });
}
