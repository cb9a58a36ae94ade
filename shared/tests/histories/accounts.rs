//! Registrations that want the same names.

use shared::model::field::FieldErrors;
use shared::model::user::Role;
use shared::table::{NewUser, Registered};
use shared::testing::{World, run};
use stateright::semantics::SequentialSpec;

use crate::{History, clients, play};

/// Which of two names has gone.
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

/// `None` is success; otherwise which names were taken.
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

fn outcome(registered: Registered) -> Outcome {
    let taken = |errors: &FieldErrors, name: &str| errors.iter().any(|(field, _)| field == name);
    match registered {
        Registered::Done(_) => None,
        Registered::Taken(errors) => Some((taken(&errors, "username"), taken(&errors, "email"))),
    }
}

#[test]
fn names_are_given_once() {
    run(async |world: World| {
        let apps = clients(&world);
        play(
            async |round, key| (format!("{round}-{key}"), History::of(Names::default())),
            async |(name, history), client, chance| {
                let op = Register { username: chance % 3 != 0, email: chance % 3 != 1 };
                let app = &apps[client as usize];
                let act = async {
                    let new = new_user(name, client, &op);
                    outcome(app.table().register(new, app.now()).await.unwrap())
                };
                history.record(client, op.clone(), act).await;
            },
            async |(_, history)| history.assert_linearizable(),
        )
        .await;
    });
}
