//! Text that a request may leave out.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::field::{FieldErrors, invalid};
use super::text::{InvalidText, Text};

/// A text, or none. A blank text is the same as none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionalText<const MAX: usize>(pub Option<Text<MAX>>);

impl<const MAX: usize> Deserr<FieldErrors> for OptionalText<MAX> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let text =
            <Option<String> as Deserr<FieldErrors>>::deserialize_from_value(value, location)?;
        let text = text.filter(|text| !text.trim().is_empty());
        let text = text.map(|text| text.parse::<Text<MAX>>()).transpose();
        text.map(Self).map_err(|error: InvalidText| invalid(error, location))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn parsed(text: Json) -> Result<OptionalText<5>, Json> {
        deserr::deserialize::<_, _, FieldErrors>(text).map_err(|errors| json!(errors))
    }

    #[test]
    fn blank_text_is_none() {
        for blank in [json!(null), json!(""), json!(" \n")] {
            assert_eq!(parsed(blank), Ok(OptionalText::default()));
        }
        assert_eq!(parsed(json!(" note ")), Ok(OptionalText("note".parse().ok())));
    }

    #[test]
    fn other_text_must_be_valid() {
        for invalid in [json!("\u{200b}"), json!("longer"), json!(7)] {
            assert!(parsed(invalid.clone()).is_err(), "{invalid}");
        }
    }
}
