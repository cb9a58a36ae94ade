//! What a judge says of template.yaml.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use ops::ui::{BAD, GOOD};

/// So many places are named of those that have the same fault.
const NAMED: usize = 3;

/// Something that is not as a rule wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, by which the judge can be told not to ask.
    pub rule: String,
    /// What is wrong, or what to do.
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

/// All that one judge has to say.
pub struct Verdict {
    /// Who judged what, in a few words.
    pub judge: String,
    pub findings: Vec<Finding>,
}

impl Verdict {
    pub fn objects(&self) -> bool {
        !self.findings.is_empty()
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.objects() {
            return writeln!(f, "{GOOD}{:>12}{GOOD:#} {}", "Passed", self.judge);
        }
        writeln!(f, "{BAD}{:>12}{BAD:#} {}", "Objects", self.judge)?;
        let mut places = BTreeMap::<_, BTreeSet<_>>::new();
        for Finding { rule, message, place } in &self.findings {
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
    fn a_fault_that_many_have_is_one_line() {
        let traced = |place: &str| Finding::new("TRACED", place, "set Tracing");
        let mut findings: Vec<_> = ["E", "D", "C", "B", "A", "A"].into_iter().map(traced).collect();
        findings.push(Finding::new("KEPT", "Table", "set DeletionPolicy"));
        let verdict = Verdict { judge: "guard: all".to_owned(), findings };
        let said = anstream::adapter::strip_str(&verdict.to_string()).to_string();
        assert_eq!(
            said,
            "     Objects guard: all\n             KEPT: set DeletionPolicy (Table)\n             \
             TRACED: set Tracing (A, B, C and 2 more)\n"
        );
    }

    #[test]
    fn who_finds_nothing_passes_it() {
        let verdict = Verdict { judge: "guard: all".to_owned(), findings: Vec::new() };
        let said = anstream::adapter::strip_str(&verdict.to_string()).to_string();
        assert_eq!(said, "      Passed guard: all\n");
    }
}
