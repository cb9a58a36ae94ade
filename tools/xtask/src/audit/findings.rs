//! The findings of one check of template.yaml or openapi.yaml.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use ops::ui::{BAD, GOOD};

/// The number of places with the same problem that are named.
const NAMED: usize = 3;

/// Something that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule, by which it can be suppressed.
    pub rule: String,
    /// The problem, or its solution.
    pub message: String,
    /// A resource, or a line.
    pub place: String,
}

impl Finding {
    pub fn new(
        rule: impl Into<String>,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { rule: rule.into(), message: message.into(), place: place.into() }
    }
}

/// All findings of one check.
pub struct Findings {
    /// The linter and what it checked, in a few words.
    pub check: String,
    pub list: Vec<Finding>,
}

impl Findings {
    pub fn has_any(&self) -> bool {
        !self.list.is_empty()
    }
}

impl Display for Findings {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.has_any() {
            return writeln!(f, "{GOOD}{:>12}{GOOD:#} {}", "Passed", self.check);
        }
        writeln!(f, "{BAD}{:>12}{BAD:#} {}", "Failed", self.check)?;
        let mut places = BTreeMap::<_, BTreeSet<_>>::new();
        for Finding { rule, message, place } in &self.list {
            places.entry((rule, message)).or_default().insert(place.as_str());
        }
        for ((rule, message), places) in places {
            writeln!(f, "{:>12} {rule}: {message} ({})", "", listed(&places))?;
        }
        Ok(())
    }
}

fn listed(places: &BTreeSet<&str>) -> String {
    let named: Vec<_> = places.iter().copied().take(NAMED).collect();
    let named = named.join(", ");
    match places.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_of_several_places_is_one_line() {
        let traced = |place: &str| Finding::new("TRACED", place, "set Tracing");
        let mut list: Vec<_> = ["E", "D", "C", "B", "A", "A"].into_iter().map(traced).collect();
        list.push(Finding::new("KEPT", "Table", "set DeletionPolicy"));
        let findings = Findings { check: "guard: all".to_owned(), list };
        let text = anstream::adapter::strip_str(&findings.to_string()).to_string();
        assert_eq!(
            text,
            "      Failed guard: all\n             KEPT: set DeletionPolicy (Table)\n             \
             TRACED: set Tracing (A, B, C and 2 more)\n"
        );
    }

    #[test]
    fn check_without_findings_passes() {
        let findings = Findings { check: "guard: all".to_owned(), list: Vec::new() };
        let text = anstream::adapter::strip_str(&findings.to_string()).to_string();
        assert_eq!(text, "      Passed guard: all\n");
    }
}
