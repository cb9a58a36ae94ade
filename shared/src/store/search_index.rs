//! The rows of the search index: which rows a record has, and which rows answer a search.
//!
//! A row has only keys, and the rows of a restricted patient say so. Its partition is a kind of record and the beginning
//! of a value, so that no partition holds every record; its sort key is the value, then the id.

use std::collections::BTreeSet;

use super::keys::{SEPARATOR, sort_key};
use super::stored::RESTRICTED;
use crate::dynamo::{AttributeValue, Item, Key};
use crate::model::field::unseen;
use crate::model::id::Id;
use crate::model::partial_date::PartialDate;
use crate::model::record::{Details, Record};
use crate::model::search::{Criteria, IdentifierQuery, SearchTerms, divided, is_cjk};

/// The most rows of a current name: one for each of its first words.
const NAME_ROWS: usize = 12;

/// The most rows of all former names together.
const FORMER_NAME_ROWS: usize = 16;

/// The most rows of a specialization.
const SPECIALTY_ROWS: usize = 12;

/// The most bytes of a name in a sort key, which with the id has at most 1024.
const MAX_NAME: usize = 900;

/// Rows that answer a search: those of a partition whose sort keys begin with the prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct Stream {
    pub partition: String,
    pub prefix: String,
}

unseen!(Stream);

impl Stream {
    pub fn holds(&self, row: &Key) -> bool {
        row.pk == self.partition && row.sk.starts_with(&self.prefix)
    }
}

/// A row as it is written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexRow {
    pub key: Key,
    restricted: bool,
}

unseen!(IndexRow);

impl From<IndexRow> for Item {
    fn from(row: IndexRow) -> Self {
        let mut item = Item::from(row.key);
        if row.restricted {
            item.insert(RESTRICTED.to_owned(), AttributeValue::Bool(true));
        }
        item
    }
}

/// A value in the index: its partition, and the beginning of its sort key.
struct Entry {
    partition: String,
    value: String,
}

impl Entry {
    /// `words` are a name whose words are rotated so that it starts with any of them.
    fn name<D: Details>(words: &str) -> Self {
        Self::words("NAME", D::KIND, words)
    }

    fn specialty<D: Details>(words: &str) -> Self {
        Self::words("SPECIALTY", D::KIND, words)
    }

    fn words(row: &str, kind: &str, words: &str) -> Self {
        let partition = format!("{row}#{kind}#{}", beginning(words));
        let end = words.floor_char_boundary(MAX_NAME);
        Self { partition, value: words.get(..end).unwrap_or_default().to_owned() }
    }

    fn birth<D: Details>(date: PartialDate) -> Self {
        let value = date.to_string();
        let year = value.split('-').next().unwrap_or_default();
        Self { partition: format!("BORN#{}#{year}", D::KIND), value }
    }

    /// Numbers are reversed, because a search knows their last digits.
    fn phone<D: Details>(digits: &str) -> Self {
        let value: String = digits.chars().rev().collect();
        let end: String = value.chars().take(4).collect();
        Self { partition: format!("PHONE#{}#{end}", D::KIND), value }
    }

    fn identifier<D: Details>(system: &str, value: &str) -> Self {
        let partition = format!("IDENTIFIER#{}#{value}", D::KIND);
        Self { partition, value: system.to_owned() }
    }

    fn row<I: Id>(self, id: I) -> Key {
        Key { pk: self.partition, sk: sort_key(&[self.value], id.get()) }
    }

    /// Returns the rows whose value begins with this one.
    fn beginnings(self) -> Stream {
        Stream { partition: self.partition, prefix: self.value }
    }

    /// Returns the rows of exactly this value.
    fn exact(mut self) -> Stream {
        self.value.push(SEPARATOR);
        self.beginnings()
    }
}

/// Returns the rows of a record as they are written.
pub fn written_rows<D: Details>(record: &Record<D>) -> BTreeSet<IndexRow> {
    let restricted = record.details.is_restricted();
    let keys = rows::<D>(record.id, &record.details.search_terms());
    keys.into_iter().map(|key| IndexRow { key, restricted }).collect()
}

