//! Lists: their fields, and the positions of their pages.

use repo::template::Template;
use shared::model::doctor::DoctorDetails;
use shared::model::id::{DoctorId, Id};
use shared::model::page::Paging;
use shared::model::search::Criteria;
use shared::store::{LISTED_PATIENT_ATTRIBUTES, is_list_position};
use shared::testing::{Value, World, json, run, steps};

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
fn full_later_page_still_finds_its_owner() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        for n in 0..210 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let (mut seen, mut pages, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let paging = Paging { limit: 100, after };
            let page =
                steps::doctors_of(world.app.store(), patient.id, paging).await.unwrap().unwrap();
            pages.push(page.results.len());
            seen.extend(page.results.iter().map(|doctor| doctor.record.id.get()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, (1..=210).collect::<Vec<_>>());
        assert_eq!(pages, [100, 99, 11]);
        let beyond = Paging { limit: 100, after: DoctorId::new(9_999) };
        let page = steps::doctors_of(world.app.store(), patient.id, beyond).await.unwrap().unwrap();
        assert!(page.results.is_empty() && page.next.is_none());
    });
}
