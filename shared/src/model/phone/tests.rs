//! Tests of telephone numbers.

use super::*;

fn read(text: &str, country: &str) -> Option<(String, String)> {
    let country = Some(country).filter(|it| !it.is_empty()).map(|it| it.parse().unwrap());
    let phone = PhoneNumber::read(text, country).ok()?;
    Some((phone.number.as_str().to_owned(), phone.display.as_str().to_owned()))
}

fn number(text: &str, country: &str) -> Option<String> {
    read(text, country).map(|(number, _)| number)
}

#[test]
fn ten_notations_are_one_number() {
    for text in [
        "(202) 555-0147",
        "202.555.0147",
        "202 555 0147",
        "1-202-555-0147",
        "+1 202 555 0147",
        "+1 (202) 555-0147",
        "tel:+1-202-555-0147",
        "＋１　２０２　５５５　０１４７",
        "+١ ٢٠٢ ٥٥٥ ٠١٤٧",
        "\u{202a}+1 (202) 555\u{2011}0147\u{202c}",
        "011 1 202 555 0147",
    ] {
        let expected = ("+12025550147".to_owned(), "+1 202-555-0147".to_owned());
        assert_eq!(read(text, "US"), Some(expected), "{text:?}");
    }
    assert_eq!(number("+14155550123", ""), Some("+14155550123".to_owned()));
}

#[test]
fn country_code_may_be_the_operators() {
    assert_eq!(number("020 7946 0123", "GB"), Some("+442079460123".to_owned()));
    assert_eq!(number("0049 30 1234567", "GB"), Some("+49301234567".to_owned()));
    assert_eq!(number("+49 (0)30 1234567", "GB"), Some("+49301234567".to_owned()));
    assert_eq!(number("+39 06 1234 5678", ""), Some("+390612345678".to_owned()));
}

#[test]
fn extension_follows_the_number() {
    for text in [
        "+1 202 555 0147 ext. 12",
        "+1 202 555 0147 x12",
        "+1 202 555 0147 Extension: 12",
        "+1 202 555 0147 #12",
        "+12025550147;ext=12",
    ] {
        let (number, display) = read(text, "").unwrap();
        assert_eq!(number, "+12025550147;ext=12", "{text:?}");
        assert!(display.starts_with("+1 202-555-0147 ") && display.ends_with("12"), "{display}");
    }
    assert_eq!(number("4711 x12", ""), Some("4711;ext=12".to_owned()));
}

#[test]
fn number_that_does_not_parse_stays_as_typed() {
    for (text, country, expected) in [
        ("112", "US", "112"),
        (" 112 ", "", "112"),
        ("+112", "", "+112"),
        ("4711", "DE", "4711"),
        ("555-0147", "US", "5550147"),
        ("(202) 555-0147", "", "2025550147"),
        ("0049 30 1234567", "", "0049301234567"),
        ("0049 30 1234567", "US", "0049301234567"),
        ("+999 1234567", "US", "+9991234567"),
        ("1234567890123456789", "US", "1234567890123456789"),
    ] {
        let expected = (expected.to_owned(), text.trim().to_owned());
        assert_eq!(read(text, country), Some(expected), "{text:?}");
    }
}

#[test]
fn text_that_is_no_number_is_refused() {
    for text in [
        "",
        "+",
        "12",
        "call me",
        "call +1 202 555 0147",
        "555 home",
        "1-800-FLOWERS",
        "+1 202 555 0147 ext.",
        "+1 202 555 0147, +1 202 555 0148",
        "1+2025550147",
        "++12025550147",
        "12345678901234567890",
        "½½½½½½½",
        &"-1".repeat(60),
    ] {
        assert_eq!(PhoneNumber::read(text, None), Err(InvalidPhoneNumber), "{text:?}");
    }
}

#[test]
fn what_is_kept_reads_as_itself() {
    for text in ["+12025550147;ext=12", "112", "+112", "5550147"] {
        let kept: PhoneNumber = text.parse().unwrap();
        assert_eq!(PhoneNumber::read(text, None).unwrap().number, kept);
    }
    for text in ["+1 202", "12", "112;ext=", "112;ext=x", " 112"] {
        assert_eq!(text.parse::<PhoneNumber>(), Err(InvalidPhoneNumber), "{text:?}");
    }
}

#[test]
fn digits_have_no_extension() {
    let kept: PhoneNumber = "+12025550147;ext=12".parse().unwrap();
    assert_eq!(kept.digits(), "12025550147");
    for (text, digits) in [
        ("(202) 555-0147 ext. 12", "2025550147"),
        ("020 7946 0123", "2079460123"),
        ("+44 (0)20 7946 0123", "442079460123"),
        ("٠١٤٧", "0147"),
        ("0147", "0147"),
        ("007", "007"),
        ("abc", ""),
    ] {
        assert_eq!(digits_in(text), digits, "{text:?}");
    }
}

#[test]
fn country_has_numbers() {
    assert!("US".parse::<PhoneCountry>().is_ok());
    for text in ["", "us", "USA", "001", "UK", "ZZ"] {
        assert_eq!(text.parse::<PhoneCountry>(), Err(InvalidPhoneCountry), "{text:?}");
    }
}
