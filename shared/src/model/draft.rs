//! The details in a request's body, read field by field. A value that is stored already is not parsed and not checked
//! again, so that a record that is older than a rule can still be edited.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::str::FromStr;

use deserr::Deserr;
use serde::Serialize;
use serde_json::Value;

use super::field::{self, FieldErrors, JsonObject, UNKNOWN, is_blank};
use super::intake::Intake;
use super::phone::{PhoneDisplay, PhoneNumber};

/// The end of the name of the field beside a telephone number that holds its display.
const DISPLAY: &str = "_display";

/// How a struct's fields are read from a draft. The macro `details` implements it.
pub trait Fields: Sized {
    /// Reads every field; `None` if one is invalid.
    fn read(draft: &mut Draft<'_, Self>) -> Option<Self>;
}

/// A value that is read from a request's body.
pub trait Input: Fields + Serialize {
    /// The fields that hold telephone numbers.
    const PHONES: &'static [&'static str];

    /// Checks the rules about several fields and about today's date, if the request changes one of their fields.
    fn check(draft: &Draft<'_, Self>, intake: &Intake, errors: &mut FieldErrors);
}

/// The stored details that an edit changes.
struct Base<'a, D> {
    details: &'a D,
    /// Whether an absent field stays as it is (PATCH), or becomes null (PUT).
    keeps_absent: bool,
}

/// The fields of a request, and the stored ones that it edits.
pub struct Draft<'a, D> {
    base: Option<Base<'a, D>>,
    stored: JsonObject,
    sent: JsonObject,
    displays: BTreeMap<String, PhoneDisplay>,
    known: BTreeSet<&'static str>,
    changed: BTreeSet<&'static str>,
    errors: FieldErrors,
}

/// The value of a field in a request.
enum Sent<'a, D> {
    /// Nothing new.
    Kept(&'a D),
    Absent,
    New(Value),
}

impl<'a, D: Input> Draft<'a, D> {
    /// The details of a new record.
    pub(super) fn new(body: JsonObject, intake: &Intake) -> Self {
        Self::over(None, body, intake)
    }

    /// Details that replace `current` (PUT).
    pub(super) fn replacing(current: &'a D, body: JsonObject, intake: &Intake) -> Self {
        Self::over(Some(Base { details: current, keeps_absent: false }), body, intake)
    }

    /// Details that are merged into `current` (PATCH).
    pub(super) fn merging(current: &'a D, body: JsonObject, intake: &Intake) -> Self {
        Self::over(Some(Base { details: current, keeps_absent: true }), body, intake)
    }

    fn over(base: Option<Base<'a, D>>, sent: JsonObject, intake: &Intake) -> Self {
        let stored = match base.as_ref().map(|base| serde_json::to_value(base.details)) {
            Some(Ok(Value::Object(stored))) => stored,
            _ => JsonObject::new(),
        };
        let mut draft = Self {
            base,
            stored,
            sent,
            displays: BTreeMap::new(),
            known: BTreeSet::new(),
            changed: BTreeSet::new(),
            errors: FieldErrors::default(),
        };
        for field in D::PHONES {
            draft.read_phone(field, intake);
        }
        draft
    }

    /// Replaces a new telephone number by its kept form, and keeps its display.
    fn read_phone(&mut self, field: &str, intake: &Intake) {
        if self.is_stored(field) {
            return;
        }
        let value = self.sent.get_mut(field);
        let display = value.and_then(|it| PhoneNumber::read_in(it, intake.phone_country));
        if let Some(display) = display {
            self.displays.insert(field.to_owned(), display);
        }
    }

    /// Reads and checks all fields.
    pub(super) fn finish(mut self, intake: &Intake) -> Result<D, FieldErrors> {
        let details = D::read(&mut self);
        let mut errors = mem::take(&mut self.errors);
        D::check(&self, intake, &mut errors);
        for field in self.sent.keys().filter(|field| !self.known.contains(field.as_str())) {
            errors.add(field, UNKNOWN);
        }
        match details {
            Some(details) => errors.or(details),
            None => Err(errors),
        }
    }

