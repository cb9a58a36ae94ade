//! Whether a table has data in the form that this version of the product expects.

use shared::store::{SchemaState, Store};

use crate::{Failure, Result};

/// Returns whether the table has never had data; an error if it has data in another form. `arguments` are those with
/// which operators' commands work on the table.
pub async fn is_new(store: &Store, arguments: &str) -> Result<bool> {
    match store.operator().schema().await? {
        SchemaState::Current => Ok(false),
        SchemaState::Empty => Ok(true),
        SchemaState::Outdated => {
            let way_out = "CHANGELOG.md says how to update; the command is";
            let command = format!("`cargo ops migrate{arguments}`");
            Err(format!("the data are in the form of an older version: {way_out} {command}").into())
        }
        SchemaState::Newer => Err(newer()),
    }
}

/// Returns the error about data that a newer version has written.
pub fn newer() -> Failure {
    "the data are in the form of a newer version: use that version of this repository".into()
}

#[cfg(test)]
mod tests {
    use shared::testing::{World, run};

    use super::*;

    #[test]
    fn data_of_another_version_are_refused_with_the_command_that_helps() {
        run(async |world: World| {
            let store = world.app.store();
            assert!(is_new(store, "").await.unwrap());
            world.patient(1).await;
            let error = is_new(store, " --table t").await.unwrap_err().to_string();
            assert!(error.contains("`cargo ops migrate --table t`"), "{error}");

            store.operator().start_schema().await.unwrap();
            assert!(!is_new(store, "").await.unwrap());
        });
    }
}
