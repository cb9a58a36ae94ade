//! Proxies: an account acts for a patient who is not its owner, such as a parent for a child.

use deserr::Deserr;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::disclosure::Disclosure;
use super::field::FieldErrors;
use super::id::{PatientId, UserId};
use super::partial_date::PartialDate;
use super::period::Period;
use super::text_id::text_id;
use super::timestamp::Timestamp;

/// The age from which a patient acts for themselves, in years.
const MAJORITY: i16 = 18;

text_id! {
    /// The id of a proxy, so that one that was removed and added again is another one.
    ProxyId
}

/// Why an account may act for a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "lowercase")]
#[deserr(error = FieldErrors, rename_all = lowercase)]
pub enum ProxyBasis {
    /// Ends when the patient comes of age, if the birth date is known.
    Parent,
    Guardian,
    /// The patient has given a power of attorney.
    Attorney,
}

/// The part of a record that a proxy sees and changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "lowercase")]
#[deserr(error = FieldErrors, rename_all = lowercase)]
pub enum ProxyScope {
    /// As much as the patient.
    #[default]
    All,
    /// Names, birth date, contact data and the doctors only.
    Contact,
}

/// The right of an account to act for a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    pub id: ProxyId,
    pub patient_id: PatientId,
    pub user_id: UserId,
    pub basis: ProxyBasis,
    pub scope: ProxyScope,
    #[serde(flatten)]
    pub period: Period,
    pub added_at: Timestamp,
    pub added_by: UserId,
}

/// The body of a request that adds a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct NewProxy {
    pub user_id: UserId,
    pub basis: ProxyBasis,
    /// All if it is absent.
    #[deserr(default)]
    pub scope: Option<ProxyScope>,
    /// The moment of the request if it is absent.
    #[deserr(default)]
    pub starts_at: Option<Timestamp>,
    /// No end is known if it is absent, except of a parent's right.
    #[deserr(default)]
    pub ends_at: Option<Timestamp>,
}

/// A proxy as clients see it.
#[derive(Debug, Clone, Serialize)]
pub struct ProxyView {
    pub user_id: UserId,
    pub patient_id: PatientId,
    pub basis: ProxyBasis,
    pub scope: ProxyScope,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    pub added_at: Timestamp,
    pub added_by: UserId,
}

impl NewProxy {
    pub fn scope(&self) -> ProxyScope {
        self.scope.unwrap_or_default()
    }

    /// Returns when the account may act for a patient of this birth date, or every problem of it.
    pub fn period(&self, born: Option<PartialDate>, now: Timestamp) -> Result<Period, FieldErrors> {
        let majority = born.filter(|_| self.basis == ProxyBasis::Parent).and_then(majority);
        let starts_at = self.starts_at.unwrap_or(now);
        let mut errors = FieldErrors::default();
        if majority.is_some_and(|majority| majority <= now) {
            errors.add("basis", "is not possible, because the patient is of age");
        } else if majority.is_some_and(|majority| majority <= starts_at) {
            errors.add("starts_at", "must be before the patient comes of age");
        }
        if self.ends_at.is_some_and(|end| end <= starts_at.max(now)) {
            errors.add("ends_at", "must be after starts_at and after now");
        }
        let ends_at = [self.ends_at, majority].into_iter().flatten().min();
        errors.or(Period { starts_at, ends_at })
    }

    /// Whether a proxy is what the request asks for. `period` is what [`NewProxy::period`] returned.
    pub fn is_met_by(&self, proxy: &Proxy, period: Period) -> bool {
        self.user_id == proxy.user_id
            && self.basis == proxy.basis
            && self.scope() == proxy.scope
            && self.starts_at.is_none_or(|start| start == proxy.period.starts_at)
            && period.ends_at == proxy.period.ends_at
    }
}

/// Returns the beginning of the day on which a patient comes of age, in UTC: the last day possible if the birth date is
/// not fully known.
fn majority(born: PartialDate) -> Option<Timestamp> {
    let birthday = born.last_day().0.saturating_add(MAJORITY.years());
    let midnight = birthday.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp::from_millisecond(midnight.timestamp().as_millisecond()))
}

