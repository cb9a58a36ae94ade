//! The keys of every item: how they are made, and how ids are read from them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::audit::Subjects;
use crate::dynamo::{AttributeValue, Item, Key};
use crate::model::assignment::EpisodeId;
use crate::model::date::Date;
use crate::model::disclosure_register::DisclosureId;
use crate::model::doctor::DoctorDetails;
use crate::model::emergency::EmergencyId;
use crate::model::emergency_review::ReviewStatus;
use crate::model::handover::HandoverId;
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::invitation::InvitationId;
use crate::model::patient::PatientDetails;
use crate::model::record::Details;
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;

/// The sort key of a record's main item; it sorts before every other sort key.
pub const SELF: &str = "#";

/// The index of assignments, by doctor, then patient.
pub const GSI1: &str = "gsi1";

/// The index of users, doctors and patients, each in the order of names.
pub const GSI2: &str = "gsi2";

/// The key attributes of [`GSI2`].
pub const GSI2_KEYS: [&str; 2] = ["gsi2pk", "gsi2sk"];

/// DynamoDB's limit of a sort key, in bytes.
pub const MAX_SORT_KEY: usize = 1024;

/// The prefix of the sort keys of a user's sessions.
pub const SESSION_PREFIX: &str = "SESSION#";

/// The prefix of the sort keys of a panel's rows, whatever the rule for names.
pub const PANEL_PREFIX: &str = "NAME#";

/// The prefix of the sort keys of past episodes.
pub const PAST_PREFIX: &str = "PAST#";

/// The prefix of the sort keys of proxies.
pub const PROXY_PREFIX: &str = "PROXY#";

/// The prefix of the sort keys of disclosures.
pub const DISCLOSURE_PREFIX: &str = "DISCLOSURE#";

/// The prefix of the sort keys of emergency access, and of the partition keys of its reviews.
pub const EMERGENCY_PREFIX: &str = "EMERGENCY#";

/// The prefix of the partition keys of links.
const LINK_PREFIX: &str = "LINK#";

/// The prefix of the partition keys of accounts.
const USER_PREFIX: &str = "USER#";

/// The partition of all invitations.
pub const INVITATIONS: &str = "INVITATIONS";

/// The partition of all open hand-overs.
pub const OPEN_JOBS: &str = "JOBS";

/// The partition of all public token keys.
pub const SIGNING_KEYS: &str = "KEYS";

/// The sort key of the item beside them with the keys of cursors.
pub const CURSOR_KEYS: &str = "CURSOR";

/// Separates the names, or a value, from the id in sort keys: ASCII's unit separator, which no name contains and which
/// sorts before every character of a name.
pub const SEPARATOR: char = '\u{1f}';

impl Key {
    fn of(pk: String) -> Self {
        Self { pk, sk: SELF.to_owned() }
    }

    pub fn record<D: Details>(id: D::Id) -> Self {
        Self::of(record(D::KIND, id.get()))
    }

    pub fn unique<D: Details>(field: &str, form: &str) -> Self {
        Self::of(format!("UNIQUE#{}-{field}#{form}", D::KIND))
    }

    pub fn counter(kind: &str) -> Self {
        Self::of(format!("COUNTER#{kind}"))
    }

    pub fn admins() -> Self {
        Self::of("ADMINS".to_owned())
    }

    /// The version of the stored data.
    #[cfg(feature = "operator")]
    pub fn schema() -> Self {
        Self::of("SCHEMA".to_owned())
    }

    /// The progress of an operator's reindexing.
    #[cfg(feature = "operator")]
    pub fn reindex() -> Self {
        Self::of("REINDEX".to_owned())
    }

    /// `None` is a key without an account: a login with an unknown name makes the same call.
    pub fn user(id: Option<UserId>) -> Self {
        Self::of(user(id))
    }

    /// `None` as for [`Key::user`].
    pub fn credential(id: Option<UserId>) -> Self {
        Self::of(record("cred", id.map_or(0, Id::get)))
    }

    /// `form` is that of a username or an email.
    pub fn identifier(form: &str) -> Self {
        Self::of(format!("IDENT#{form}"))
    }