    /// Whether the request gives one of these fields a new value. All fields of a new record are new.
    pub(super) fn changes(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.changed.contains(*field))
    }

    /// Returns the value that a field will have, whether it is valid or not; `None` for null.
    pub(super) fn value(&self, field: &str) -> Option<&Value> {
        let stored = || self.stored.get(field).filter(|_| self.keeps_absent());
        self.sent.get(field).or_else(stored).filter(|value| !value.is_null())
    }

    /// Returns the value that a string field will have, if it parses as `T`.
    pub(super) fn peek<T: FromStr>(&self, field: &str) -> Option<T> {
        self.value(field)?.as_str()?.parse().ok()
    }

    /// Reads a field that must be in the body, and not null unless its type permits it.
    pub(super) fn required<T: Deserr<FieldErrors> + Clone>(
        &mut self,
        field: &'static str,
        get: impl FnOnce(&D) -> &T,
    ) -> Option<T> {
        match self.look_up(field) {
            Sent::Kept(details) => Some(get(details).clone()),
            Sent::New(value) => self.parse(field, value),
            Sent::Absent => {
                self.errors.add(field, "is required");
                None
            }
        }
    }

    /// Reads a field that must be in the body, and may be null or blank.
    pub(super) fn nullable<T: Deserr<FieldErrors> + Clone>(
        &mut self,
        field: &'static str,
        get: impl FnOnce(&D) -> &Option<T>,
    ) -> Option<Option<T>> {
        self.blank_is_null(field);
        self.required(field, get)
    }

    /// Reads a text that may be absent, null or blank.
    pub(super) fn optional<T: Deserr<FieldErrors> + Clone>(
        &mut self,
        field: &'static str,
        get: impl FnOnce(&D) -> &Option<T>,
    ) -> Option<Option<T>> {
        self.blank_is_null(field);
        self.defaulted(field, get)
    }

    /// Reads a field that may be absent or null and then has its default.
    pub(super) fn defaulted<T: Deserr<FieldErrors> + Clone + Default>(
        &mut self,
        field: &'static str,
        get: impl FnOnce(&D) -> &T,
    ) -> Option<T> {
        if !self.keeps_absent() {
            self.sent.entry(field).or_insert(Value::Null);
        }
        match self.look_up(field) {
            Sent::Kept(details) => Some(get(details).clone()),
            Sent::New(value) if !value.is_null() => self.parse(field, value),
            Sent::New(_) | Sent::Absent => Some(T::default()),
        }
    }

    /// Returns the display of a telephone number, which is in answers only. The number's field is read before.
    pub(super) fn answered(
        &mut self,
        field: &'static str,
        get: impl FnOnce(&D) -> &Option<PhoneDisplay>,
    ) -> Option<Option<PhoneDisplay>> {
        let number = field.strip_suffix(DISPLAY).unwrap_or(field);
        let display = self.displays.remove(number);
        let kept = || self.base.as_ref().filter(|_| !self.changes(&[number]));
        Some(display.or_else(|| kept().and_then(|base| get(base.details).clone())))
    }

    fn look_up(&mut self, field: &'static str) -> Sent<'a, D> {
        self.known.insert(field);
        if self.is_stored(field)
            && let Some(base) = &self.base
        {
            return Sent::Kept(base.details);
        }
        self.changed.insert(field);
        self.sent.get(field).cloned().map_or(Sent::Absent, Sent::New)
    }

    fn keeps_absent(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.keeps_absent)
    }

    /// Whether the record already has what the request says about a field.
    fn is_stored(&self, field: &str) -> bool {
        match self.sent.get(field) {
            Some(value) => {
                self.base.is_some() && value == self.stored.get(field).unwrap_or(&Value::Null)
            }
            None => self.keeps_absent(),
        }
    }

    fn blank_is_null(&mut self, field: &str) {
        if let Some(value) = self.sent.get_mut(field).filter(|value| is_blank(value)) {
            *value = Value::Null;
        }
    }

    fn parse<T: Deserr<FieldErrors>>(&mut self, field: &str, value: Value) -> Option<T> {
        match field::parse_value(field, value) {
            Ok(value) => Some(value),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }
}

/// Defines a struct of details and how a request's body becomes one. Each field begins with the name of the method of
/// [`Draft`] that reads it.
macro_rules! details {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$attribute:meta])* $how:ident $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)*
        }

        impl $crate::model::draft::Fields for $name {
            fn read(draft: &mut $crate::model::draft::Draft<'_, Self>) -> Option<Self> {
                // All fields are read before the first invalid one ends this function: all errors are reported.
                $(let $field = draft.$how(stringify!($field), |it| &it.$field);)*
                Some(Self { $($field: $field?,)* })
            }
        }
    };
}
pub(crate) use details;
