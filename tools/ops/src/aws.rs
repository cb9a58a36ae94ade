//! AWS region and credentials from the usual environment variables.

use shared::config::{Aws, CaBundle, optional};

/// The command that sets the variables for users of the AWS CLI, which does not set them by itself.
const EXPORT: &str = r#"eval "$(aws configure export-credentials --format env)""#;

/// Reads the variables. `otherwise` replaces those that are unset. The error says what to do.
pub fn from_variables(otherwise: Option<Aws>) -> Result<Aws, String> {
    read(optional, otherwise)
}

fn read(
    variable: impl Fn(&'static str) -> Option<String>,
    otherwise: Option<Aws>,
) -> Result<Aws, String> {
    let region = variable("AWS_REGION")
        .or_else(|| variable("AWS_DEFAULT_REGION"))
        .or_else(|| otherwise.as_ref().map(|it| it.region.clone()))
        .ok_or("set AWS_REGION")?;
    let id = variable("AWS_ACCESS_KEY_ID");
    let secret = variable("AWS_SECRET_ACCESS_KEY");
    match (id, secret, otherwise) {
        (Some(access_key_id), Some(secret), _) => Ok(Aws {
            region,
            access_key_id,
            secret_access_key: secret.into(),
            session_token: variable("AWS_SESSION_TOKEN").map(Into::into),
            ca_bundle: CaBundle::from_env().map_err(|error| error.to_string())?,
        }),
        (None, None, Some(anybody)) => Ok(Aws { region, ..anybody }),
        _ => {
            let variables = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            Err(format!("set {variables} (from the AWS CLI: {EXPORT})"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_variable_is_named() {
        let set = |names: &'static [&str]| {
            move |name| names.contains(&name).then(|| format!("the {name}"))
        };
        let problem = read(set(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]), None);
        assert_eq!(problem.unwrap_err(), "set AWS_REGION");
        for some in [&["AWS_REGION"][..], &["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"]] {
            let problem = read(set(some), None).unwrap_err();
            assert!(problem.starts_with("set AWS_ACCESS_KEY_ID and AWS_SECRET_"), "{problem}");
        }
        // Half of the credentials is an error even with a default.
        assert!(read(set(&["AWS_ACCESS_KEY_ID"]), Some(Aws::anybody())).is_err());
    }

    #[test]
    fn default_credentials_are_used_if_none_are_set() {
        assert_eq!(read(|_| None, Some(Aws::anybody())).unwrap().region, "us-east-1");
        let aws =
            read(|name| (name == "AWS_REGION").then(|| "eu-west-3".into()), Some(Aws::anybody()));
        let aws = aws.unwrap();
        assert_eq!((&*aws.region, &*aws.access_key_id), ("eu-west-3", "local"));
    }
}
