//! Invitations: made, listed and revoked by administrators. `registration` accepts them.

use super::error::StoreError;
use super::expiring::{Expires, expiring};
use super::keys::INVITATIONS;
use super::load::{Load, Nothing};
use super::registration::TAKEN;
use super::tables::Store;
use crate::access::{Allowed, Granted, action};
use crate::dynamo::{self, Items, Key, Outcome, Query, Rows};
use crate::model::email::Email;
use crate::model::field::FieldErrors;
use crate::model::invitation::{Invitation, InvitationId, InvitationView};
use crate::model::page::{Page, Paging};
use crate::model::timestamp::Timestamp;

action! {
    /// Invites the owner of an address.
    CreateInvitation: Nothing
}

action! {
    /// Lists the open invitations.
    ListInvitations: InvitationPage
}

action! {
    /// Revokes an invitation.
    RevokeInvitation: Nothing
}

/// All invitations.
#[derive(Debug)]
pub struct Invitations<'a> {
    store: &'a Store,
}

impl Expires for Invitation {
    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl Store {
    pub fn invitations(&self) -> Invitations<'_> {
        Invitations { store: self }
    }

    /// Names the invitation that the request is about, for the audit trail: by a digest of its id, because whoever knows an
    /// address can compute the id of its invitation.
    pub(super) fn concerns_invitation(&self, id: &InvitationId) {
        self.entry.note_digest(id.as_str());
    }
}

impl Invitations<'_> {
    /// Refuses an address that belongs to an account. Calls: GetItem.
    pub async fn require_free(
        &self,
        _by: &Granted<CreateInvitation>,
        email: &Email,
    ) -> Result<(), StoreError> {
        match self.store.accounts().id_of(&email.unique_form()).await? {
            Some(_) => Err(StoreError::Conflict(FieldErrors::one("email", TAKEN))),
            None => Ok(()),
        }
    }

    /// Stores an invitation, in place of an earlier one of its address. Calls: TransactWriteItems.
    pub async fn create(
        &self,
        _by: Granted<CreateInvitation>,
        invitation: &Invitation,
    ) -> Result<(), StoreError> {
        let item = dynamo::write(invitation, Key::invitation(&invitation.id))?;
        let item = expiring(item, invitation.expires_at);
        self.store.concerns_invitation(&invitation.id);
        self.store.commit(self.store.main.transaction::<()>().put(item)).await?;
        Ok(())
    }

    /// Returns the invitation that a token with this hash accepts, unless it has expired or another one has taken its
    /// place. Calls: GetItem.
    pub async fn find(
        &self,
        id: &InvitationId,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        let found: Option<Invitation> = self.store.unexpired(Key::invitation(id), now).await?;
        Ok(found.filter(|invitation| invitation.token_hash == token_hash))
    }

    /// Returns a page of the open invitations, in no particular order. Calls: none; the Query was the target.
    pub fn list(&self, by: Granted<ListInvitations>) -> Page<InvitationView, InvitationId> {
        let now = by.at();
        let InvitationPage(Page { results, next }) = by.into_target();
        let open = results.into_iter().filter(|invitation| now < invitation.expires_at);
        Page { results: open.map(InvitationView::from).collect(), next }
    }

    /// Deletes an invitation, so that nobody can accept it. A transaction, because it still reports correctly what it
    /// did when its reply was lost. Calls: TransactWriteItems.
    pub async fn revoke(
        &self,
        _by: Granted<RevokeInvitation>,
        id: &InvitationId,
    ) -> Result<(), StoreError> {
        let transaction = self.store.main.transaction();
        let transaction = transaction.delete_existing(Key::invitation(id), ());
        self.store.concerns_invitation(id);
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::not_found("invitation with this id")),
        }
    }
}

/// A page of invitations.
#[derive(Debug)]
pub struct InvitationPage(Page<Invitation, InvitationId>);

impl Load for InvitationPage {
    /// The position is an invitation's id.
    type Name = Paging<InvitationId>;
    type Found = Rows;

    /// Calls: Query.
    async fn find(
        store: &Store,
        paging: &Self::Name,
        _allowed: &Allowed,
    ) -> Result<Rows, StoreError> {
        let after = paging.after.as_ref().map(|id| Key::invitation(id).into());
        let query = Query::partition(INVITATIONS).limit(paging.limit).after(after);
        Ok(store.main.query(query).await?)
    }

    fn build(
        _paging: Self::Name,
        _allowed: &Allowed,
        _items: &mut Items,
        found: Rows,
    ) -> Result<Self, StoreError> {
        let next = found.next(|last| dynamo::string(last, "sk")?.parse().ok())?;
        let results = found.items.into_iter().map(dynamo::parse).collect::<Result<_, _>>()?;
        Ok(Self(Page { results, next }))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use crate::model::id::{Id, UserId};
    use crate::model::user::Role;
    use crate::testing::{World, run, steps};

    #[test]
    fn rows_of_the_trail_name_an_invitation_by_the_same_digest_and_not_by_its_id() {
        run(async |world: World| {
            let (admin, now) = (UserId::new(1).unwrap(), world.app.now());
            let (one, _) = world.invite("bruno@example.com", Role::Staff).await;
            let (two, _) = world.invite("carla@example.com", Role::Staff).await;
            let (store, _) = world.app.store_of("a-function");
            steps::invite(&store, &one, now).await.unwrap();
            steps::revoke_invitation(&store, admin, &one.id, now).await.unwrap();
            steps::invite(&store, &two, now).await.unwrap();
            let (username, hash) = ("carla".parse().unwrap(), SecretString::from("a hash"));
            store.accounts().accept(&two, username, &hash, now).await.unwrap();

            let rows = world.audited("a-function").await;
            let objects: Vec<&str> = rows.iter().filter_map(|row| row.object.as_deref()).collect();
            let [created, revoked, next, accepted] = objects[..] else { panic!("{objects:?}") };
            assert_eq!((created, next), (revoked, accepted));
            assert_ne!(created, next);
            assert!(!format!("{rows:?}").contains(one.id.as_str()));
        });
    }
}