impl From<Proxy> for ProxyView {
    fn from(proxy: Proxy) -> Self {
        Self {
            user_id: proxy.user_id,
            patient_id: proxy.patient_id,
            basis: proxy.basis,
            scope: proxy.scope,
            starts_at: proxy.period.starts_at,
            ends_at: proxy.period.ends_at,
            added_at: proxy.added_at,
            added_by: proxy.added_by,
        }
    }
}

impl Disclosure for ProxyView {
    fn patients(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::id::Id;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn new(basis: ProxyBasis, starts: Option<&str>, ends: Option<&str>) -> NewProxy {
        let user_id = UserId::new(7).unwrap();
        let (starts_at, ends_at) = (starts.map(moment), ends.map(moment));
        NewProxy { user_id, basis, scope: None, starts_at, ends_at }
    }

    fn period(new: &NewProxy, born: Option<&str>) -> Result<Period, FieldErrors> {
        new.period(born.map(|born| born.parse().unwrap()), moment("2026-01-31T12:00:00Z"))
    }

    #[test]
    fn right_of_a_parent_ends_when_the_patient_comes_of_age() {
        let parent = new(ProxyBasis::Parent, None, None);
        let end = |born| period(&parent, born).unwrap().ends_at;
        assert_eq!(end(Some("2010-05-17")), Some(moment("2028-05-17T00:00:00Z")));
        assert_eq!(end(Some("2010-02")), Some(moment("2028-02-28T00:00:00Z")));
        assert_eq!(end(Some("2010")), Some(moment("2028-12-31T00:00:00Z")));
        assert_eq!(end(Some("2012-02-29")), Some(moment("2030-02-28T00:00:00Z")));
        assert_eq!(end(None), None);
        let guardian = new(ProxyBasis::Guardian, None, None);
        assert_eq!(period(&guardian, Some("1950-05-17")).unwrap().ends_at, None);
    }

    #[test]
    fn right_may_end_before_the_patient_comes_of_age_and_not_later() {
        for (given, expected) in [
            ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2030-01-01T00:00:00Z", "2028-05-17T00:00:00Z"),
        ] {
            let parent = new(ProxyBasis::Parent, None, Some(given));
            let end = period(&parent, Some("2010-05-17")).unwrap().ends_at;
            assert_eq!(end, Some(moment(expected)));
        }
    }

    #[test]
    fn patient_of_age_has_no_parent_as_proxy() {
        let parent = new(ProxyBasis::Parent, None, None);
        for born in ["2008-01-31", "1985", "2007-12"] {
            let errors = period(&parent, Some(born)).unwrap_err();
            let expected = json!({"basis": ["is not possible, because the patient is of age"]});
            assert_eq!(json!(errors), expected, "{born}");
        }
        assert!(period(&parent, Some("2008-02-01")).is_ok());
        assert!(period(&parent, Some("2008-01")).is_err());
        assert!(period(&parent, Some("2008")).is_ok());
    }

    #[test]
    fn period_must_not_be_over_or_empty() {
        let (past, soon, later) =
            ("2026-01-31T12:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
        for (starts, ends, valid) in [
            (None, Some(past), false),
            (None, Some(soon), true),
            (Some(soon), Some(soon), false),
            (Some(later), Some(soon), false),
            (Some(soon), Some(later), true),
            (Some(past), None, true),
        ] {
            let errors = period(&new(ProxyBasis::Attorney, starts, ends), None).err();
            let problem = json!({"ends_at": ["must be after starts_at and after now"]});
            assert_eq!(errors.map(|errors| json!(errors)), (!valid).then_some(problem));
        }
        let late = new(ProxyBasis::Parent, Some("2028-05-17T00:00:00Z"), None);
        let errors = period(&late, Some("2010-05-17")).unwrap_err();
        assert_eq!(
            json!(errors),
            json!({"starts_at": ["must be before the patient comes of age"]})
        );
    }
}
