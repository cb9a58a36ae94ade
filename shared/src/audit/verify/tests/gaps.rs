//! Rows that may be missing although nobody removed them: of unknown outcome, or expired.

use super::*;

#[test]
fn row_of_unknown_outcome_may_be_there_or_not() {
    for is_stored in [false, true] {
        for before in 0..3 {
            let mut trail = Trail::new();
            (0..before).for_each(|_| trail.write(1));
            let doubt = trail.doubt(is_stored);
            trail.write(1);
            trail.write(1);
            let report = trail.report(&trail.items);
            assert!(report.findings.is_empty(), "{doubt}: {:?}", report.findings);
            assert_eq!(report.chains, if before > 0 || is_stored { 2 } else { 1 });
            assert_none(&trail.findings_without_log(&trail.items));
        }
    }
}

#[test]
fn doubts_add_up_until_a_row_names_them() {
    for stored in [[false, false], [false, true], [true, false], [true, true]] {
        let mut trail = Trail::new();
        trail.write(2);
        // The second row names the first one, but may not have been written itself.
        let doubts = stored.map(|is_stored| trail.doubt(is_stored));
        trail.write(1);
        let row = row_in(trail.items.last().unwrap());
        let named: Vec<_> = row.closes.into_iter().map(|head| head.place).collect();
        assert_eq!(named, doubts);
        assert_none(&trail.findings(&trail.items));
    }
}

#[test]
fn nothing_else_is_accepted_at_the_end_of_a_closed_chain() {
    for is_stored in [false, true] {
        let mut trail = Trail::new();
        trail.write(1);
        trail.write(1);
        let model = trail.items.last().unwrap().clone();
        let doubt = trail.doubt(is_stored);
        trail.write(1);
        trail.write(1);

        // Another row in its place.
        let prev = string(&model, HASH).unwrap().to_owned();
        let other = rewritten(&model, |row| (row.place, row.prev) = (doubt.clone(), prev));
        let mut items = trail.without(|it| *it == doubt);
        items.push(other.item);
        assert_eq!(trail.findings_without_log(&items), [(doubt.clone(), Problem::Detached)]);

        // A row that follows it.
        let after = Place { seq: doubt.seq + 1, ..doubt.clone() };
        let doubtful = trail.items.iter().find(|item| place_of(item).as_ref() == Some(&doubt));
        let prev = string(doubtful.unwrap_or(&model), HASH).unwrap().to_owned();
        let other = rewritten(&model, |row| (row.place, row.prev) = (after.clone(), prev));
        let mut items = trail.items.clone();
        items.push(other.item);
        let first = match is_stored {
            true => (after, Problem::AfterTheEnd),
            false => (doubt.clone(), Problem::Missing),
        };
        assert_eq!(trail.findings_without_log(&items), [first]);

        // A row before it is missing, or all of them are.
        let second = Place { seq: 1, ..doubt.clone() };
        let items = trail.without(|it| *it == second);
        assert_eq!(trail.findings_without_log(&items), [(second, Problem::Missing)]);
        let items = trail.without(|it| it.chain == doubt.chain);
        let first = Place { seq: 0, ..doubt };
        assert_eq!(trail.findings_without_log(&items), [(first, Problem::Missing)]);

        // The row that names it is missing.
        let naming = place_of(&trail.items[trail.items.len() - 2]).unwrap();
        let items = trail.without(|it| *it == naming);
        assert_eq!(trail.findings_without_log(&items), [(naming, Problem::Missing)]);
    }
}

#[test]
fn only_expired_rows_may_be_missing() {
    let mut trail = Trail::new();
    for _ in 0..ROWS {
        trail.write(1);
        trail.advance(MINUTE);
    }
    let place = |seq| Place { seq, ..place_of(&trail.items[0]).unwrap() };
    let subsets = 0..(1_u32 << ROWS);
    let left = |subset: u32| trail.without(|it| subset & (1_u32 << it.seq) == 0);

    trail.advance(RETENTION - DAY);
    for subset in subsets.clone() {
        let first = (0..ROWS).find(|seq| subset & (1_u32 << *seq) == 0);
        let expected: Vec<_> =
            first.into_iter().map(|seq| (place(seq), Problem::Missing)).collect();
        assert_eq!(trail.findings(&left(subset)), expected, "{subset:b}");
    }
    // DynamoDB deletes expired rows at any time and in any order.
    trail.advance(DAY);
    for subset in subsets {
        assert_none(&trail.findings(&left(subset)));
    }
    // The remaining rows are still checked.
    let changed = [rewritten(&trail.items[2], deny).item];
    assert_eq!(trail.findings(&changed), [(place(2), Problem::DiffersFromLog)]);
}

#[test]
fn expired_rows_do_not_excuse_others() {
    let mut trail = Trail::new();
    trail.write(2);
    let expired: Vec<Place> = trail.items.iter().map(|item| place_of(item).unwrap()).collect();
    trail.advance(RETENTION);
    trail.write(2);
    trail.write(2);
    let items = trail.without(|it| expired.contains(it));
    assert_none(&trail.findings(&items));
    let first = place_of(&trail.items[2]).unwrap();
    let items = trail.without(|it| expired.contains(it) || *it == first);
    assert_eq!(trail.findings(&items), [(first, Problem::Missing)]);
}

#[test]
fn closed_chain_may_expire_before_the_row_that_names_its_end() {
    for is_stored in [false, true] {
        let mut trail = Trail::new();
        trail.write(1);
        let doubt = trail.doubt(is_stored);
        trail.advance(DAY / 2);
        trail.write(1);
        let items = trail.without(|it| it.chain == doubt.chain);
        let missing = [(Place { seq: 0, ..doubt }, Problem::Missing)];
        trail.advance(RETENTION - DAY + MINUTE);
        assert_eq!(trail.findings(&items), missing);
        assert_none(&trail.findings_without_log(&items));
        trail.advance(DAY / 2);
        assert_none(&trail.findings(&items));
    }
}
