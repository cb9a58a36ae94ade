//! A file with the environment variables of functions, for a `cargo lambda watch` that the developer starts.

use std::fs;
use std::path::{self, Path, PathBuf};

use ops::Result;
use ops::shell::shell_word;
use repo::root::repository;

use super::files;
use crate::environment::Environment;

/// The command that starts the functions, without the path of the file. By default, cargo-lambda listens on all
/// addresses of this machine, and a stranger could register first and become an administrator.
const WATCH: &str = "cargo lambda watch --invoke-address 127.0.0.1 --env-file";

/// The quotes that can enclose a value.
const QUOTES: [char; 2] = ['\'', '`'];

/// The file. Dropping this removes it.
pub struct EnvironmentFile(PathBuf);

impl EnvironmentFile {
    /// Writes the variables that have a value into the data folder.
    pub fn write(folder: &Path, environment: &Environment) -> Result<Self> {
        files::environment(folder, &text(environment)?).map(Self)
    }

    /// Returns the command that starts the functions with these variables, in the root of the repository.
    pub fn command(&self) -> String {
        let path = path::absolute(&self.0).unwrap_or_else(|_| self.0.clone());
        let path = path.strip_prefix(repository()).unwrap_or(&path);
        format!("{WATCH} {}", shell_word(&path.to_string_lossy()))
    }
}

impl Drop for EnvironmentFile {
    fn drop(&mut self) {
        // If this fails, the next process that writes the file replaces it.
        let _ = fs::remove_file(&self.0);
    }
}

/// Returns the variables in the format of `cargo lambda watch --env-file`, one a line.
fn text(environment: &Environment) -> Result<String> {
    let mut text = String::new();
    for (name, value) in environment {
        let Some(value) = value else { continue };
        let value = value.to_str().and_then(quoted).ok_or_else(|| {
            let reason = "it is not UTF-8, or has both ' and `, or a \\ before an n";
            format!("the value of {name} cannot be written for `cargo lambda watch`: {reason}")
        })?;
        text.push_str(&format!("{name}={value}\n"));
    }
    Ok(text)
}

/// Returns a value in quotes; `None` if cargo-lambda would read another value. It ends the value at the next such
/// quote, and replaces `\n` with a new line.
fn quoted(value: &str) -> Option<String> {
    if value.contains(r"\n") {
        return None;
    }
    let quote = QUOTES.into_iter().find(|quote| !value.contains(*quote))?;
    Some(format!("{quote}{value}{quote}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn environment(variables: &[(&str, Option<&str>)]) -> Environment {
        let variables = variables.iter();
        variables.map(|(name, value)| ((*name).to_owned(), value.map(Into::into))).collect()
    }

    #[test]
    fn values_are_quoted_and_variables_without_one_are_omitted() {
        let variables = [
            ("A", Some("http://127.0.0.1:1")),
            ("B", Some("one two=three # four \"five\" $six \\")),
            ("C", None),
            ("D", Some("")),
            ("E", Some("/home/o'brien")),
        ];
        let expected = r#"A='http://127.0.0.1:1'
B='one two=three # four "five" $six \'
D=''
E=`/home/o'brien`
"#;
        assert_eq!(text(&environment(&variables)).unwrap(), expected);
    }

    #[test]
    fn value_that_cargo_lambda_would_change_is_refused() {
        for value in ["o'brien `", r"C:\new"] {
            let error = text(&environment(&[("SECRET", Some(value))])).unwrap_err().to_string();
            assert!(error.contains("SECRET") && !error.contains(value), "{error}");
        }
    }

    #[test]
    fn only_the_owner_can_read_the_file_which_replaces_an_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let variables = environment(&[("A", Some("new"))]);
        let path = folder.path().join("functions.env");
        fs::write(&path, "old").unwrap();

        let file = EnvironmentFile::write(folder.path(), &variables).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "A='new'\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(file.command(), format!("{WATCH} {}", shell_word(path.to_str().unwrap())));

        drop(file);
        assert!(!path.exists());
    }
}
