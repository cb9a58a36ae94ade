//! Reads the users of a Django project from the output of `manage.py dumpdata`.
//!
//! Reports end up in terminals and tickets. So they name a user by a key that reveals nothing about the person, and
//! describe problems without quoting data.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;

use deserr::Deserr;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use shared::auth::password::is_supported;
use shared::model::email::Email;
use shared::model::field::{self, FieldErrors, JsonObject};
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::model::username::Username;
use shared::store::ImportedUser;

/// How to read a file.
pub struct Reading<'a> {
    /// The model whose objects are users; otherwise every model called `User`.
    pub model: Option<&'a str>,
    /// The role of users who are neither superusers nor staff.
    pub role: Role,
    /// The joining time of users for whom the file has none.
    pub now: Timestamp,
}

/// The content of a file.
#[derive(Debug)]
pub struct Dump {
    /// The users, in the order of the file.
    pub entries: Vec<Entry>,
    /// The number of objects that are not users.
    pub others: usize,
}

pub type Entry = Result<Candidate, Skipped>;

/// A user who can become an account, unless an existing account has the same names.
#[derive(Debug)]
pub struct Candidate {
    pub who: String,
    pub user: ImportedUser,
}

/// A user who cannot become an account.
#[derive(Debug)]
pub struct Skipped {
    pub who: String,
    pub problems: FieldErrors,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems.iter();
        let problems: Vec<_> =
            problems.map(|(field, messages)| format!("{field}: {}", messages.join(", "))).collect();
        write!(f, "{}: {}", self.who, problems.join("; "))
    }
}

/// One object of the file's array.
#[derive(Deserialize)]
struct Object {
    /// `app.model`.
    model: String,
    /// Absent if written with `--natural-primary`.
    #[serde(default)]
    pk: Value,
    fields: JsonObject,
}

/// Fields that must be valid if they exist.
#[derive(Deserr)]
#[deserr(error = FieldErrors)]
struct Fields {
    username: Username,
    email: Email,
    #[deserr(default)]
    is_superuser: bool,
    #[deserr(default)]
    is_staff: bool,
    #[deserr(default = true)]
    is_active: bool,
}

/// Reads a whole file. Among users who share a name, only the first one is a candidate.
///
/// # Errors
/// The file cannot be read, or is not a JSON array of Django's objects. The error may quote the file.
pub fn read(file: impl Read, reading: &Reading<'_>) -> serde_json::Result<Dump> {
    let objects: Vec<Object> = serde_json::from_reader(file)?;
    let mut dump = Dump { entries: Vec::new(), others: 0 };
    let mut owners = HashMap::new();
    for (position, object) in (1..).zip(objects) {
        if !reading.is_user(&object.model) {
            dump.others += 1;
            continue;
        }
        let who = object.who(position);
        let user = reading.user(object.fields);
        dump.entries.push(match user.and_then(|user| claim(&mut owners, &who, user)) {
            Ok(user) => Ok(Candidate { who, user }),
            Err(problems) => Err(Skipped { who, problems }),
        });
    }
    Ok(dump)
}

/// Checks that no earlier user has these names, and reserves them. Unlike in Django, names are unique without regard
/// to case, and a username keeps what it looks like. `owners` has the user of each name's form.
fn claim(
    owners: &mut HashMap<String, String>,
    who: &str,
    user: ImportedUser,
) -> Result<ImportedUser, FieldErrors> {
    let usernames = [Some(user.username.unique_form()), user.username.look_alike()];
    let usernames: Vec<String> = usernames.into_iter().flatten().collect();
    let names = [("email", vec![user.email.unique_form()]), ("username", usernames)];
    let mut taken = FieldErrors::default();
    for (field, forms) in &names {
        if let Some(owner) = forms.iter().find_map(|form| owners.get(form)) {
            taken.add(field, format!("is the same as that of {owner}"));
        }
    }
    let user = taken.or(user)?;
    owners
        .extend(names.into_iter().flat_map(|(_, forms)| forms).map(|form| (form, who.to_owned())));
    Ok(user)
}

impl Object {
    /// Returns `auth.user 17`. A key that is neither a number nor a UUID is left out, because it may be a name.
    fn who(&self, position: usize) -> String {
        match &self.pk {
            Value::Number(number) => format!("{} {number}", self.model),
            Value::String(text) if is_uuid(text) => format!("{} {text}", self.model),
            _ => format!("{}, object {position} of the file", self.model),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

impl Reading<'_> {
    fn is_user(&self, model: &str) -> bool {
        match self.model {
            Some(users) => model.eq_ignore_ascii_case(users),
            None => model.to_ascii_lowercase().ends_with(".user"),
        }
    }

    fn user(&self, mut fields: JsonObject) -> Result<ImportedUser, FieldErrors> {
        let password_hash = fields.get("password").and_then(Value::as_str).and_then(password_hash);
        let joined = fields.get("date_joined").and_then(Value::as_str).and_then(timestamp);
        // In a model without usernames, people sign in with their email address.
        if let Some(email) = fields.get("email").cloned() {
            fields.entry("username").or_insert(email);
        }
        let Fields { username, email, is_superuser, is_staff, is_active } =
            field::parse(fields, |_, _| {})?;
        if !username.may_belong_to(&email) {
            let problem = "with @ in it must be the account's own email address";
            return Err(FieldErrors::one("username", problem));
        }
        Ok(ImportedUser {
            username,
            email,
            password_hash,
            role: match (is_superuser, is_staff) {
                (true, _) => Role::Admin,
                (false, true) => Role::Staff,
                (false, false) => self.role,
            },
            active: is_active,
            // Django does not say who has proved to read their mail.
            email_verified: false,
            created_at: joined.unwrap_or(self.now),
        })
    }
}

/// Returns the hash in the form that the login can verify; `None` if the login cannot verify it.
fn password_hash(text: &str) -> Option<SecretString> {
    let hash = if text.starts_with("pbkdf2_sha256$") {
        text
    } else {
        // Django writes the name of its hasher in front of the PHC string.
        text.strip_prefix("argon2").filter(|phc| phc.starts_with("$argon2id$"))?
    };
    is_supported(hash).then(|| hash.into())
}

/// Reads a time. Without `USE_TZ` Django writes no offset; then UTC is assumed, which is wrong by half a day at most.
fn timestamp(text: &str) -> Option<Timestamp> {
    let spellings = [text.to_owned(), format!("{text}Z")];
    spellings.into_iter().find_map(|text| Timestamp::deserialize(Value::String(text)).ok())
}

#[cfg(test)]
mod tests;