    pub fn session(user_id: UserId, session: &SessionId) -> Self {
        Self { pk: user(Some(user_id)), sk: format!("{SESSION_PREFIX}{session}") }
    }

    /// A throttle's counter; a counter of a window of time names its beginning in seconds since 1970.
    pub fn attempts(kind: &str, hash: &[u8], window: Option<i64>) -> Self {
        Self {
            pk: format!("ATTEMPTS#{kind}#{}", URL_SAFE_NO_PAD.encode(hash)),
            sk: window.map_or_else(|| SELF.to_owned(), |start| format!("WINDOW#{start}")),
        }
    }

    /// `hash` is the hash of the client's key.
    pub fn idempotency(caller: UserId, hash: &[u8]) -> Self {
        Self::of(format!("IDEM#{:016}#{}", caller.get(), URL_SAFE_NO_PAD.encode(hash)))
    }

    /// `hash` is the hash of the reset token.
    pub fn reset(hash: &str) -> Self {
        Self::of(format!("RESET#{hash}"))
    }

    /// `hash` is the hash of the token that verifies an address.
    pub fn verification(hash: &str) -> Self {
        Self::of(format!("VERIFY#{hash}"))
    }

    pub fn invitation(id: &InvitationId) -> Self {
        Self { pk: INVITATIONS.to_owned(), sk: id.to_string() }
    }

    /// An assignment in the patient's partition; gsi1 holds this row.
    pub fn assignment(patient: PatientId, doctor: DoctorId) -> Self {
        Self { pk: record("patient", patient.get()), sk: record("doctor", doctor.get()) }
    }

    /// The keys of an assignment in gsi1; those of the doctor's row in tables of schema 2.
    pub fn assignment_of_doctor(patient: PatientId, doctor: DoctorId) -> Self {
        Self { pk: record("doctor", doctor.get()), sk: record("patient", patient.get()) }
    }

    /// The care of a patient: all assignments that are current or begin later.
    pub fn care(patient: PatientId) -> Self {
        Self { pk: record("patient", patient.get()), sk: "CARE".to_owned() }
    }

    /// An assignment in the doctor's panel. `place` begins with the panel's prefix and goes on with the patient's name.
    pub fn panel(doctor: DoctorId, place: &str, patient: PatientId) -> Self {
        Self {
            pk: record("doctor", doctor.get()),
            sk: sort_key(&[place.to_owned()], patient.get()),
        }
    }

    /// A past episode in the patient's partition, by its end.
    pub fn past_of_patient(patient: PatientId, ended_at: Timestamp, id: &EpisodeId) -> Self {
        Self { pk: record("patient", patient.get()), sk: format!("{PAST_PREFIX}{ended_at}#{id}") }
    }

    /// The same in the doctor's partition.
    pub fn past_of_doctor(doctor: DoctorId, ended_at: Timestamp, id: &EpisodeId) -> Self {
        Self { pk: record("doctor", doctor.get()), sk: format!("{PAST_PREFIX}{ended_at}#{id}") }
    }

    /// The first end of a patient's current and future assignments, by its date.
    pub fn first_end(patient: PatientId, ends_at: Timestamp) -> Self {
        Self { pk: ends_on(ends_at), sk: format!("{ends_at}#{:016}", patient.get()) }
    }

    /// A doctor who hands over all patients.
    pub fn handing_over(doctor: DoctorId) -> Self {
        Self { pk: record("doctor", doctor.get()), sk: "HANDOVER".to_owned() }
    }

    /// A hand-over.
    pub fn job(id: &HandoverId) -> Self {
        Self::of(format!("JOB#{id}"))
    }

    /// A hand-over that is not done, by the time of its effect.
    pub fn open_job(effective_at: Timestamp, id: &HandoverId) -> Self {
        Self { pk: OPEN_JOBS.to_owned(), sk: format!("{effective_at}#{id}") }
    }

    /// The cover of a doctor by another.
    pub fn cover(doctor: DoctorId) -> Self {
        Self { pk: record("doctor", doctor.get()), sk: "COVER".to_owned() }
    }