/// Returns the rows of a record: of a patient at most 12 + 16 for names, 1 for the birth date, 2 for phones and 10 for
/// identifiers; of a doctor at most 12 for the name, 1, 10, and 12 for the specialization. An update writes and removes
/// no more than these 41 rows each.
pub fn rows<D: Details>(id: D::Id, terms: &SearchTerms) -> BTreeSet<Key> {
    let former: Vec<Vec<String>> =
        terms.former_names.iter().map(|name| rotations(name).collect()).collect();
    let specialty = terms.specialization.as_deref().unwrap_or_default();
    let phones = terms.phones.iter().map(|digits| Entry::phone::<D>(digits));
    let identifiers = terms.identifiers.iter();
    first_and_last(rotations(&terms.name).collect())
        .into_iter()
        .chain(in_turns(&former).take(FORMER_NAME_ROWS))
        .map(|name| Entry::name::<D>(&name))
        .chain(terms.birth_date.map(Entry::birth::<D>))
        .chain(phones)
        .chain(identifiers.map(|(system, value)| Entry::identifier::<D>(system, value)))
        .chain(rotations(specialty).take(SPECIALTY_ROWS).map(|it| Entry::specialty::<D>(&it)))
        .map(|entry| entry.row(id))
        .collect()
}

/// Returns the rows that answer a search, the best first: those of the most selective criterion. All records that meet
/// it have a row in one of the streams. Empty if a criterion is too short for the index: it is less than the beginning
/// of a word that a partition needs.
pub fn streams<D: Details>(criteria: &Criteria) -> Vec<Stream> {
    if let Some(IdentifierQuery { system, value }) = &criteria.identifier {
        let stream = match system {
            Some(system) => Entry::identifier::<D>(system, value).exact(),
            None => Entry::identifier::<D>("", value).beginnings(),
        };
        return vec![stream];
    }
    if let Some(digits) = &criteria.phone {
        return vec![Entry::phone::<D>(digits).beginnings()];
    }
    if let Some(date) = criteria.birth_date {
        return births::<D>(date);
    }
    let names = criteria.name.as_deref().map(names::<D>).unwrap_or_default();
    if !names.is_empty() {
        return names;
    }
    let specialty = criteria.specialization.as_deref().filter(|words| has_partition(words));
    specialty.map(|words| Entry::specialty::<D>(words).beginnings()).into_iter().collect()
}

/// Returns the rows of records that have the same name, former name, phone or identifier, the strongest match first.
pub fn streams_of_equals<D: Details>(terms: &SearchTerms) -> Vec<Stream> {
    let names = [&terms.name].into_iter().chain(&terms.former_names).filter(|it| !it.is_empty());
    let identifiers = terms.identifiers.iter();
    let mut streams = Vec::new();
    for entry in identifiers
        .map(|(system, value)| Entry::identifier::<D>(system, value))
        .chain(terms.phones.iter().map(|digits| Entry::phone::<D>(digits)))
        .chain(names.clone().map(|name| Entry::name::<D>(name)))
        .chain(names.flat_map(|name| divided(name)).map(|name| Entry::name::<D>(&name)))
    {
        push_new(&mut streams, entry.exact());
    }
    streams
}

/// Returns the rows of all dates that may be this one: those that begin with it, and those of which only the year or
/// the month is known.
fn births<D: Details>(date: PartialDate) -> Vec<Stream> {
    let beginnings = Entry::birth::<D>(date).beginnings();
    let Stream { partition, prefix } = &beginnings;
    let shorter = prefix.match_indices('-').rev().filter_map(|(end, _)| prefix.get(..end));
    let exact =
        |value: &str| Entry { partition: partition.clone(), value: value.to_owned() }.exact();
    let shorter: Vec<Stream> = shorter.map(exact).collect();
    [beginnings].into_iter().chain(shorter).collect()
}

