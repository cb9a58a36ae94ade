//! The rounds of calls to DynamoDB that a request waits for, from the page that the functions' tests confirm.

use std::fs;

use ops::Result;
use repo::root::repository;
use shared::testing::costs::{PAGE, WITHOUT_CALLS};

/// The page's text.
pub struct Rounds(String);

impl Rounds {
    pub fn load() -> Result<Self> {
        let text = fs::read_to_string(repository().join(PAGE));
        Ok(Self(text.map_err(|error| format!("cannot read {PAGE}: {error}"))?))
    }

    /// Returns the rounds of a function; `None` if the page does not have it.
    pub fn of(&self, function: &str) -> Option<u32> {
        if WITHOUT_CALLS.contains(&function) {
            return Some(0);
        }
        let beginning = format!("| {function} | ");
        let rest = self.0.lines().find_map(|line| line.strip_prefix(&beginning))?;
        rest.split(' ').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_read_from_the_page() {
        let page = Rounds::load().unwrap();
        assert_eq!(page.of("auth-me"), Some(1));
        assert_eq!(page.of("docs"), Some(0));
        assert_eq!(page.of("unknown"), None);
    }
}
