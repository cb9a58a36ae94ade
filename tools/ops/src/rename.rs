//! `cargo ops rename`: changes a value that must be unique.

use shared::model::email::Email;
use shared::model::field::FieldErrors;
use shared::model::id::{DoctorId, UserId};
use shared::model::text::Line;
use shared::model::timestamp::Timestamp;
use shared::model::username::Username;
use shared::store::{DoctorRename, StoreError, UserRename};

use crate::older_target::OlderTarget;
use crate::stop::unless_stopped;
use crate::{Failure, Result, ui};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Change username or email of an account
    User(User),
    /// Change license number or email of a doctor
    Doctor(Doctor),
}

#[derive(clap::Args)]
pub struct User {
    /// Id of the account
    id: UserId,

    /// New username. With @ in it, it must be the account's own email
    #[arg(long, required_unless_present = "email")]
    username: Option<Username>,

    /// New email
    #[arg(long)]
    email: Option<Email>,

    #[command(flatten)]
    target: OlderTarget,
}

#[derive(clap::Args)]
pub struct Doctor {
    /// Id of the doctor
    id: DoctorId,

    /// New license number
    #[arg(long, value_name = "NUMBER", required_unless_present = "email")]
    license_number: Option<Line<100>>,

    /// New email
    #[arg(long)]
    email: Option<Email>,

    #[command(flatten)]
    target: OlderTarget,
}

pub async fn run(command: &Command) -> Result {
    unless_stopped(rename(command), false).await?.ok_or("stopped")?
}

async fn rename(command: &Command) -> Result {
    let now = Timestamp::system();
    match command {
        Command::User(User { id, username, email, target }) => {
            let change = UserRename { username: username.clone(), email: email.clone() };
            let opened = target.open().await?;
            let store = target.recorded_as("ops rename user", &opened)?;
            store.operator().rename_user(*id, &change, now).await.map_err(explain)?;
            ui::print(format!("user {id} is renamed\n"));
        }
        Command::Doctor(Doctor { id, license_number, email, target }) => {
            let license_number = license_number.clone();
            let change = DoctorRename { license_number, email: email.clone() };
            let opened = target.open().await?;
            let store = target.recorded_as("ops rename doctor", &opened)?;
            store.operator().rename_doctor(*id, &change, now).await.map_err(explain)?;
            ui::print(format!("doctor {id} is renamed\n"));
        }
    }
    Ok(())
}

/// Names the fields that were refused.
fn explain(error: StoreError) -> Failure {
    match error {
        StoreError::Conflict(errors) | StoreError::Invalid(errors) => in_one_line(&errors).into(),
        error => error.into(),
    }
}

fn in_one_line(errors: &FieldErrors) -> String {
    let fields = errors.iter().map(|(field, messages)| format!("{field}: {}", messages.join(", ")));
    fields.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_field() {
        let taken = FieldErrors::one("username", "is already taken");
        let error = explain(StoreError::Conflict(taken));
        assert_eq!(error.to_string(), "username: is already taken");
        let error = explain(StoreError::not_found("user 7"));
        assert_eq!(error.to_string(), "not found: user 7");
    }
}
