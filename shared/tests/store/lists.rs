//! Lists: their fields, and the positions of their pages.

use repo::template::Template;
use shared::model::doctor::DoctorDetails;
use shared::model::id::{DoctorId, Id, UserId};
use shared::model::page::Paging;
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::search::Criteria;
use shared::model::timestamp::Timestamp;
use shared::records;
use shared::store::{
    AssignmentsQuery, LISTED_PATIENT_ATTRIBUTES, ListPatientsOfDoctor, Position, ShownEpisodes,
    StoreError, When, is_list_position,
};
use shared::testing::{Event, Value, World, json, protected, run, steps};

/// A stored field that no list shows.
const UNLISTED: &str = "medical_history";

#[test]
fn lists_and_the_index_hold_every_field_except_the_history() {
    run(async |world: World| {
        let mut patient = json!(world.patient(1).await);
        patient["emergency_number"] = json!("112");
        let doctor = json!(world.doctor(1).await);
        let fields_of = |record: &Value| record.as_object().unwrap().keys().cloned().collect();
        let [of_patients, of_doctors]: [Vec<String>; 2] = [&patient, &doctor].map(fields_of);
        let template = Template::load().unwrap();
        let indexes = &template.tables["Table"].global_secondary_indexes;
        let index = indexes.iter().find(|index| index.index_name == "gsi2").unwrap();
        for field in of_patients.iter().chain(&of_doctors) {
            let is_indexed = index.projection.non_key_attributes.contains(field);
            assert_eq!(is_indexed, field != UNLISTED, "{field}");
        }
        for field in &of_patients {
            let is_listed = LISTED_PATIENT_ATTRIBUTES.contains(&field.as_str());
            assert_eq!(is_listed, field != UNLISTED, "{field}");
        }
    });
}

#[test]
fn only_positions_of_the_list_are_accepted() {
    run(async |world: World| {
        for n in 1..=3 {
            world.doctor(n).await;
        }
        let first = Paging { limit: 1, after: None };
        let store = world.app.store();
        let page = steps::list::<DoctorDetails>(store, Criteria::default(), first).await.unwrap();
        let (stream, position) = page.next.unwrap();
        assert_eq!(stream, 0);
        assert!(is_list_position::<DoctorId>("okafor", &position));
        let long = format!("okafor{}{}", "x".repeat(1024), &position[6..]);
        for made_up in
            ["", "okafor", "roe\u{1f}jane\u{1f}0000000000000001", "okafor\u{1f}a\u{1f}0", &long]
        {
            assert!(!is_list_position::<DoctorId>("okafor", made_up), "{made_up:?}");
        }
    });
}

#[test]
fn panel_is_read_in_full_pages_that_all_know_the_doctor() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        for n in 1..=210 {
            world.assign(&doctor, &world.patient(n).await).await;
        }
        let page = async |after: Option<Position>| {
            let (owner, shown) = (doctor.id, ShownEpisodes::default());
            let paging = Paging { limit: 100, after };
            let query = AssignmentsQuery { owner, shown, paging, label: "a list".to_owned() };
            let (store, by) = (world.app.store(), UserId::new(1).unwrap());
            let by =
                steps::grant::<ListPatientsOfDoctor>(store, by, world.app.now(), query).await?;
            store.assignments().patients_of(by).await
        };
        let (mut seen, mut pages, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let page = page(after).await.unwrap();
            pages.push(page.results.len());
            seen.extend(page.results.iter().map(|patient| patient.record.id.get()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, (1..=210).collect::<Vec<_>>());
        assert_eq!(pages, [100, 100, 10]);
        let beyond = Some((0, "NAME#1#zoe\u{1f}z\u{1f}0000000000009999".to_owned()));
        let empty = page(beyond.clone()).await.unwrap();
        assert!(empty.results.is_empty() && empty.next.is_none());

        let (store, now) = (world.app.store(), world.app.now());
        steps::delete::<DoctorDetails>(store, doctor.id, &Preconditions::NONE, now, || false)
            .await
            .unwrap();
        assert!(matches!(page(beyond).await, Err(StoreError::NotFound(_))));
    });
}

#[test]
fn page_of_a_panel_costs_the_same_in_a_larger_panel() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let actor = world.doctor_account(&doctor).await;
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        let mut pages = Vec::new();
        for patients in [1..=10, 11..=210] {
            for n in patients {
                world.assign(&doctor, &world.patient(n).await).await;
            }
            world.calls.take();
            let event = Event::of("patients-list").query(&[("limit", "10")]).by(&actor);
            let handler = protected(records::list::<PatientDetails>);
            let page = world.call(handler, event.without_policy()).await.expect(200);
            let mut cost = world.calls.take_cost();
            cost.calls.sort_unstable();
            pages.push((page["results"].clone(), cost));
        }
        assert_eq!(pages[0], pages[1]);
        let (results, cost) = &pages[1];
        assert_eq!((results.as_array().unwrap().len(), cost.rounds), (10, 2));
    });
}

#[test]
fn only_positions_of_the_shown_episodes_are_accepted() {
    let moment = When::At(Timestamp::from_millisecond(0));
    let accepts = |when, stream, sort_key: &str| {
        let shown = ShownEpisodes { when, role: None };
        shown.is_position::<DoctorDetails>(&(stream, sort_key.to_owned()))
    };
    let (panel, past) =
        ("NAME#1#roe\u{1f}jane\u{1f}0000000000000001", "PAST#2026-01-31T12:00:00.000Z#1-1-1");
    for when in [When::Now, moment, When::Ever] {
        assert!(accepts(when, 0, panel));
        assert_eq!(accepts(when, 1, past), when != When::Now);
        assert!(!accepts(when, 0, past) && !accepts(when, 1, panel) && !accepts(when, 2, past));
        assert!(!accepts(when, 0, &format!("{panel}{}", "x".repeat(1024))));
    }
}
