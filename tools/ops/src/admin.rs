//! `cargo ops admin`: manages the administrators among the accounts.

use std::io::{self, BufRead, IsTerminal};
use std::thread;

use shared::audit::Subjects;
use shared::model::email::name_form;
use shared::model::timestamp::Timestamp;
use shared::model::user::User;
use shared::store::MadeAdmin;
use tokio::sync::oneshot;

use crate::stop::unless_stopped;
use crate::target::Target;
use crate::{Result, ui};

const WAY_OUT: &str = "register it first with POST /api/auth/register/";

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make an account an active admin
    ///
    /// Anybody can register any free username and email. So the command shows whose account it is, and asks before it
    /// changes it.
    Add(Add),
}

#[derive(clap::Args)]
pub struct Add {
    /// Username or email of an account that exists
    name: String,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    target: Target,
}

pub async fn run(command: &Command) -> Result {
    match command {
        Command::Add(options) => unless_stopped(add(options), false).await?.ok_or("stopped")?,
    }
}

async fn add(Add { name, yes, target }: &Add) -> Result {
    let target = target.open().await?;
    let store = target.recorded_as("ops admin add")?;
    let name = name_form(name);
    let user = store.accounts().named(&name).await?;
    let user = user.ok_or_else(|| format!("no account has this name: {WAY_OUT}"))?;
    // Before the account is shown.
    let subjects = Subjects { accounts: [user.id].into(), ..Subjects::default() };
    store.operator().record(subjects).await?;
    if !user.is_active_admin() {
        ui::print(description(&user));
        if !yes && !confirmed(io::stdin().is_terminal(), answer).await? {
            return Err("not confirmed: nothing was changed".into());
        }
    }
    match store.operator().make_admin(&name, Timestamp::system()).await? {
        MadeAdmin::Done(user) => ui::print(format!("user {} is an admin now\n", user.id)),
        MadeAdmin::Already(user) => ui::print(format!("user {} is an admin already\n", user.id)),
        MadeAdmin::Unknown => return Err(format!("no account has this name: {WAY_OUT}").into()),
    }
    Ok(())
}

/// Returns what tells the operator whose account it is.
fn description(user: &User) -> String {
    format!(
        "user {}\nusername {}\nemail {}\ncreated {}\n",
        user.id,
        user.username.as_str(),
        user.email.as_str(),
        user.created_at
    )
}

/// Asks whether this is the right account. Without a terminal, nobody can answer.
async fn confirmed(
    is_terminal: bool,
    answer: impl FnOnce() -> io::Result<String> + Send + 'static,
) -> Result<bool> {
    if !is_terminal {
        return Err("stdin is no terminal: check the account, then add --yes".into());
    }
    ui::print("Make this account an administrator? [y/N] ");
    let (sender, receiver) = oneshot::channel();
    // A thread, because a read of stdin would keep the runtime from noticing Ctrl-C.
    thread::spawn(move || sender.send(answer()));
    let answer = receiver.await??;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn answer() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use shared::model::id::{Id, UserId};
    use shared::model::user::Role;

    use super::*;

    #[tokio::test]
    async fn only_yes_confirms() {
        for (answer, expected) in
            [("y\n", true), (" YES \n", true), ("", false), ("\n", false), ("n\n", false)]
        {
            assert_eq!(confirmed(true, move || Ok(answer.to_owned())).await.unwrap(), expected);
        }
        assert!(confirmed(true, || Err(io::Error::other("closed"))).await.is_err());
    }

    #[tokio::test]
    async fn without_a_terminal_confirmation_fails() {
        let error = confirmed(false, || Ok("y\n".to_owned())).await.unwrap_err();
        assert!(error.to_string().contains("--yes"), "{error}");
    }

    #[test]
    fn description_has_names_and_the_time_of_registration() {
        let created_at = Timestamp::from_millisecond(1_700_000_000_000);
        let (username, email) = ("amara".parse().unwrap(), "amara@example.com".parse().unwrap());
        let user = User::new(UserId::new(7).unwrap(), username, email, Role::Pending, created_at);
        assert_eq!(
            description(&user),
            "user 7\nusername amara\nemail amara@example.com\ncreated 2023-11-14T22:13:20.000Z\n"
        );
    }
}
