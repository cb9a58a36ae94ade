//! The text that `cargo xtask sam-local` prints when the API is ready.

use std::fmt::{Display, Formatter, Result};

use ops::dynamodb::DynamoDb;
use ops::ui::{GOOD, HEADING, LINK};

pub struct Summary<'a> {
    /// Ends with a slash.
    pub url: &'a str,
    pub dynamodb: &'a DynamoDb,
    /// The administrator's username.
    pub username: &'a str,
    pub password: &'a str,
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { url, dynamodb, username, password } = self;
        writeln!(f, "\n  {GOOD}HealthCare{GOOD:#} is ready at {LINK}{url}{LINK:#}\n")?;
        writeln!(
            f,
            "  {HEADING}Test{HEADING:#}     API_URL={url} API_ADMIN_USERNAME={username} \\"
        )?;
        writeln!(f, "             API_ADMIN_PASSWORD={password} \\")?;
        writeln!(f, "             cargo test -p tests --test http")?;
        writeln!(f, "  {HEADING}Data{HEADING:#}     {dynamodb}")?;
        writeln!(f, "  {HEADING}Stop{HEADING:#}     Ctrl-C\n")
    }
}
