use serde_json::json;

use super::*;

fn moment(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond)
}

fn doctor(n: u64) -> DoctorId {
    DoctorId::new(n).unwrap()
}

fn by(n: u64) -> UserId {
    UserId::new(n).unwrap()
}

fn jane(last_name: &str) -> Patient {
    serde_json::from_value(json!({
        "id": 7, "first_name": "Jane", "last_name": last_name, "gender": "Female", "version": 1,
        "created_at": moment(0), "updated_at": moment(0),
    }))
    .unwrap()
}

fn care() -> Care {
    Care::of(&jane("de la Cruz"), None).unwrap()
}

fn episode(n: u64, role: CareRole, starts: i64, ends: Option<i64>) -> Episode {
    Episode {
        id: format!("7-{n}-1").parse().unwrap(),
        doctor_id: doctor(n),
        role,
        period: Period { starts_at: moment(starts), ends_at: ends.map(moment) },
        reason: None,
        assigned_at: moment(0),
        assigned_by: by(1),
        version: 1,
    }
}

fn keys(care: &Care) -> Vec<(String, String)> {
    care.rows().unwrap().into_keys().map(|key| (key.pk, key.sk)).collect()
}

#[test]
fn one_primary_at_a_time() {
    let mut care = care();
    let primary = |n, starts, ends| episode(n, CareRole::Primary, starts, ends);
    care.add(primary(1, 0, Some(100))).unwrap();
    care.add(episode(2, CareRole::Treating, 0, None)).unwrap();
    assert_eq!(care.add(primary(3, 99, None)), Err(Conflict::PrimaryTaken));
    care.add(primary(3, 100, None)).unwrap();
    assert_eq!(care.add(primary(3, 900, None)), Err(Conflict::PeriodOverlaps));
    let longer = care.clone().change(primary(1, 0, Some(101)));
    assert_eq!(longer, Err(Conflict::PrimaryTaken));
    assert_eq!(care.change(primary(1, 0, Some(90))), Ok(()));
}

#[test]
fn patient_has_at_most_20_doctors() {
    let mut care = care();
    for n in 1..=20 {
        care.add(episode(n, CareRole::Consulting, 0, None)).unwrap();
    }
    let another = episode(21, CareRole::Treating, 0, None);
    assert_eq!(care.add(another.clone()), Err(Conflict::TooManyDoctors));
    assert_eq!(care.change(episode(1, CareRole::Primary, 0, None)), Ok(()));
    care.take_episode(doctor(1), moment(5)).unwrap();
    care.add(another).unwrap();
}

#[test]
fn episode_ends_now_or_at_its_end() {
    let mut care = care();
    for (n, starts, ends, expected) in [
        (1, 0, None, (0, 50)),
        (2, 0, Some(40), (0, 40)),
        (3, 0, Some(60), (0, 50)),
        (4, 60, None, (50, 50)),
    ] {
        care.add(episode(n, CareRole::Treating, starts, ends)).unwrap();
        let past = care.take_episode(doctor(n), moment(50)).unwrap();
        let Period { starts_at, ends_at } = past.episode.period;
        assert_eq!((starts_at, ends_at), (moment(expected.0), Some(moment(expected.1))), "{n}");
        assert_eq!((past.patient_id, past.ended_by), (PatientId::new(7).unwrap(), None));
    }
    assert!(care.episodes().is_empty() && care.take_episode(doctor(1), moment(50)).is_none());
}

#[test]
fn lapsed_episodes_are_taken_with_their_planned_ends() {
    let mut care = care();
    for n in 1..=3 {
        care.add(episode(n, CareRole::Treating, 0, None)).unwrap();
    }
    let reason = |code: &str| -> Option<ReasonCode> { code.parse().ok() };
    let ending = |n, ends| episode(n, CareRole::Treating, 0, Some(ends));
    care.plan_end(ending(1, 90), by(4), reason("moved")).unwrap();
    care.plan_end(ending(1, 100), by(5), reason("vacation")).unwrap();
    care.plan_end(ending(2, 100), by(6), None).unwrap();
    care.change(ending(2, 99)).unwrap();
    assert!(care.take_lapsed(moment(98)).is_empty());
    let mut past = care.take_lapsed(moment(100));
    past.sort_by_key(|past| past.episode.doctor_id);
    let ended: Vec<_> = past.iter().map(|it| (it.ended_by, it.end_reason.clone())).collect();
    assert_eq!(ended, [(Some(by(5)), reason("vacation")), (None, None)]);
    assert_eq!(care.episodes(), [episode(3, CareRole::Treating, 0, None)]);
    assert!(care.content.planned.is_empty());
}

