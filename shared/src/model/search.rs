//! The terms by which a record is found, and the criteria of a search.

use std::collections::BTreeSet;

use super::characters::{changes_direction, is_meaningless};
use super::field::{FieldErrors, JsonObject, UNKNOWN, is_blank, unseen};
use super::partial_date::PartialDate;
use super::phone::{PhoneNumber, SHORTEST_SUFFIX, digits_in};
use super::search_key::search_key;
use super::text::Line;

/// More bytes than any search key that finds a name.
const MAX_KEY: usize = 200;

/// The most digits of a telephone number.
const MAX_DIGITS: usize = 19;

/// The terms by which a record is found.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SearchTerms {
    /// The words of first and last name, in this order: a search key.
    pub name: String,
    /// A search key for each.
    pub former_names: Vec<String>,
    pub birth_date: Option<PartialDate>,
    /// The digits of each number, without repetitions.
    pub phones: Vec<String>,
    /// System and value of each, in their unique form.
    pub identifiers: Vec<(String, String)>,
    /// A doctor's specialization: a search key.
    pub specialization: Option<String>,
}

/// The criteria of a search. All given criteria must match.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Criteria {
    /// A search key. Each word must begin a different word of the name, or of one former name.
    pub name: Option<String>,
    /// The known parts must agree.
    pub birth_date: Option<PartialDate>,
    /// The last digits of a number, at least four.
    pub phone: Option<String>,
    pub identifier: Option<IdentifierQuery>,
    /// A search key that begins the specialization or one of its words.
    pub specialization: Option<String>,
}

/// An identifier that is searched: of one system, or of any.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentifierQuery {
    /// In its unique form.
    pub system: Option<String>,
    /// In its unique form.
    pub value: String,
}

unseen!(SearchTerms);
unseen!(Criteria);
unseen!(IdentifierQuery);

impl SearchTerms {
    /// Returns the digits of each number, without repetitions.
    pub fn phones_of<'a>(numbers: impl IntoIterator<Item = &'a PhoneNumber>) -> Vec<String> {
        let digits: BTreeSet<String> = numbers.into_iter().map(PhoneNumber::digits).collect();
        digits.into_iter().collect()
    }
}

impl Criteria {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the fields of a query string or of a body. A blank field is as good as absent. A field that is not among
    /// `known` is refused: a search that ignored it would show everybody.
    pub fn parse(fields: &JsonObject, known: &[&str]) -> Result<Self, FieldErrors> {
        let (mut criteria, mut errors) = (Self::default(), FieldErrors::default());
        for (field, value) in fields {
            if !known.contains(&field.as_str()) {
                errors.add(field, UNKNOWN);
            } else if let Some(text) = value.as_str() {
                if !is_blank(value)
                    && let Err(problem) = criteria.read(field, text.trim())
                {
                    errors.add(field, problem);
                }
            } else if !value.is_null() {
                errors.add(field, "must be a string");
            }
        }
        errors.or(criteria)
    }

    /// Reads one field, or returns what is wrong with it.
    fn read(&mut self, field: &str, text: &str) -> Result<(), String> {
        match field {
            "search" => self.name = Some(key(text).ok_or("must be the beginning of a name")?),
            "specialization" => {
                let key = key(text).ok_or("must be the beginning of a specialization")?;
                self.specialization = Some(key);
            }
            "birth_date" => self.birth_date = Some(parsed(text)?),
            "phone" => self.phone = Some(suffix(text)?),
            "identifier" => self.identifier = Some(IdentifierQuery::read(text)?),
            _ => return Err(UNKNOWN.to_owned()),
        }
        Ok(())
    }

    /// Whether a record has what the search asks for.
    pub fn matches(&self, terms: &SearchTerms) -> bool {
        let has_name = |query: &String| {
            let mut names = [&terms.name].into_iter().chain(&terms.former_names);
            let queries: Vec<String> = [query.clone()].into_iter().chain(divided(query)).collect();
            names.any(|name| queries.iter().any(|query| begins_words(query, name)))
        };
        let born = |query: &PartialDate| terms.birth_date.is_some_and(|it| it.may_equal(*query));
        let has_phone = |query: &String| terms.phones.iter().any(|it| it.ends_with(query.as_str()));
        let has_identifier = |query: &IdentifierQuery| {
            terms.identifiers.iter().any(|(system, value)| query.is(system, value))
        };
        let is_specialized = |query: &String| {
            terms.specialization.as_ref().is_some_and(|it| begins_at_word(query, it))
        };
        self.name.as_ref().is_none_or(has_name)
            && self.birth_date.as_ref().is_none_or(born)
            && self.phone.as_ref().is_none_or(has_phone)
            && self.identifier.as_ref().is_none_or(has_identifier)
            && self.specialization.as_ref().is_none_or(is_specialized)
    }
}