    /// The doctors whom a doctor covers.
    pub fn covers(covering: DoctorId) -> Self {
        Self { pk: record("doctor", covering.get()), sk: "COVERS".to_owned() }
    }

    /// The right of an account to act for a patient, in the patient's partition.
    pub fn proxy_of_patient(patient: PatientId, user_id: UserId) -> Self {
        Self {
            pk: record("patient", patient.get()),
            sk: format!("{PROXY_PREFIX}{:016}", user_id.get()),
        }
    }

    /// The same in the account's partition.
    pub fn proxy_of_user(patient: PatientId, user_id: UserId) -> Self {
        Self { pk: user(Some(user_id)), sk: format!("{PROXY_PREFIX}{:016}", patient.get()) }
    }

    /// A disclosure of a patient's data, by its day.
    pub fn disclosure(patient: PatientId, disclosed_on: Date, id: &DisclosureId) -> Self {
        Self {
            pk: record("patient", patient.get()),
            sk: format!("{DISCLOSURE_PREFIX}{}#{id}", disclosed_on.iso()),
        }
    }

    /// The emergency access of an account to a patient.
    pub fn emergency(patient: PatientId, user_id: UserId) -> Self {
        let sk = format!("{EMERGENCY_PREFIX}{:016}", user_id.get());
        Self { pk: record("patient", patient.get()), sk }
    }

    /// The review of an emergency access.
    pub fn emergency_review(status: ReviewStatus, id: &EmergencyId) -> Self {
        Self { pk: reviews(status), sk: id.sort_key() }
    }

    /// The account that is linked to a doctor or a patient.
    pub fn link<D: Details>(id: D::Id) -> Self {
        Self::of(format!("{LINK_PREFIX}{}#{:016}", D::KIND, id.get()))
    }

    /// A public token key, in the keys table.
    pub fn signing_key(kid: &str) -> Self {
        Self { pk: SIGNING_KEYS.to_owned(), sk: kid.to_owned() }
    }

    /// The keys of cursors, in the keys table.
    pub fn cursor_keys() -> Self {
        Self::signing_key(CURSOR_KEYS)
    }
}

/// Returns the partition of the ends on the day of this moment, in UTC.
pub fn ends_on(moment: Timestamp) -> String {
    format!("ENDS#{}", moment.utc_date())
}

/// Returns the partition of the reviews of emergency access that have this status.
pub fn reviews(status: ReviewStatus) -> String {
    format!("{EMERGENCY_PREFIX}{}", status.name())
}

/// Returns the keys of an assignment in gsi1 and, as the patient's row, in the table.
pub fn in_gsi1(patient: PatientId, doctor: DoctorId) -> Item {
    let mut keys = Item::from(Key::assignment(patient, doctor));
    let index = Key::assignment_of_doctor(patient, doctor);
    keys.insert("gsi1pk".to_owned(), AttributeValue::S(index.pk));
    keys.insert("gsi1sk".to_owned(), AttributeValue::S(index.sk));
    keys
}

/// Returns the keys of an item in gsi2 and in the table; `kind` is `user`, `doctor` or `patient`.
pub fn in_gsi2(kind: &str, sort_key: String, key: Key) -> Item {
    let [pk, sk] = GSI2_KEYS;
    let mut keys = Item::from(key);
    keys.insert(pk.to_owned(), AttributeValue::S(kind.to_ascii_uppercase()));
    keys.insert(sk.to_owned(), AttributeValue::S(sort_key));
    keys
}

/// Returns `DOCTOR#0000000000000007`: padded, so that keys sort as their ids do.
pub fn record(kind: &str, id: u64) -> String {
    let mut key = prefix(kind);
    key.push_str(&format!("{id:016}"));
    key
}

/// Returns the prefix of all keys of a kind: `DOCTOR#`.
pub fn prefix(kind: &str) -> String {
    let mut prefix = kind.to_ascii_uppercase();
    prefix.push('#');
    prefix
}

