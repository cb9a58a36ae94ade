//! A comparison with the Django application that these functions replace.

use std::fmt::{self, Display, Formatter};

use super::rows::Rows;

/// The requests per second of the Django application, with gunicorn and PostgreSQL on two cores. They were measured
/// once, and not by this command.
const MEASURED: [(&str, &str, f64); 3] = [
    ("mappings-doctors", "a patient's doctors", 408.0),
    ("mappings-list", "the list of all mappings", 77.0),
    ("auth-login", "logins", 4.7),
];

/// The comparison as a table in Markdown, with the functions that were measured.
pub struct BesideDjango<'a>(pub &'a Rows);

impl Display for BesideDjango<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = MEASURED
            .into_iter()
            .filter_map(|(name, what, django)| {
                let (_, row) = self.0.iter().find(|(it, _)| *it == name)?;
                let here = row.load?.requests_per_second;
                Some(format!("| {what} | {django} | {here:.0} ({:.1}×) |", here / django))
            })
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n| requests/s | Django | functions |\n|---|---:|---:|")?;
        lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::rows::Load;
    use super::*;

    #[test]
    fn measured_functions_are_compared_with_django() {
        let mut rows = Rows::default();
        assert_eq!(BesideDjango(&rows).to_string(), "");
        let [p50, p99] = [Duration::ZERO; 2];
        rows.of("auth-login").load = Some(Load { requests_per_second: 47.0, p50, p99 });
        let table = BesideDjango(&rows).to_string();
        assert!(table.ends_with("|---|---:|---:|\n| logins | 4.7 | 47 (10.0×) |\n"), "{table}");
    }
}
