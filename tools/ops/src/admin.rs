//! `cargo ops admin`: manages the administrators among the accounts.

use shared::model::email::name_form;
use shared::model::timestamp::Timestamp;
use shared::store::MadeAdmin;

use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Result, ui};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make an account an active admin
    Add(Add),
}

#[derive(clap::Args)]
pub struct Add {
    /// Username or email of an account that exists
    name: String,

    #[command(flatten)]
    target: Target,
}

pub async fn run(command: &Command) -> Result {
    match command {
        Command::Add(options) => unless_stopped(add(options), false).await?.ok_or("stopped")?,
    }
}

async fn add(Add { name, target }: &Add) -> Result {
    let target = target.open().await?;
    match target.store.operator().make_admin(&name_form(name), Timestamp::system()).await? {
        MadeAdmin::Done(user) => ui::print(format!("user {} is an admin now\n", user.id)),
        MadeAdmin::Already(user) => ui::print(format!("user {} is an admin already\n", user.id)),
        MadeAdmin::Unknown => {
            let way_out = "register it first with POST /api/auth/register/";
            return Err(format!("no account has this name: {way_out}").into());
        }
    }
    Ok(())
}
