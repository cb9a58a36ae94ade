//! Made-up patients. A few names are frequent and many are rare, as in a real population.

use fastrand::Rng;
use ops::Result;
use serde_json::{Value, json};
use shared::model::id::{Id, PatientId};
use shared::model::patient::Patient;
use shared::model::record::Record;
use shared::model::timestamp::Timestamp;

use super::names::{FIRST_NAMES, LAST_NAMES};

/// What the searches ask for. Nobody except the searched patient has one of these, but many share their partitions.
pub const ONE_WORD: &str = "Quilliam";
pub const TWO_WORDS: &str = "Xanthe Quilliam";
pub const BIRTH_DATE: &str = "1951-07-31";
pub const PHONE: &str = "2025550147";
pub const IDENTIFIER: &str = "mrn|SEARCHED-1";

/// The most frequent last name: about one in six patients has it.
pub const FREQUENT_NAME: &str = "Smith";

/// The year of [`BIRTH_DATE`], in which the birthday of everybody else is known: a date of which only the year is known
/// would be a match.
const YEAR: u32 = 1951;

/// The shares of patients who have two last names, a former name, and a birth date with an unknown day.
const TWO_LAST_NAMES: f64 = 0.05;
const FORMER_NAME: f64 = 0.03;
const YEAR_ONLY: f64 = 0.03;

/// Names by frequency.
pub struct People {
    first_names: Names,
    last_names: Names,
}

/// Names of which the n-th is n times as rare as the first (Zipf's law).
struct Names {
    names: Vec<&'static str>,
    /// The frequency of each name and all before it.
    frequencies: Vec<f64>,
}

impl People {
    pub fn new() -> Self {
        Self { first_names: Names::of(FIRST_NAMES), last_names: Names::of(LAST_NAMES) }
    }

    /// Returns the patient with this number. Number 0 is the searched one.
    pub fn patient(&self, number: u64, random: &mut Rng) -> Result<Patient> {
        let details = if number == 0 { searched() } else { self.anybody(number, random) };
        let id = PatientId::new(number + 1).ok_or("a patient has an id")?;
        let now = Timestamp::system();
        Ok(Record {
            id,
            // As it is stored: the check of a request takes longer.
            details: serde_json::from_value(details)?,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    fn anybody(&self, number: u64, random: &mut Rng) -> Value {
        let mut last_name = self.last_names.any(random).to_owned();
        if random.f64() < TWO_LAST_NAMES {
            last_name = format!("{last_name} {}", self.last_names.any(random));
        }
        let first_name = self.first_names.any(random);
        let mut former_names = Vec::new();
        if random.f64() < FORMER_NAME {
            former_names.push(format!("{first_name} {}", self.last_names.any(random)));
        }
        details(
            json!({ "first_name": first_name, "last_name": last_name, "former_names": former_names }),
            &birth_date(random),
            &phone(random),
            &format!("HC-{number:08}"),
        )
    }
}

fn searched() -> Value {
    let names = json!({ "first_name": "Xanthe", "last_name": "Quilliam", "former_names": [] });
    details(names, BIRTH_DATE, &format!("+1{PHONE}"), "SEARCHED-1")
}

fn details(mut names: Value, birth_date: &str, phone: &str, number: &str) -> Value {
    let facts = json!({
        "date_of_birth": birth_date,
        "gender": "Female",
        "contact_number": phone,
        "address": "12 Elm Street, Springfield",
        "identifiers": [{ "system": "mrn", "value": number }],
    });
    if let (Some(names), Value::Object(facts)) = (names.as_object_mut(), facts) {
        names.extend(facts);
    }
    names
}

/// Returns a date that is no 29th, 30th or 31st.
fn birth_date(random: &mut Rng) -> String {
    let year = random.u32(1930..=2025);
    if year != YEAR && random.f64() < YEAR_ONLY {
        return year.to_string();
    }
    format!("{year}-{:02}-{:02}", random.u32(1..=12), random.u32(1..=28))
}

/// Returns a number of another area than that of the searched patient.
fn phone(random: &mut Rng) -> String {
    let [area, exchange, line] =
        [random.u32(203..=989), random.u32(200..=499), random.u32(0..=9_999)];
    format!("+1{area}{exchange}{line:04}")
}

impl Names {
    /// `names` has one name for each word, the most frequent first.
    fn of(names: &'static str) -> Self {
        let names: Vec<_> = names.split_whitespace().collect();
        let (mut rank, mut sum) = (0.0, 0.0);
        let mut frequency = |_: &&str| {
            rank += 1.0;
            sum += 1.0 / rank;
            sum
        };
        let frequencies = names.iter().map(&mut frequency).collect();
        Self { names, frequencies }
    }

    fn any(&self, random: &mut Rng) -> &'static str {
        let at = random.f64() * self.frequencies.last().copied().unwrap_or_default();
        let place = self.frequencies.partition_point(|sum| *sum <= at);
        self.names.get(place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_names() -> Vec<&'static str> {
        let (names, mut random) = (Names::of(LAST_NAMES), Rng::with_seed(7));
        (0..10_000).map(|_| names.any(&mut random)).collect()
    }

    #[test]
    fn first_name_of_the_list_is_the_most_frequent() {
        let names = last_names();
        let count = |name: &str| names.iter().filter(|it| **it == name).count();
        assert!((1_200..2_500).contains(&count(FREQUENT_NAME)), "{}", count(FREQUENT_NAME));
        assert!(count(FREQUENT_NAME) > count("Johnson"));
        assert!(!names.contains(&""));
    }

    #[test]
    fn names_differ() {
        for list in [FIRST_NAMES, LAST_NAMES] {
            let names: Vec<_> = list.split_whitespace().collect();
            let distinct: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len());
            assert!(names.len() >= 150, "{}", names.len());
        }
    }

    #[test]
    fn nobody_else_is_found_by_what_is_searched() {
        let (people, mut random) = (People::new(), Rng::with_seed(7));
        for number in 1..2_000 {
            let details = people.anybody(number, &mut random);
            assert_ne!(details["first_name"], "Xanthe");
            assert_ne!(details["last_name"], ONE_WORD);
            assert!(
                ![BIRTH_DATE, "1951-07", "1951"]
                    .contains(&details["date_of_birth"].as_str().unwrap())
            );
            assert!(!details["contact_number"].as_str().unwrap().ends_with(PHONE));
        }
    }

    #[test]
    fn record_has_its_number() {
        let (people, mut random) = (People::new(), Rng::with_seed(7));
        assert_eq!(people.patient(0, &mut random).unwrap().id.get(), 1);
        assert_eq!(people.patient(41, &mut random).unwrap().id.get(), 42);
    }
}
