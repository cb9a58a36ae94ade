//! The endpoint's act, and who may do it.

use ops::Result;

use super::{Endpoint, insert_before};

impl Endpoint {
    /// Adds the act.
    pub(super) fn act(&self, text: &str) -> Result<String> {
        let act = self.camel_case();
        if text.contains(&format!("\n    {act},\n")) {
            return Err(format!("{act} exists already").into());
        }
        let text = insert_before(text, "\n}\n\nimpl Act {", &format!("\n    {act},"))?;
        let text = insert_before(&text, "\n    ];\n", &format!("\n        Self::{act},"))?;
        let function = format!("\n            Self::{act} => \"{}\",", self.name);
        let text = insert_before(&text, "\n        }\n    }\n", &function)?;
        let (before, rest) = text.split_once("[Self; ").ok_or("the list of all acts is missing")?;
        let (count, rest) = rest.split_once(']').ok_or("the number of acts is missing")?;
        let count: usize = count.parse()?;
        Ok(format!("{before}[Self; {}]{rest}", count + 1))
    }

    /// Permits the act to staff and administrators.
    pub(super) fn decision(&self, text: &str) -> Result<String> {
        let act = format!("\n        | Act::{}", self.camel_case());
        insert_before(text, "\n        | Act::RemoveProxy => match actor.role {", &act)
    }

    /// Adds the act to the table that the decision is tested against.
    pub(super) fn rule(&self, text: &str) -> Result<String> {
        let act = format!("\n            Act::{},", self.camel_case());
        insert_before(text, "\n        ],\n        [ROLE, ROLE, NEVER, NEVER, NEVER],", &act)
    }
}
