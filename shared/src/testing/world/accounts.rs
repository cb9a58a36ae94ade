//! Accounts in a world, their sessions, and what is mailed to their addresses.

use secrecy::SecretString;

use super::World;
use crate::auth::mailed_token::MailedToken;
use crate::auth::minter::Minter;
use crate::auth::{invitation, verification};
use crate::model::email::Email;
use crate::model::id::{Id, UserId};
use crate::model::invitation::{Invitation, InvitationId};
use crate::model::user::{Role, User};
use crate::store::{NewUser, Verification};
use crate::testing::actor::Actor;
use crate::testing::steps;

impl World {
    /// Creates an account of this role and signs it in. Its username is the name of the role. It has no valid password.
    pub async fn actor(&self, role: Role) -> Actor {
        let name = format!("{role:?}").to_lowercase();
        self.actor_named(&name, role).await
    }

    pub async fn actor_named(&self, name: &str, role: Role) -> Actor {
        let user = self.account(name, "nobody's".into(), role).await;
        self.sign_in(user).await
    }

    /// Creates an account with this password and without a session.
    pub async fn account_with_password(&self, name: &str, password: &str) -> User {
        self.account(name, self.hash(password).await, Role::Staff).await
    }

    /// Creates an account of this role with this password, and signs it in.
    pub async fn actor_with_password(&self, name: &str, password: &str, role: Role) -> Actor {
        let user = self.account(name, self.hash(password).await, role).await;
        self.sign_in(user).await
    }

    async fn hash(&self, password: &str) -> SecretString {
        let hash = self.app.hash_slots().hash(self.app.system(), password.into()).await;
        hash.expect("a hash")
    }

    pub(super) async fn account(
        &self,
        name: &str,
        password_hash: SecretString,
        role: Role,
    ) -> User {
        let new = NewUser {
            username: name.parse().expect("a username"),
            email: format!("{name}@example.com").parse().expect("an email"),
            password_hash,
            role,
            first_is_admin: false,
        };
        self.app.store().accounts().register(new, self.app.now()).await.expect("an account")
    }

    /// Invites an address on behalf of account 1. Returns the invitation and its token.
    pub async fn invite(&self, email: &str, role: Role) -> (Invitation, String) {
        let email: Email = email.parse().expect("an email");
        let (id, now) = (InvitationId::of(&email), self.app.now());
        let token = invitation::token(&id, self.app.system()).expect("a token");
        let invitation = Invitation {
            id,
            email,
            role,
            invited_by: UserId::new(1).expect("an id"),
            created_at: now,
            expires_at: now.plus(invitation::LIFETIME),
            token_hash: token.hash(),
        };
        steps::invite(self.app.store(), &invitation, now).await.expect("an invitation");
        (invitation, token.expose().to_owned())
    }

    /// Opens a verification of this account's address. Returns its token.
    pub async fn verification_of(&self, user: &User) -> String {
        let token = MailedToken::new(self.app.system()).expect("a token");
        let verification = Verification {
            user_id: user.id,
            email: user.email.clone(),
            expires_at: self.app.now().plus(verification::LIFETIME),
        };
        let opened = self.app.store().verifications().open(&token.hash(), &verification).await;
        opened.expect("a verification");
        token.expose().to_owned()
    }

    /// Returns the account as it is stored now.
    pub async fn stored(&self, id: UserId) -> User {
        self.app.store().accounts().by_id(id).await.expect("a reply").expect("an account")
    }

    /// Opens a session of this account.
    pub async fn sign_in(&self, user: User) -> Actor {
        self.sign_in_with(&self.minter, user).await
    }

    /// Opens a session of this account. `minter` signs its access token.
    pub async fn sign_in_with(&self, minter: &Minter, user: User) -> Actor {
        let (store, system) = (self.app.store(), self.app.system());
        let tokens = steps::open_session(store, system, minter, &user, None).await;
        let tokens = serde_json::to_value(tokens.expect("a session")).expect("JSON");
        let text = |name: &str| tokens[name].as_str().expect("a token").into();
        Actor { token: text("access"), refresh: text("refresh"), user }
    }
}
