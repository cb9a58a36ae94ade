//! The context in which details are read.

use super::date::Date;
use super::phone::PhoneCountry;

/// The rules of the moment and of the clinic.
#[derive(Debug, Clone, Copy)]
pub struct Intake {
    /// The latest date anywhere on Earth.
    pub today: Date,
    /// The country of telephone numbers without a country code.
    pub phone_country: Option<PhoneCountry>,
}
