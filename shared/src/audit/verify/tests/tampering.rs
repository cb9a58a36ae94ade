//! Every way to tamper with the trail by hand.

use super::*;

#[test]
fn untouched_trail_is_whole() {
    let trail = two_chains();
    let report = trail.report(&trail.items);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.strangers.is_empty() && report.unwitnessed.is_empty());
    assert_eq!((report.rows, report.chains, report.witnesses), (8, 2, 8));
    let reversed: Vec<Item> = trail.items.iter().rev().cloned().collect();
    assert_none(&trail.findings(&reversed));
}

#[test]
fn every_changed_character_is_found() {
    let trail = two_chains();
    for index in [0, trail.items.len() - 1] {
        let item = &trail.items[index];
        let place = place_of(item).unwrap();
        let written = string(item, TEXT).unwrap();
        for (position, character) in written.char_indices() {
            let other = if character == 'x' { "y" } else { "x" };
            let mut changed = written.to_owned();
            changed.replace_range(position..=position, other);
            let mut items = trail.items.clone();
            items[index].insert(TEXT.to_owned(), text(&changed));
            let expected = [(place.clone(), Problem::Changed)];
            assert_eq!(trail.findings_without_log(&items), expected, "{changed}");
            assert_eq!(trail.findings(&items), expected, "{changed}");
        }
    }
}

#[test]
fn every_changed_attribute_is_found() {
    let trail = two_chains();
    let number = |number: &str| AttributeValue::N(number.to_owned());
    let edits = [
        (TEXT, None),
        (TEXT, Some(text("{}"))),
        (TEXT, Some(number("1"))),
        (HASH, None),
        (HASH, Some(text(&hash_of("other")))),
        (TTL, None),
        (TTL, Some(number("1700000000"))),
        (TTL, Some(text("soon"))),
        ("note", Some(text("added"))),
    ];
    for (index, item) in trail.items.iter().enumerate() {
        for (name, value) in &edits {
            let mut items = trail.items.clone();
            items[index].remove(*name);
            items[index].extend(value.clone().map(|value| ((*name).to_owned(), value)));
            let expected = [(place_of(item).unwrap(), Problem::Changed)];
            assert_eq!(trail.findings_without_log(&items), expected, "{name}: {value:?}");
            assert_eq!(trail.findings(&items), expected, "{name}: {value:?}");
        }
    }
}

#[test]
fn removed_row_is_named() {
    let trail = two_chains();
    for item in &trail.items {
        let place = place_of(item).unwrap();
        let items = trail.without(|other| *other == place);
        let missing = vec![(place.clone(), Problem::Missing)];
        assert_eq!(trail.findings(&items), missing);
        // Only the log knows that the last row existed.
        let expected = if place.seq + 1 < ROWS { missing } else { Vec::new() };
        assert_eq!(trail.findings_without_log(&items), expected);
    }
}

#[test]
fn removed_end_is_named() {
    let trail = two_chains();
    for item in &trail.items {
        let first = place_of(item).unwrap();
        let items = trail.without(|it| it.chain == first.chain && it.seq >= first.seq);
        assert_eq!(trail.findings(&items), [(first, Problem::Missing)]);
        assert_none(&trail.findings_without_log(&items));
    }
}

#[test]
fn end_that_the_log_names_only_once_is_named_from_its_first_row() {
    let mut trail = two_chains();
    let Place { chain, .. } = place_of(&trail.items[0]).unwrap();
    // A request's line names only its newest row of a chain.
    trail.log.retain(|(head, _)| head.place.chain != chain || head.place.seq + 1 == ROWS);
    let items = trail.without(|it| it.chain == chain && it.seq >= 2);
    assert_eq!(trail.findings(&items), [(Place { chain, seq: 2 }, Problem::Missing)]);
}

#[test]
fn removed_chain_is_named() {
    let trail = two_chains();
    let Place { chain, .. } = place_of(&trail.items[0]).unwrap();
    let items = trail.without(|it| it.chain == chain);
    assert_eq!(trail.findings(&items), [(Place { chain, seq: 0 }, Problem::Missing)]);
    let report = trail.report(&[]);
    assert_eq!((report.rows, report.findings.len()), (0, 2));
}

#[test]
fn swapped_rows_are_found() {
    let trail = two_chains();
    for one in 0..trail.items.len() {
        for other in one + 1..trail.items.len() {
            let places = [one, other].map(|index| place_of(&trail.items[index]).unwrap());
            let mut items = trail.items.clone();
            items[one] = moved(&trail.items[other], &places[0]);
            items[other] = moved(&trail.items[one], &places[1]);
            let mut expected: Vec<_> = places.map(|it| (it, Problem::Moved)).into();
            expected.sort_by(|(one, _), (other, _)| one.cmp(other));
            if expected[0].0.chain == expected[1].0.chain {
                expected.truncate(1);
            }
            assert_eq!(trail.findings_without_log(&items), expected);
            assert_eq!(trail.findings(&items), expected);
        }
    }
}

#[test]
fn row_that_was_computed_anew_is_found() {
    let trail = two_chains();
    for (index, item) in trail.items.iter().enumerate() {
        let place = place_of(item).unwrap();
        let mut items = trail.items.clone();
        items[index] = rewritten(item, deny).item;
        assert_eq!(trail.findings(&items), [(place.clone(), Problem::DiffersFromLog)]);
        let next = Place { seq: place.seq + 1, ..place };
        let expected = if next.seq < ROWS { vec![(next, Problem::Detached)] } else { Vec::new() };
        assert_eq!(trail.findings_without_log(&items), expected);
    }
}

#[test]
fn end_that_was_computed_anew_differs_from_the_log() {
    let trail = two_chains();
    for item in &trail.items {
        let place = place_of(item).unwrap();
        let items = rehashed(&trail.items, &place);
        assert_none(&trail.findings_without_log(&items));
        assert_eq!(trail.findings(&items), [(place, Problem::DiffersFromLog)]);
    }
}

#[test]
fn old_row_in_the_place_of_another_is_found() {
    let trail = two_chains();
    for old in &trail.items {
        for (index, replaced) in trail.items.iter().enumerate() {
            let place = place_of(replaced).unwrap();
            if place_of(old).unwrap() == place {
                continue;
            }
            let mut items = trail.items.clone();
            items[index] = moved(old, &place);
            assert_eq!(trail.findings_without_log(&items), [(place, Problem::Moved)]);
        }
    }
}

#[test]
fn old_row_at_the_end_is_found_or_reported() {
    let trail = two_chains();
    let old = &trail.items[0];
    let Place { chain, .. } = place_of(old).unwrap();
    let end = Place { chain: chain.clone(), seq: ROWS };
    let mut items = trail.items.clone();
    items.push(moved(old, &end));
    assert_eq!(trail.findings_without_log(&items), [(end.clone(), Problem::Moved)]);

    // Computed anew, it is a row that no line of the log names.
    let last = indexes(&trail.items, &chain).pop().unwrap();
    let prev = string(&trail.items[last], HASH).unwrap().to_owned();
    let replayed = rewritten(old, |row| (row.place, row.prev) = (end, prev));
    *items.last_mut().unwrap() = replayed.item;
    let report = trail.report(&items);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.unwitnessed, [chain].into());
}

#[test]
fn row_of_a_process_that_ended_before_its_line_is_reported() {
    let mut trail = two_chains();
    let (head, _) = trail.log.pop().unwrap();
    let report = trail.report(&trail.items);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.unwitnessed, [head.place.chain].into());
}
