//! Single values: names, numbers, addresses, ids, dates, headers, passwords.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::json;
use shared::model::address::SourceAddress;
use shared::model::date::Date;
use shared::model::email::{Email, name_form};
use shared::model::emergency::{EmergencyId, Explanation};
use shared::model::handover::HandoverId;
use shared::model::id::{DoctorId, PatientId, UserId};
use shared::model::idempotency::RequestKey;
use shared::model::partial_date::PartialDate;
use shared::model::password::Password;
use shared::model::phone::{PhoneCountry, PhoneNumber, digits_in};
use shared::model::precondition::Preconditions;
use shared::model::search_key::search_key;
use shared::model::session::{SessionId, UserAgent};
use shared::model::text::{Line, Text};
use shared::model::unique_form::unique_form;
use shared::model::username::Username;
use shared::model::version::{Version, etag};
use shared::testing::PASSWORD_POLICY;

use crate::engine::fuzz;
use crate::inputs::text;
use crate::seeds::{DATES, EMAILS, HEADERS, IDS, NAMES, PASSWORDS, PHONES, USERNAMES};

/// Checks that the text of a valid value reads as the same value.
fn is_stable<T: FromStr + PartialEq + Debug>(
    input: &str,
    write: impl Fn(&T) -> String,
) -> TestCaseResult {
    if let Ok(value) = input.parse::<T>() {
        let written = write(&value);
        let read = written.parse::<T>().ok();
        prop_assert_eq!(read, Some(value), "{:?} is written as {:?}", input, written);
    }
    Ok(())
}

fn is_stable_if_shown<T: FromStr + PartialEq + Debug + Display>(input: &str) -> TestCaseResult {
    is_stable(input, T::to_string)
}

#[test]
fn key_and_form_of_a_text_are_those_of_themselves() {
    fuzz(400, &text(NAMES.iter().copied()), |input| {
        let (key, form) = (search_key(input), unique_form(input));
        prop_assert_eq!(&search_key(&key), &key);
        prop_assert_eq!(&unique_form(&form), &form);
        name_form(input);
        Ok(())
    });
}

#[test]
fn texts_are_stable_and_bounded() {
    fuzz(400, &text(NAMES.iter().copied()), |input| {
        is_stable::<Line<100>>(input, |line| line.as_str().to_owned())?;
        is_stable::<Text<500>>(input, |text| json!(text).as_str().unwrap_or_default().to_owned())?;
        is_stable::<Explanation>(input, |it| json!(it).as_str().unwrap_or_default().to_owned())?;
        if let Ok(line) = input.parse::<Line<100>>() {
            prop_assert!(line.unique_form().len() <= 400);
            prop_assert!(line.search_key().len() <= 400);
            prop_assert!(!line.search_key().is_empty());
        }
        Ok(())
    });
}

#[test]
fn phone_is_read_from_its_own_form() {
    let countries: Vec<Option<PhoneCountry>> =
        ["", "US", "GB", "DE", "IT", "AR"].map(|it| it.parse().ok()).to_vec();
    let input = (text(PHONES.iter().copied()), prop::sample::select(countries));
    fuzz(400, &input, |(input, country)| {
        digits_in(input);
        if let Ok(phone) = PhoneNumber::read(input, *country) {
            let kept = phone.number.as_str();
            let again: Option<PhoneNumber> = kept.parse().ok();
            prop_assert_eq!(again.as_ref(), Some(&phone.number));
            prop_assert!(phone.number.digits().len() >= 3);
            let again = PhoneNumber::read(kept, *country).map(|it| it.number.as_str().to_owned());
            prop_assert_eq!(again, Ok(kept.to_owned()));
        }
        input.parse::<PhoneCountry>().ok();
        Ok(())
    });
}

#[test]
fn names_of_accounts_are_stable_and_bounded() {
    let input = (text(EMAILS.iter().copied()), text(USERNAMES.iter().copied()));
    fuzz(400, &input, |(email, username)| {
        is_stable::<Email>(email, |it| it.as_str().to_owned())?;
        is_stable::<Username>(username, |it| it.as_str().to_owned())?;
        let (email, username) = (email.parse::<Email>(), username.parse::<Username>());
        if let Ok(email) = &email {
            let form = email.unique_form();
            prop_assert!(form.len() <= 254);
            prop_assert_eq!(&name_form(&form), &form);
            email.for_delivery();
        }
        if let Ok(username) = &username {
            prop_assert!(username.unique_form().len() <= 900);
            username.look_alike();
        }
        if let (Ok(email), Ok(username)) = (&email, &username) {
            username.may_belong_to(email);
        }
        Ok(())
    });
}

#[test]
fn dates_are_stable() {
    fuzz(400, &text(DATES.iter().copied()), |input| {
        is_stable_if_shown::<PartialDate>(input)?;
        if let Ok(date) = input.parse::<PartialDate>() {
            prop_assert!(date.first_day() <= date.last_day());
            prop_assert!(date.may_equal(date));
        }
        input.parse::<Date>().ok();
        Ok(())
    });
}

#[test]
fn ids_are_stable() {
    let sessions = ["dGhlIGlkIG9mIGEgc2Vzcw", "session", "-_"];
    fuzz(400, &text(IDS.iter().chain(&sessions).copied()), |input| {
        is_stable_if_shown::<UserId>(input)?;
        is_stable_if_shown::<DoctorId>(input)?;
        is_stable_if_shown::<PatientId>(input)?;
        is_stable_if_shown::<HandoverId>(input)?;
        is_stable_if_shown::<EmergencyId>(input)?;
        is_stable_if_shown::<SessionId>(input)
    });
}

#[test]
fn headers_are_stable() {
    fuzz(400, &text(HEADERS.iter().copied()), |input| {
        is_stable::<RequestKey>(input, |key| key.as_str().to_owned())?;
        is_stable_if_shown::<SourceAddress>(input)?;
        UserAgent::new(input);
        let conditions = Preconditions::parse(Some(input), Some(input), true);
        for version in [1, 2, Version::MAX] {
            if conditions.permit_change(version, false).is_ok() {
                prop_assert!(input.contains(&etag(version)) || input.contains('*'));
            }
            let _ = conditions.permit_read(version);
        }
        Ok(())
    });
}

#[test]
fn password_of_any_form_is_judged_in_bounded_time() {
    let names = text(USERNAMES.iter().chain(EMAILS).copied());
    let input = (text(PASSWORDS.iter().copied()), names);
    fuzz(60, &input, |(input, name)| {
        let password = Password::from(input.as_str());
        let again = Password::from(password.expose());
        prop_assert_eq!(again.expose(), password.expose());
        if PASSWORD_POLICY.check(&password, &[name.as_str()]).is_ok() {
            prop_assert!((8..=128).contains(&password.expose().chars().count()));
        }
        Ok(())
    });
}
