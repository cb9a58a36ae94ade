//! Concurrent registrations with the same names.

use shared::model::field::FieldErrors;
use shared::model::user::{Role, User};
use shared::store::{NewUser, StoreError};
use shared::testing::{World, run};
use stateright::semantics::SequentialSpec;

use crate::{History, clients, play};

/// Which of the two names are taken.
#[derive(Debug, Clone, Default)]
struct Names {
    username: bool,
    email: bool,
}

/// Registers with the contested username, the contested email, or both.
#[derive(Debug, Clone)]
struct Register {
    username: bool,
    email: bool,
}

/// Which names were taken; `None` for a success.
type Outcome = Option<(bool, bool)>;

impl SequentialSpec for Names {
    type Op = Register;
    type Ret = Outcome;

    fn invoke(&mut self, op: &Register) -> Outcome {
        let taken = (op.username && self.username, op.email && self.email);
        if taken != (false, false) {
            return Some(taken);
        }
        self.username |= op.username;
        self.email |= op.email;
        None
    }
}

fn new_user(round: &str, client: u32, op: &Register) -> NewUser {
    let username = if op.username { format!("u-{round}") } else { format!("u-{round}-{client}") };
    let email = if op.email { format!("e-{round}") } else { format!("e-{round}-{client}") };
    NewUser {
        username: username.parse().unwrap(),
        email: format!("{email}@example.com").parse().unwrap(),
        password_hash: "nobody's".into(),
        role: Role::Staff,
        first_is_admin: false,
    }
}

fn outcome(registered: Result<User, StoreError>) -> Outcome {
    let taken = |errors: &FieldErrors, name: &str| errors.iter().any(|(field, _)| field == name);
    match registered {
        Ok(_) => None,
        Err(StoreError::Conflict(errors)) => {
            Some((taken(&errors, "username"), taken(&errors, "email")))
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn concurrent_registrations_take_each_name_once() {
    run(async |world: World| {
        let apps = clients(&world);
        play(
            async |round, key| (format!("{round}-{key}"), History::of(Names::default())),
            async |(name, history), client, chance| {
                let op = Register { username: chance % 3 != 0, email: chance % 3 != 1 };
                let app = &apps[client as usize];
                let act = async {
                    let new = new_user(name, client, &op);
                    outcome(app.store().accounts().register(new, app.now()).await)
                };
                history.record(client, op.clone(), act).await;
            },
            async |(_, history)| history.assert_linearizable(),
        )
        .await;
    });
}
