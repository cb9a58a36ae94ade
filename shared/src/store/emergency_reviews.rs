//! The reviews of emergency access. Open ones and closed ones are in different partitions, each in the order of time, so
//! that the queue of open ones stays short.

use std::cmp::Reverse;
use std::time::Duration;

use super::emergency::Emergencies;
use super::error::StoreError;
use super::keys::reviews;
use super::load::Load;
use super::tables::Store;
use crate::access::{Allowed, Granted, action};
use crate::dynamo::{self, Items, Key, Outcome, Query, Rows};
use crate::model::conflict::Conflict;
use crate::model::emergency::EmergencyId;
use crate::model::emergency_review::{EmergencyReview, NewVerdict, ReviewStatus, ShownReviews};
use crate::model::page::{Page, Paging};
use crate::model::timestamp::Timestamp;

/// A review that is open for longer is overdue.
const PATIENCE: Duration = Duration::from_hours(7 * 24);

/// The number of reviews that are counted at a time.
const ROWS: i32 = 1000;

action! {
    /// Lists the reviews of emergency access.
    ListEmergencyAccess: ReviewPage
}

action! {
    /// Closes the review of an emergency access.
    ReviewEmergencyAccess: ReviewToClose
}

/// The page of reviews that a request asks for.
#[derive(Debug, Clone)]
pub struct ReviewsQuery {
    pub shown: ShownReviews,
    /// The position is a review's id.
    pub paging: Paging<EmergencyId>,
    /// The label of the list's cursors.
    pub label: String,
}

/// A page of reviews, newest first.
#[derive(Debug)]
pub struct ReviewPage {
    page: Page<EmergencyReview, EmergencyId>,
    label: String,
}

/// The review that a request closes, as the request names it.
#[derive(Debug, Clone)]
pub struct ReviewRequest {
    pub id: EmergencyId,
    pub verdict: NewVerdict,
}

/// A request to close a review, and the review; `None` if there is none with this id.
#[derive(Debug)]
pub struct ReviewToClose {
    verdict: NewVerdict,
    review: Option<EmergencyReview>,
}

impl Emergencies<'_> {
    /// Returns a page of reviews, newest first. Calls: none; the Queries were the target.
    pub fn reviews(&self, by: Granted<ListEmergencyAccess>) -> Page<EmergencyReview, EmergencyId> {
        by.into_target().page
    }

    /// Closes the review that was read with the caller. Calls: TransactWriteItems.
    pub async fn review(
        &self,
        by: Granted<ReviewEmergencyAccess>,
    ) -> Result<EmergencyReview, StoreError> {
        let (now, reviewer) = (by.at(), by.caller().id());
        let ReviewToClose { verdict, review } = by.into_target();
        let review = review.ok_or_else(|| StoreError::not_found("review with this id"))?;
        self.store.note_object(&review.id);
        // Its items are in no partition of a patient or an account.
        self.store.entry.note(|facts| {
            facts.subjects.patients.extend([review.patient_id]);
            facts.subjects.accounts.extend([review.user_id]);
        });
        if review.status == ReviewStatus::Reviewed {
            return Err(Conflict::AlreadyReviewed.into());
        }
        if review.user_id == reviewer {
            return Err(Conflict::OwnReview.into());
        }
        let closed = review.closed(verdict, reviewer, now);
        let [open, reviewed] = keys_of(&closed.id);
        let transaction = self.store.main.transaction();
        let transaction =
            transaction.delete_existing(open, ()).put_new(dynamo::write(&closed, reviewed)?, ());
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(closed),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }

    /// Returns the number of reviews that are open for more than a week. Calls: Query for every 1000 of them.
    pub async fn overdue(&self, now: Timestamp) -> Result<usize, StoreError> {
        let partition = reviews(ReviewStatus::Open);
        let since = EmergencyId::beginning(now.minus(PATIENCE));
        let (mut count, mut after) = (0, None);
        loop {
            let query = Query::partition(&partition).before(&since).project("sk");
            let rows = self.store.main.query(query.limit(ROWS).after(after)).await?;
            count += rows.items.len();
            after = rows.next(|last| Some(last.clone()))?;
            if after.is_none() {
                return Ok(count);
            }
        }
    }
}

/// Returns the key of a review while it is open, and the key after that.
fn keys_of(id: &EmergencyId) -> [Key; 2] {
    [ReviewStatus::Open, ReviewStatus::Reviewed].map(|status| Key::emergency_review(status, id))
}

impl ReviewPage {
    /// The label of the list's cursors.
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl Load for ReviewPage {
    type Name = ReviewsQuery;
    type Found = Vec<Rows>;

    /// Calls: Query; one for each status. Open ones are read first, so that none is missing that is closed meanwhile.
    async fn find(
        store: &Store,
        query: &ReviewsQuery,
        _allowed: &Allowed,
    ) -> Result<Vec<Rows>, StoreError> {
        let last = query.paging.after.as_ref().map(EmergencyId::sort_key);
        let mut found = Vec::new();
        for status in query.shown.statuses() {
            let partition = reviews(*status);
            let page = Query::partition(&partition).descending().limit(query.paging.limit);
            // A review may have changed its partition since the last page. It keeps its place in the list.
            let page = match &last {
                Some(last) => page.before(last),
                None => page,
            };
            found.push(store.main.query(page).await?);
        }
        Ok(found)
    }

    fn build(
        query: ReviewsQuery,
        _allowed: &Allowed,
        _items: &mut Items,
        found: Vec<Rows>,
    ) -> Result<Self, StoreError> {
        let (mut results, mut has_more) = (Vec::new(), false);
        for rows in found {
            has_more |= rows.next(|_| Some(()))?.is_some();
            for item in rows.items {
                results.push(dynamo::parse::<EmergencyReview>(item)?);
            }
        }
        results.sort_by_key(|review| Reverse((review.id.to_string(), review.version)));
        // One that was closed meanwhile was read twice.
        results.dedup_by(|second, first| second.id == first.id);
        let limit = usize::try_from(query.paging.limit).unwrap_or_default();
        has_more |= results.len() > limit;
        results.truncate(limit);
        // DynamoDB cuts no page short: a review has at most 7 KB.
        let next = results.last().filter(|_| has_more).map(|review| review.id.clone());
        Ok(Self { page: Page { results, next }, label: query.label })
    }
}

impl Load for ReviewToClose {
    type Name = ReviewRequest;
    type Found = ();

    fn keys(request: &ReviewRequest) -> Vec<Key> {
        keys_of(&request.id).into()
    }

    fn build(
        request: ReviewRequest,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let ReviewRequest { id, verdict } = request;
        let [open, reviewed] = keys_of(&id);
        let review = items.take(&open).or_else(|| items.take(&reviewed));
        Ok(Self { verdict, review: review.map(dynamo::parse).transpose()? })
    }
}