impl IdentifierQuery {
    /// Reads `system|value` or `value`.
    fn read(text: &str) -> Result<Self, String> {
        let (system, value) =
            text.split_once('|').map_or((None, text), |(system, value)| (Some(system), value));
        let system = system.filter(|system| !system.trim().is_empty());
        let form = |text: &str| parsed::<Line<100>>(text).map(|line| line.unique_form());
        Ok(Self { system: system.map(form).transpose()?, value: form(value)? })
    }

    fn is(&self, system: &str, value: &str) -> bool {
        self.value == value && self.system.as_ref().is_none_or(|it| it == system)
    }
}

fn parsed<T: std::str::FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|problem: T::Err| problem.to_string())
}

/// Returns the search key of a text; `None` if it has nothing visible or finds no name.
fn key(text: &str) -> Option<String> {
    let is_refused = |c: char| c.is_control() || changes_direction(c) || is_meaningless(c);
    let key = Some(text).filter(|text| !text.chars().any(is_refused)).map(search_key)?;
    (1..=MAX_KEY).contains(&key.len()).then_some(key)
}

fn suffix(text: &str) -> Result<String, String> {
    let digits = digits_in(text);
    if digits.len() < SHORTEST_SUFFIX {
        Err("must have at least four digits".to_owned())
    } else if digits.len() > MAX_DIGITS {
        Err(format!("must have at most {MAX_DIGITS} digits"))
    } else {
        Ok(digits)
    }
}

/// Whether each word of a query begins a different word of a name.
fn begins_words(query: &str, name: &str) -> bool {
    let mut query: Vec<&str> = query.split(' ').collect();
    // A longer word begins fewer words of the name. All of these begin with each shorter word that competes for them, so
    // the longer one chooses first.
    query.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut name: Vec<&str> = name.split(' ').collect();
    query.into_iter().all(|word| {
        let found = name.iter().position(|it| it.starts_with(word));
        found.map(|at| name.swap_remove(at)).is_some()
    })
}

/// Returns other ways to divide a name into words: the first two or the last two as one, for O Brien, who is O'Brien; and
/// one word of a script without spaces as a family name of one or two characters and a given name.
pub fn divided(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(' ').filter(|word| !word.is_empty()).collect();
    if let [word] = words.as_slice() {
        let is_divided = word.starts_with(is_cjk);
        let ends = word.char_indices().skip(1).take(2).filter(|_| is_divided);
        let parts = ends.filter_map(|(end, _)| word.split_at_checked(end));
        return parts.map(|(family, given)| format!("{family} {given}")).collect();
    }
    let Some(last) = words.len().checked_sub(2) else { return Vec::new() };
    let joined = |at: usize| {
        let mut name = String::new();
        for (number, word) in words.iter().enumerate() {
            if number > 0 && number != at + 1 {
                name.push(' ');
            }
            name.push_str(word);
        }
        name
    };
    if last == 0 { vec![joined(0)] } else { vec![joined(0), joined(last)] }
}

/// Whether it is an ideograph, a kana or a part of a Korean syllable, or such a syllable.
pub fn is_cjk(c: char) -> bool {
    matches!(
        c,
        '\u{1100}'..='\u{11ff}'
            | '\u{2e80}'..='\u{9fff}'
            | '\u{a960}'..='\u{a97f}'
            | '\u{ac00}'..='\u{d7ff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{1b000}'..='\u{1b16f}'
            | '\u{20000}'..='\u{3fffd}'
    )
}