/// Returns the rows of names: those that begin as it was typed; those with the last word first, for "Anna Schmidt",
/// who is Anna Maria Schmidt; those with the words divided otherwise; and those with the longest word of each, among
/// which are all that can match.
fn names<D: Details>(typed: &str) -> Vec<Stream> {
    let Some(longest) = longest_word(typed) else { return Vec::new() };
    let last_first = typed.rsplit_once(' ').map(|(others, last)| format!("{last} {others}"));
    let divided = divided(typed);
    let longest = [longest].into_iter().chain(divided.iter().filter_map(|name| longest_word(name)));
    let mut streams = Vec::new();
    for words in [typed]
        .into_iter()
        .chain(last_first.as_deref())
        .chain(divided.iter().map(String::as_str))
        .chain(longest)
    {
        if has_partition(words) {
            push_new(&mut streams, Entry::name::<D>(words).beginnings());
        }
    }
    streams
}

/// Returns the longest word that is long enough to name a partition.
fn longest_word(name: &str) -> Option<&str> {
    name.split(' ').filter(|word| has_partition(word)).max_by_key(|word| word.chars().count())
}

fn push_new(streams: &mut Vec<Stream>, stream: Stream) {
    if !streams.contains(&stream) {
        streams.push(stream);
    }
}

/// Returns the words in their order, starting with each of them in turn.
pub fn rotations(words: &str) -> impl Iterator<Item = String> {
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    (0..words.len()).map(move |start| {
        let (end, beginning) = words.split_at(start);
        [beginning, end].concat().join(" ")
    })
}

/// Returns the first eight and the last four: of a long name, the words of both names.
fn first_and_last(mut rotations: Vec<String>) -> Vec<String> {
    const LAST: usize = 4;
    if let Some(surplus) = rotations.len().checked_sub(NAME_ROWS) {
        rotations.drain(NAME_ROWS - LAST..NAME_ROWS - LAST + surplus);
    }
    rotations
}

/// Returns the first of each list, then the second of each, and so on, so that a limit leaves out no list.
fn in_turns(lists: &[Vec<String>]) -> impl Iterator<Item = String> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or_default();
    (0..longest).flat_map(move |n| lists.iter().filter_map(move |list| list.get(n).cloned()))
}

/// Returns the part of the first word that its partition names: two characters, or one of a script whose words may
/// have only one.
fn beginning(words: &str) -> &str {
    let word = words.split(' ').next().unwrap_or_default();
    let end = word.char_indices().nth(beginning_length(word)).map_or(word.len(), |(end, _)| end);
    word.get(..end).unwrap_or(word)
}

/// Whether the first word of a search is long enough to name a partition.
fn has_partition(words: &str) -> bool {
    let word = words.split(' ').next().unwrap_or_default();
    word.chars().count() >= beginning_length(word)
}