/// Returns the id in a key that [`record`] made for a record of this kind; `None` for another kind.
pub fn record_id<D: Details>(key: &str) -> Option<D::Id> {
    let (kind, _) = key.split_once('#')?;
    if kind.eq_ignore_ascii_case(D::KIND) { id_in(key) } else { None }
}

/// Returns the patient, the doctor or the account whose partition this is, or whose link.
pub fn subjects_of(partition: &str) -> Subjects {
    let partition = partition.strip_prefix(LINK_PREFIX).unwrap_or(partition);
    let account = partition.starts_with(USER_PREFIX).then(|| id_in(partition)).flatten();
    Subjects {
        patients: record_id::<PatientDetails>(partition).into_iter().collect(),
        doctors: record_id::<DoctorDetails>(partition).into_iter().collect(),
        accounts: account.into_iter().collect(),
    }
}

fn user(id: Option<UserId>) -> String {
    record("user", id.map_or(0, Id::get))
}

/// Returns the id in a key that [`record`] made, whatever its kind.
pub fn id_in<I: Id>(key: &str) -> Option<I> {
    let (_, digits) = key.split_once('#')?;
    I::new(digits.parse().ok()?)
}

/// Returns a sort key of gsi2 or of an index row: names or a value, then the id, so that no two are equal.
pub fn sort_key(names: &[String], id: u64) -> String {
    let mut key = names.join(&SEPARATOR.to_string());
    key.push(SEPARATOR);
    key.push_str(&format!("{id:016}"));
    key
}

/// Returns the id at the end of a sort key that [`sort_key`] made.
pub fn id_in_sort_key<I: Id>(key: &str) -> Option<I> {
    let (_, digits) = key.rsplit_once(SEPARATOR)?;
    I::new(digits.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_keys_sort_by_id_and_parse_back() {
        let [nine, ten] = [9, 10].map(|id| record("doctor", id));
        assert!(nine < ten);
        assert_eq!(id_in::<DoctorId>(&ten), DoctorId::new(10));
        assert_eq!(id_in::<DoctorId>("DOCTOR#x"), None);
        assert_eq!(record_id::<DoctorDetails>(&ten), DoctorId::new(10));
        assert_eq!(record_id::<PatientDetails>(&ten), None);
    }

    #[test]
    fn ends_sort_by_time_within_their_day() {
        let moment = |text: &str| text.parse().unwrap();
        let (morning, night) = (moment("2026-01-31T09:30:00Z"), moment("2026-01-31T23:59:00Z"));
        let patient = |id| PatientId::new(id).unwrap();
        let first = Key::first_end(patient(9), morning);
        assert_eq!((first.pk.as_str(), ends_on(night)), ("ENDS#2026-01-31", first.pk.clone()));
        assert_eq!(first.sk, "2026-01-31T09:30:00.000Z#0000000000000009");
        assert!(first < Key::first_end(patient(7), night));
        assert_eq!(id_in::<PatientId>(&first.sk), Some(patient(9)));
    }

    #[test]
    fn partitions_name_their_subjects() {
        let patient = PatientId::new(7).unwrap();
        let of_patient = Subjects { patients: [patient].into(), ..Subjects::default() };
        assert_eq!(subjects_of(&Key::care(patient).pk), of_patient);
        assert_eq!(subjects_of(&Key::link::<PatientDetails>(patient).pk), of_patient);
        let user = UserId::new(7);
        let accounts = user.into_iter().collect();
        assert_eq!(subjects_of(&Key::user(user).pk), Subjects { accounts, ..Subjects::default() });
        for other in
            ["ADMINS", "COUNTER#patient", "UNIQUE#patient-phone#7", "CRED#0000000000000007"]
        {
            assert_eq!(subjects_of(other), Subjects::default(), "{other}");
        }
    }

    #[test]
    fn sort_keys_order_by_last_name_first() {
        let key = |last: &str, first: &str| sort_key(&[last.to_owned(), first.to_owned()], 7);
        assert!(key("roe", "zoë") < key("roe jr", "amara"));
        assert!(key("roe", "amara") < key("roe", "zoë"));
        assert_eq!(id_in_sort_key::<DoctorId>(&key("roe", "zoë")), DoctorId::new(7));
    }
}
