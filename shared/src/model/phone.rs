//! Telephone numbers: read as people write them, kept in the form of E.164.

use std::str::FromStr;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::digit::ascii_digit;
use super::field::{field_from_str, unseen};

/// The longest text that is read, in characters: the longest number with a separator around each digit.
const MAX_TYPED: usize = 100;

/// A number with fewer digits and without a country code may be an extension of the clinic or an emergency number.
const SHORTEST_NATIONAL: usize = 7;

/// The fewest digits by which a number is searched.
pub(super) const SHORTEST_SUFFIX: usize = 4;

const EXTENSION: &str = ";ext=";

const MAX_EXTENSION: usize = 9;

/// The words that people write between a number and its extension, in lower case.
const EXTENSION_LABELS: [&str; 12] = [
    EXTENSION,
    "extension",
    "extensión",
    "extn",
    "ext",
    "xtn",
    "anexo",
    "int",
    "доб",
    "durchwahl",
    "x",
    "#",
];

/// A telephone number: E.164, or 3 to 19 digits as typed if they do not parse, with an optional `+` in front and an
/// optional extension (`;ext=12`) behind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

/// A number as people read it: in the international format of its country, or as it was typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneDisplay(String);

/// A number that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPhone {
    pub number: PhoneNumber,
    pub display: PhoneDisplay,
}

/// A country whose numbers are read without their country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneCountry(Region);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a telephone number, such as +1 202 555 0147 or (202) 555-0147")]
pub struct InvalidPhoneNumber;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the two capital letters of a country with telephone numbers (ISO 3166), such as US"
)]
pub struct InvalidPhoneCountry;

impl PhoneNumber {
    /// Reads a number as people write it. `country` is the country of a number without a country code.
    pub fn read(
        text: &str,
        country: Option<PhoneCountry>,
    ) -> Result<ReadPhone, InvalidPhoneNumber> {
        let text = text.trim();
        let typed = Some(text).filter(|text| text.chars().count() <= MAX_TYPED);
        let typed = typed.and_then(Typed::read).ok_or(InvalidPhoneNumber)?;
        if let Some(phone) = parsed(&typed, country) {
            return Ok(phone);
        }
        let number = with_extension(&typed.dialled(), typed.extension.as_deref()).parse()?;
        let display = text.chars().filter(|c| !is_invisible(*c)).collect();
        Ok(ReadPhone { number, display: PhoneDisplay(display) })
    }