fn beginning_length(word: &str) -> usize {
    if word.starts_with(is_cjk) { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::doctor::DoctorDetails;
    use crate::model::id::PatientId;
    use crate::model::patient::PatientDetails;

    fn rows_of(terms: SearchTerms) -> Vec<(String, String)> {
        let id = PatientId::new(7).unwrap();
        let end = "\u{1f}0000000000000007";
        let without_id = |key: Key| (key.pk, key.sk.strip_suffix(end).unwrap().to_owned());
        rows::<PatientDetails>(id, &terms).into_iter().map(without_id).collect()
    }

    fn row(pk: &str, sk: &str) -> (String, String) {
        (pk.to_owned(), sk.to_owned())
    }

    #[test]
    fn every_value_has_its_row() {
        let terms = SearchTerms {
            name: "anna j roe".to_owned(),
            former_names: vec!["anna doe".to_owned()],
            birth_date: Some("1985-04".parse().unwrap()),
            phones: vec!["12025550147".to_owned(), "112".to_owned()],
            identifiers: vec![("mrn".to_owned(), "a1".to_owned())],
            specialization: None,
        };
        let expected = [
            row("BORN#patient#1985", "1985-04"),
            row("IDENTIFIER#patient#a1", "mrn"),
            row("NAME#patient#an", "anna doe"),
            row("NAME#patient#an", "anna j roe"),
            row("NAME#patient#do", "doe anna"),
            row("NAME#patient#j", "j roe anna"),
            row("NAME#patient#ro", "roe anna j"),
            row("PHONE#patient#211", "211"),
            row("PHONE#patient#7410", "74105552021"),
        ];
        assert_eq!(rows_of(terms), expected);
    }

    #[test]
    fn words_of_other_scripts_have_shorter_partitions() {
        for (name, pk) in [("王 小明", "NAME#patient#王"), ("김 민준", "NAME#patient#김")] {
            let rows = rows_of(SearchTerms { name: name.to_owned(), ..SearchTerms::default() });
            assert!(rows.contains(&row(pk, name)), "{rows:?}");
        }
    }

    #[test]
    fn number_and_length_of_rows_are_bounded() {
        let name = |letter: char| {
            let word = |n| format!("{letter}{n}{}", "ü".repeat(60));
            (0..50).map(word).collect::<Vec<_>>().join(" ")
        };
        let terms = SearchTerms {
            name: name('a'),
            former_names: ('b'..='f').map(name).collect(),
            ..SearchTerms::default()
        };
        let rows = rows::<PatientDetails>(PatientId::new(7).unwrap(), &terms);
        assert_eq!(rows.len(), 12 + 16);
        assert!(rows.iter().all(|row| row.sk.len() <= 1024));
        // Each former name has the row by which an equal name finds it.
        for former in &terms.former_names {
            let stream = Entry::name::<PatientDetails>(former).exact();
            assert!(rows.iter().any(|row| stream.holds(row)));
        }
    }

    fn prefixes(criteria: &Criteria) -> Vec<String> {
        streams::<DoctorDetails>(criteria).into_iter().map(|stream| stream.prefix).collect()
    }

    #[test]
    fn name_is_searched_as_typed_then_by_the_last_word_then_by_the_longest() {
        let of =
            |name: &str| prefixes(&Criteria { name: Some(name.to_owned()), ..Criteria::default() });
        let names = ["anna maria roe", "roe anna maria", "annamaria roe", "anna mariaroe", "maria"];
        assert_eq!(of("anna maria roe"), [&names[..], &["annamaria", "mariaroe"]].concat());
        assert_eq!(of("roe"), ["roe"]);
        assert_eq!(of("j roe"), ["roe j", "jroe", "roe"]);
        assert_eq!(of("o brien"), ["brien o", "obrien", "brien"]);
        assert_eq!(of("王"), ["王"]);
        assert_eq!(of("王秀英"), ["王秀英", "王 秀英", "王秀 英", "秀英", "王秀"]);
        assert_eq!(of("j"), [""; 0]);
    }

    #[test]
    fn every_match_has_a_row_in_a_stream() {
        let words = ["sean", "patrick", "o", "brien", "obrien", "王", "秀英", "王秀英"];
        let three = |at: usize| [at / 64, at / 8 % 8, at % 8].map(|word| words[word]);
        let names: Vec<String> = (0..512).step_by(3).map(|at| three(at).join(" ")).collect();
        let typed = (0..512).map(|at| three(at)[at % 3..].join(" "));
        for query in typed {
            let criteria = Criteria { name: Some(query), ..Criteria::default() };
            let streams = streams::<PatientDetails>(&criteria);
            for name in &names {
                let terms = SearchTerms { name: name.clone(), ..SearchTerms::default() };
                let rows = rows::<PatientDetails>(PatientId::new(1).unwrap(), &terms);
                let is_found = rows.iter().any(|row| streams.iter().any(|it| it.holds(row)));
                let is_searched = !streams.is_empty();
                assert!(
                    is_found || !is_searched || !criteria.matches(&terms),
                    "{criteria:?} {name}"
                );
            }
        }
    }

    #[test]
    fn dates_that_may_be_equal_are_searched() {
        let of = |date: &str| {
            prefixes(&Criteria { birth_date: Some(date.parse().unwrap()), ..Criteria::default() })
        };
        assert_eq!(of("1985-04-12"), ["1985-04-12", "1985-04\u{1f}", "1985\u{1f}"]);
        assert_eq!(of("1985-04"), ["1985-04", "1985\u{1f}"]);
        assert_eq!(of("1985"), ["1985"]);
    }
}