/// Earlier versions had no limit of doctors.
#[test]
fn lapsed_episodes_are_taken_as_many_as_fit_into_a_transaction() {
    let mut care = care();
    for n in 1..=45 {
        care.content.episodes.push(episode(n, CareRole::Treating, 0, Some(9)));
    }
    let mut taken = || care.take_lapsed(moment(9)).len();
    assert_eq!([taken(), taken(), taken(), taken()], [20, 20, 5, 0]);
}

#[test]
fn each_episode_has_a_row_of_the_patient_and_of_the_doctor() {
    let mut care = care();
    assert!(keys(&care).is_empty());
    care.add(episode(3, CareRole::Treating, 0, None)).unwrap();
    let key = |pk: &str, sk: String| (pk.to_owned(), sk);
    let (pk, pair) = ("DOCTOR#0000000000000003", "PATIENT#0000000000000007");
    let place = |name: &str| format!("{}{name}\u{1f}0000000000000007", panel_prefix());
    let of_patient = key(pair, pk.to_owned());
    let named = key(pk, place("de la cruz\u{1f}jane"));
    assert_eq!(keys(&care), [named, of_patient.clone()]);
    care.describe(&jane("Roe"));
    assert_eq!(keys(&care), [key(pk, place("roe\u{1f}jane")), of_patient]);
}

#[test]
fn first_end_has_a_row() {
    let mut care = care();
    care.add(episode(1, CareRole::Treating, 0, None)).unwrap();
    assert_eq!(care.first_end(), None);
    for (n, ends, first) in [(2, 90, 90), (3, 95, 90), (4, 50, 50)] {
        care.add(episode(n, CareRole::Treating, 0, Some(ends))).unwrap();
        let row = Key::first_end(care.patient, moment(first));
        assert_eq!(care.first_end(), Some(row.clone()));
        let rows = care.rows().unwrap();
        assert_eq!(rows.keys().filter(|key| key.pk.starts_with("ENDS#")).count(), 1);
        assert_eq!(rows.get(&row), Some(&Item::from(row)));
    }
    care.take_lapsed(moment(60));
    assert_eq!(care.first_end(), Some(Key::first_end(care.patient, moment(90))));
}

#[test]
fn stored_care_is_read_back() {
    let mut care = care();
    let ending = episode(1, CareRole::Primary, 0, Some(9));
    care.add(ending.clone()).unwrap();
    care.plan_end(ending, by(4), None).unwrap();
    care.delete();
    let read = Care::stored(care.patient, care.item(3).unwrap()).unwrap();
    assert_eq!(read, Care { version: 3, ..care.clone() });
    assert!(read.is_deleted());
    assert_eq!(read.next_id(doctor(2)).unwrap().as_str(), "7-2-4");

    // Nobody needs the names of a deleted patient without episodes.
    care.take_episode(doctor(1), moment(5)).unwrap();
    let read = Care::stored(care.patient, care.item(4).unwrap()).unwrap();
    assert_eq!((read.content.names.as_str(), read.content.place.as_str()), ("", ""));
}

#[test]
fn names_are_written_once_with_and_without_spaces() {
    let mut patient = jane("de la Cruz");
    assert_eq!(care().content.names, "jane de la cruz|janedelacruz|cruzladejane|");
    patient.details.first_name = None;
    patient.details.last_name = Some("Suharto".parse().unwrap());
    patient.details.former_names = vec!["Suharto".parse().unwrap(); 2];
    assert_eq!(Care::of(&patient, None).unwrap().content.names, "suharto|");
    let long = "a".repeat(100);
    patient.details.former_names = ["b", "c", "d", "e", "f", "g"]
        .map(|letter| format!("{letter}{long}").chars().take(100).collect::<String>())
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
    assert!(Care::of(&patient, None).unwrap().content.names.len() <= MAX_NAMES);
}