    /// Replaces a number as somebody wrote it by its kept form, and returns its display. Any other value stays: the
    /// parser refuses it.
    pub fn read_in(value: &mut Value, country: Option<PhoneCountry>) -> Option<PhoneDisplay> {
        let ReadPhone { number, display } = Self::read(value.as_str()?, country).ok()?;
        *value = Value::String(number.0);
        Some(display)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns its digits without the extension.
    pub fn digits(&self) -> String {
        let (number, _) = split_extension(&self.0);
        number.chars().filter(char::is_ascii_digit).collect()
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidPhoneNumber;

    /// Accepts only the form in which numbers are kept; [`PhoneNumber::read`] accepts what people write.
    fn from_str(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let (number, extension) = split_extension(text);
        let digits = number.strip_prefix('+').unwrap_or(number);
        let has_length = |text: &str, min: usize, max: usize| {
            (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        let is_number = has_length(digits, 3, 19)
            && extension.is_none_or(|extension| has_length(extension, 1, MAX_EXTENSION));
        is_number.then(|| Self(text.to_owned())).ok_or(InvalidPhoneNumber)
    }
}

impl PhoneDisplay {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PhoneCountry {
    type Err = InvalidPhoneCountry;

    fn from_str(text: &str) -> Result<Self, InvalidPhoneCountry> {
        let is_code = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        let region = Some(text).filter(|_| is_code).and_then(|it| Region::from_code(it).ok());
        // `UK` is a code, but no number is read by it.
        let has_numbers =
            |region: &Region| PHONE_NUMBER_UTIL.get_country_code_for_region(*region).is_some();
        region.filter(has_numbers).map(Self).ok_or(InvalidPhoneCountry)
    }
}

field_from_str!(PhoneNumber);
unseen!(PhoneNumber);
unseen!(PhoneDisplay);

/// Returns the digits of a text in any script's decimal digits, as ASCII, without an extension. Leading zeros are left
/// out while enough digits to search by remain: the zero before an area code is no part of an E.164 number.
pub fn digits_in(text: &str) -> String {
    let text = plain(text).replace("(0)", "");
    let number = text.find(|c| !is_part(c)).and_then(|at| text.split_at_checked(at));
    let number = match number {
        // Letters in front belong to no extension.
        Some((number, rest)) if !number.trim().is_empty() && extension_in(rest).is_some() => number,
        _ => text.as_str(),
    };
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let zeros = digits.bytes().take_while(|b| *b == b'0').count();
    let zeros = zeros.min(digits.len().saturating_sub(SHORTEST_SUFFIX));
    digits.get(zeros..).unwrap_or_default().to_owned()
}

/// A number as typed, in ASCII and without separators.
struct Typed {
    has_plus: bool,
    digits: String,
    extension: Option<String>,
}

impl Typed {
    /// Returns `None` for a text that is no number.
    fn read(text: &str) -> Option<Self> {
        let text = plain(text);
        let text = text.trim();
        let text = text.strip_prefix("tel:").unwrap_or(text);
        // The zero in +44 (0)20 is dialled only without the country's code.
        let is_international = text.starts_with('+') || text.starts_with("00");
        let text = if is_international { text.replace("(0)", "") } else { text.to_owned() };
        let text = text.as_str();
        let (number, extension) = match text.find(|c| !is_part(c)) {
            None => (text, None),
            Some(at) => {
                let (number, rest) = text.split_at_checked(at)?;
                (number, Some(extension_in(rest)?))
            }
        };
        let number: String = number.chars().filter(|c| !is_separator(*c)).collect();
        let digits = number.strip_prefix('+').unwrap_or(&number);
        let has_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        has_digits.then(|| Self {
            has_plus: number.starts_with('+'),
            digits: digits.to_owned(),
            extension,
        })
    }

    fn dialled(&self) -> String {
        format!("{}{}", if self.has_plus { "+" } else { "" }, self.digits)
    }
}

/// Returns the number of a country's plan; `None` if it is none. A number of the right length is one, even if it is not
/// assigned to anybody: plans change, and the library's data are older.
fn parsed(typed: &Typed, country: Option<PhoneCountry>) -> Option<ReadPhone> {
    if !typed.has_plus && typed.digits.len() < SHORTEST_NATIONAL {
        return None;
    }
    let library = &*PHONE_NUMBER_UTIL;
    let mut number = library.parse(typed.dialled(), country.map(|country| country.0)).ok()?;
    let length = library.is_possible_number_with_reason(&number);
    if number.national_number == 0 || !matches!(length, Ok(NumberLengthType::IsPossible)) {
        return None;
    }
    let e164 = library.format(&number, PhoneNumberFormat::E164).into_owned();
    // A number with too many leading zeros would read as another one.
    let again = library.parse(&e164, None).ok()?;
    if library.format(&again, PhoneNumberFormat::E164) != e164 {
        return None;
    }
    number.extension.clone_from(&typed.extension);
    let display = library.format(&number, PhoneNumberFormat::International).into_owned();
    let number = with_extension(&e164, typed.extension.as_deref()).parse().ok()?;
    Some(ReadPhone { number, display: PhoneDisplay(display) })
}

fn with_extension(number: &str, extension: Option<&str>) -> String {
    match extension {
        Some(extension) => format!("{number}{EXTENSION}{extension}"),
        None => number.to_owned(),
    }
}

fn split_extension(number: &str) -> (&str, Option<&str>) {
    number.split_once(EXTENSION).map_or((number, None), |(number, it)| (number, Some(it)))
}

const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// Returns the text in lower case, with ASCII digits, and without characters that nobody sees, which telephones copy
/// with a number.
fn plain(text: &str) -> String {
    text.nfkc()
        .filter(|c| !is_invisible(*c))
        .map(|c| ascii_digit(c).unwrap_or(c))
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_part(c: char) -> bool {
    c.is_ascii_digit() || c == '+' || is_separator(c)
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'
            ..='\u{2015}'
                | '\u{2053}'
                | '\u{2212}'
                | '\u{223c}'
                | '\u{30fc}'
                | '\u{b7}'
                | ' '
                | '\t'
                | '-'
                | '.'
                | '/'
                | '('
                | ')'
                | '['
                | ']'
                | '~'
    )
}

/// Returns the extension in the text after a number.
fn extension_in(rest: &str) -> Option<String> {
    EXTENSION_LABELS.iter().find_map(|label| {
        let digits = rest.strip_prefix(label)?.trim_start_matches([' ', '.', ':', '=', '-']);
        let digits = digits.trim_end_matches(['#', ' ']);
        let is_extension = (1..=MAX_EXTENSION).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit());
        is_extension.then(|| digits.to_owned())
    })
}

#[cfg(test)]
mod tests;
