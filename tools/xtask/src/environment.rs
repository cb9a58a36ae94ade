//! The environment variables of functions on a developer's machine, under `cargo lambda watch` or in a container.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::Path;

use ops::dynamodb::DynamoDb;
use repo::template::{AUDIT_TABLE_NAME, KEYS_TABLE_NAME, TABLE_NAME, Template};

/// Environment variables; one without a value must not be set.
pub type Environment = BTreeMap<String, Option<OsString>>;

/// The folders that replace cloud services.
pub struct Folders<'a> {
    /// Gets the mail.
    pub outbox: &'a Path,
    /// Gets the archive of the audit trail.
    pub archive: &'a Path,
}

/// Returns the variables of every function: the template's, with local replacements for cloud services. Where the
/// template has a parameter, the developer's own variable overrides its default.
pub fn environment(
    template: &Template,
    dynamodb: &DynamoDb,
    token_secret: String,
    folders: Option<&Folders<'_>>,
) -> Environment {
    let of_template = template.functions.values().flat_map(|function| &function.environment);
    let mut environment: Environment = of_template
        .map(|(name, default)| {
            let value = default
                .as_ref()
                .map(|default| from_developer(name).unwrap_or_else(|| default.into()));
            (name.clone(), value)
        })
        .collect();
    let local = [
        ("TABLE_NAME", Some(TABLE_NAME.into())),
        ("KEYS_TABLE_NAME", Some(KEYS_TABLE_NAME.into())),
        ("AUDIT_TABLE_NAME", Some(AUDIT_TABLE_NAME.into())),
        ("AUDIT_ADDRESS_KEY", Some("local".into())),
        ("TOKEN_SECRET", Some(token_secret.into())),
        ("TOKEN_SECRET_ARN", None),
        (
            "REGISTRATION_ROLE",
            Some(from_developer("REGISTRATION_ROLE").unwrap_or_else(|| "staff".into())),
        ),
        // Short passwords suffice for invented records.
        (
            "PASSWORD_MIN_LENGTH",
            Some(from_developer("PASSWORD_MIN_LENGTH").unwrap_or_else(|| "8".into())),
        ),
        // The first account becomes an administrator. On this machine, no stranger can register first.
        ("BOOTSTRAP_ADMIN", Some("true".into())),
        ("MAIL_OUTBOX", folders.map(|it| it.outbox.into())),
        ("MAIL_SENDER", None),
        ("AUDIT_FOLDER", folders.map(|it| it.archive.into())),
        ("AUDIT_BUCKET", None),
    ];
    environment.extend(local.map(|(name, value)| (name.to_owned(), value)));
    let dynamodb = dynamodb.environment();
    environment.extend(dynamodb.map(|(name, value)| (name.to_owned(), value.map(OsString::from))));
    environment
}

/// Returns the developer's value of a variable; `None` if it is unset or empty.
pub fn from_developer(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables for the cloud only. On this machine, paths have no stage that `lambda_http` must ignore, there is no
    /// CloudWatch and no Secrets Manager, and folders replace the sender of mail and the bucket of the archive.
    const CLOUD_ONLY: [&str; 5] = [
        "AUDIT_BUCKET",
        "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH",
        "MAIL_SENDER",
        "METRICS_NAMESPACE",
        "TOKEN_SECRET_ARN",
    ];

    #[test]
    fn functions_get_every_variable_of_the_template() {
        let template = Template::load().unwrap();
        let dynamodb = DynamoDb::at("http://127.0.0.1:1").unwrap();
        let folders = Folders { outbox: Path::new("outbox"), archive: Path::new("archive") };
        let mut variables =
            environment(&template, &dynamodb, "a secret".to_owned(), Some(&folders));
        variables.retain(|_, value| value.is_some());
        for (function, it) in &template.functions {
            for variable in it.environment.keys() {
                let is_expected =
                    variables.contains_key(variable) || CLOUD_ONLY.contains(&variable.as_str());
                assert!(is_expected, "{function}: {variable}");
            }
        }
        assert!(!variables.contains_key("TOKEN_SECRET_ARN"));
    }
}