/// Whether a query begins a text at its first or at another word.
fn begins_at_word(query: &str, text: &str) -> bool {
    text.starts_with(query) || text.contains(&format!(" {query}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const FIELDS: [&str; 5] = ["search", "birth_date", "phone", "identifier", "specialization"];

    fn parse(fields: Value) -> Result<Criteria, Value> {
        Criteria::parse(fields.as_object().unwrap(), &FIELDS).map_err(|errors| json!(errors))
    }

    fn terms() -> SearchTerms {
        let identifier = |system: &str, value: &str| (system.to_owned(), value.to_owned());
        SearchTerms {
            name: "maria jose de la cruz".to_owned(),
            former_names: vec!["maria garcia".to_owned(), "mary smith".to_owned()],
            birth_date: "1985-04".parse().ok(),
            phones: vec!["12025550147".to_owned(), "112".to_owned()],
            identifiers: vec![identifier("mrn", "a-7"), identifier("ssn", "123")],
            specialization: Some("internal medicine".to_owned()),
        }
    }

    fn finds(fields: Value) -> bool {
        parse(fields).unwrap().matches(&terms())
    }

    #[test]
    fn words_begin_different_words_in_any_order() {
        for query in [
            "maria",
            "mar",
            "cruz",
            "la cruz",
            "de la cruz",
            "cruz maria",
            "J M",
            "García",
            "maria garcia",
            "SMITH Mary",
            "maria jose de la cruz",
        ] {
            assert!(finds(json!({"search": query})), "{query}");
        }
        for query in
            ["aria", "maria maria", "jose smith", "garcia smith", "maria jose de la cruz x"]
        {
            assert!(!finds(json!({"search": query})), "{query}");
        }
        for (query, name, expected) in [
            ("ali ali", "ali ali", true),
            ("ali ali", "ali alison", true),
            ("al ali", "ali alison", true),
            ("a al ali", "ali al a", true),
            ("ali ali", "ali hassan", false),
            ("ali al", "ali bo", false),
        ] {
            assert_eq!(begins_words(query, name), expected, "{query:?} {name:?}");
        }
    }

    #[test]
    fn known_parts_of_birth_dates_agree() {
        for (query, expected) in [
            ("1985", true),
            ("1985-04", true),
            ("1985-04-12", true),
            ("1985-05", false),
            ("1984", false),
        ] {
            assert_eq!(finds(json!({"birth_date": query})), expected, "{query}");
        }
        let unborn = SearchTerms { birth_date: None, ..terms() };
        assert!(!parse(json!({"birth_date": "1985"})).unwrap().matches(&unborn));
    }

    #[test]
    fn phone_is_found_by_its_last_digits() {
        for query in ["0147", "555-0147", "+1 202 555 0147", "(202) 555-0147 ext. 9", "٠١٤٧"] {
            assert!(finds(json!({"phone": query})), "{query}");
        }
        for query in ["0148", "2025550", "9912025550147"] {
            assert!(!finds(json!({"phone": query})), "{query}");
        }
    }

    #[test]
    fn identifier_is_found_with_and_without_its_system() {
        for query in ["a-7", "A\u{2010}7", "MRN|a-7", " mrn | A-7 ", "|a-7", "123"] {
            assert!(finds(json!({"identifier": query})), "{query}");
        }
        for query in ["a", "a-78", "SSN|a-7", "mrn"] {
            assert!(!finds(json!({"identifier": query})), "{query}");
        }
    }

    #[test]
    fn specialization_is_found_by_the_beginning_of_a_word() {
        for (query, expected) in [
            ("internal", true),
            ("Internal Med", true),
            ("medicine", true),
            ("medicine internal", false),
            ("icine", false),
        ] {
            assert_eq!(finds(json!({"specialization": query})), expected, "{query}");
        }
        assert!(!parse(json!({"specialization": "int"})).unwrap().matches(&SearchTerms::default()));
    }

    #[test]
    fn all_criteria_must_match() {
        assert!(finds(json!({"search": "cruz", "birth_date": "1985", "phone": "0147"})));
        assert!(!finds(json!({"search": "cruz", "birth_date": "1986", "phone": "0147"})));
        assert!(parse(json!({})).unwrap().is_empty());
        assert!(Criteria::default().matches(&SearchTerms::default()));
    }

    #[test]
    fn blank_field_is_absent_and_wrong_fields_are_named() {
        let blank = json!({"search": "", "birth_date": " ", "phone": null, "identifier": ""});
        assert!(parse(blank).unwrap().is_empty());
        let wrong = json!({
            "search": "\u{200b}", "birth_date": "yesterday", "phone": "147", "identifier": "mrn|",
            "specialization": 7, "nickname": "J",
        });
        assert_eq!(
            parse(wrong),
            Err(json!({
                "search": ["must be the beginning of a name"],
                "birth_date": ["must be a date of the form YYYY-MM-DD, YYYY-MM or YYYY"],
                "phone": ["must have at least four digits"],
                "identifier": ["must not be empty"],
                "specialization": ["must be a string"],
                "nickname": ["is not a field of this request"],
            }))
        );
        let name = json!({"search": ["must be the beginning of a name"]});
        for text in ["a\u{1f}", &"x".repeat(201)] {
            assert_eq!(parse(json!({"search": text})), Err(name.clone()));
        }
        let digits = json!({"phone": ["must have at most 19 digits"]});
        assert_eq!(parse(json!({"phone": "1".repeat(20)})), Err(digits));
        let fields = json!({"birth_date": "1985"});
        let errors = Criteria::parse(fields.as_object().unwrap(), &["search"]).unwrap_err();
        assert_eq!(json!(errors), json!({"birth_date": ["is not a field of this request"]}));
    }
}
