//! One visit: calls of the API with a new account, and the removal of everything that they created.

use std::sync::Arc;

use serde_json::{Value, json};
use shared::auth::password::HashSlots;
use shared::model::email::name_form;
use shared::model::timestamp::Timestamp;
use shared::model::user::{Role, UserChange};
use shared::store::{Imported, ImportedUser, Store, StoreError};
use shared::system::System;
use ureq::http::Method;

use super::api::{Answer, Api};
use crate::random::random;
use crate::{Result, ui};

const REGISTRATION: &str = "api/auth/register/";

/// The beginning of every username.
const NAME: &str = "smoke-test";

/// The number of random characters in a username.
const RANDOM: usize = 12;

/// Enough memory for the hash of one password.
const HASH_MEMORY_MIB: usize = 64;

/// How the account of a visit comes into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Directly in the API's tables: also if registration is closed, and without a mail to an address that nobody
    /// reads.
    Imported,
    /// By a registration.
    Registered,
}

pub struct Visit<'a> {
    api: &'a Api<'a>,
    store: &'a Store,
    account: Account,
    /// Unique to this visit.
    username: String,
    password: String,
    token: Option<String>,
    /// The paths of the records that the visit created.
    created: Vec<String>,
}

impl<'a> Visit<'a> {
    pub fn new(api: &'a Api<'a>, store: &'a Store, account: Account) -> Result<Self> {
        let suffix: String = random()?.chars().filter(char::is_ascii_alphanumeric).collect();
        let suffix: String = suffix.to_lowercase().chars().take(RANDOM).collect();
        // Long enough for every stage's minimum.
        let password = format!("{}{}", random()?, random()?);
        let username = format!("{NAME}-{suffix}");
        Ok(Self { api, store, account, username, password, token: None, created: Vec::new() })
    }

    /// Calls the product's six main operations, and those that they need first.
    pub async fn calls(&mut self) -> Result {
        match self.account {
            Account::Imported => {
                self.refuse_registration().await?;
                self.import().await?;
            }
            Account::Registered => self.register().await?,
        }
        self.sign_in().await?;
        let doctor = self.create("api/doctors/", self.doctor()).await?;
        let patient = self.create("api/patients/", self.patient()).await?;

        let mappings = "api/doctor/mappings/";
        let mapping = json!({ "doctor_id": doctor, "patient_id": patient });
        let assigned = self.test(Method::POST, mappings, Some(&mapping)).await?;
        let is_same =
            ["doctor_id", "patient_id"].iter().all(|it| assigned.body.get(it) == mapping.get(it));
        assigned.expect(201)?;
        assigned.find("the mapping", is_same.then_some(()))?;

        let all = self.test(Method::GET, mappings, None).await?;
        all.find("results", all.expect(200)?.get("results").and_then(Value::as_array))?;

        let path = format!("{mappings}{patient}/");
        let theirs = self.test(Method::GET, &path, None).await?;
        let id = theirs.expect(200)?.pointer("/results/0/id");
        theirs.find("the doctor", id.filter(|id| **id == json!(doctor)))?;

        let path = format!("{path}remove/");
        let removal = json!({ "doctor_id": doctor });
        let removed = self.test(Method::POST, &path, Some(&removal)).await?;
        removed.find("a message", removed.expect(200)?.get("message"))?;
        Ok(())
    }

    /// Tests the registration with a body that is refused under every rule for registrations.
    async fn refuse_registration(&self) -> Result {
        let refused = self.test(Method::POST, REGISTRATION, Some(&json!({}))).await?;
        let errors = refused.expect(400)?.get("errors");
        refused.find("the errors of the fields", errors)?;
        Ok(())
    }

    /// Creates the account in the table, with the role and the verified address that signing in and the calls need.
    async fn import(&self) -> Result {
        let slots = Arc::new(HashSlots::new(HASH_MEMORY_MIB));
        let system = System::new(Arc::new(Timestamp::system));
        let user = ImportedUser {
            username: self.username.parse()?,
            email: self.email().parse()?,
            password_hash: Some(slots.hash(&system, self.password.as_str().into()).await?),
            role: Role::Staff,
            active: true,
            email_verified: true,
            created_at: system.now(),
        };
        let imported = self.store.operator().import_user(user, system.now()).await?;
        if !matches!(imported, Imported::Done(_)) {
            return Err(format!("the account {} exists already", self.username).into());
        }
        ui::status("Created", format!("the account {}, in the table", self.username));
        Ok(())
    }

    async fn register(&self) -> Result {
        let account = json!({
            "username": self.username,
            "email": self.email(),
            "password": self.password,
        });
        let registered = self.test(Method::POST, REGISTRATION, Some(&account)).await?;
        let user = registered.expect(201)?.get("user");
        let user = registered.find("the user", user)?;
        if user.get("role") == Some(&json!(Role::Pending)) {
            let staff = UserChange { role: Some(Role::Staff), ..UserChange::default() };
            self.change(staff).await?;
            ui::status("Promoted", format!("{} to staff, in the table", self.username));
        }
        Ok(())
    }

    async fn sign_in(&mut self) -> Result {
        let credentials = json!({ "username": self.username, "password": self.password });
        let login = self.test(Method::POST, "api/auth/login/", Some(&credentials)).await?;
        let token = login.expect(200)?.get("access").and_then(Value::as_str);
        self.token = Some(login.find("an access token", token)?.to_owned());
        Ok(())
    }

    /// Creates a record, which [`Visit::clean_up`] deletes, and returns its id.
    async fn create(&mut self, path: &str, record: Value) -> Result<u64> {
        let created = self.call(Method::POST, path, Some(&record)).await?;
        let id = created.find("an id", created.expect(201)?.get("id").and_then(Value::as_u64))?;
        self.created.push(format!("{path}{id}/"));
        Ok(id)
    }

    /// Calls a main operation, and prints a line with its status and time.
    async fn test(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let answer = self.call(method.clone(), path, body).await?;
        let millis = answer.took.as_millis();
        let method = method.as_str();
        ui::print(format!("{} {method:<4} /{path:<45} {millis:>6} ms\n", answer.status));
        Ok(answer)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.api.call(method, path, self.token.as_deref(), body).await
    }

    /// Deletes the records and deactivates the account. Accounts cannot be deleted, so each visit leaves a deactivated
    /// one. The error names everything else that is left behind.
    pub async fn clean_up(mut self) -> Result {
        let mut left = Vec::new();
        while let Some(path) = self.created.pop() {
            let deleted = self.call(Method::DELETE, &path, None).await;
            if let Err(error) = deleted.and_then(|answer| answer.expect(204).map(drop)) {
                left.push(format!("{path} is left behind ({error})"));
            }
        }
        let powerless =
            UserChange { role: Some(Role::Pending), active: Some(false), ..UserChange::default() };
        if let Err(error) = self.change(powerless).await {
            left.push(format!("the account {} is left behind ({error})", self.username));
        }
        if left.is_empty() { Ok(()) } else { Err(left.join(", and ").into()) }
    }

    /// Changes the account, if it exists, in the table instead of through the API.
    async fn change(&self, change: UserChange) -> Result {
        // By its name, because the answer with its id may be lost.
        let name = name_form(&self.username);
        match self.store.operator().change_account(&name, change, Timestamp::system()).await {
            // The only conflict of such a change.
            Err(StoreError::Conflict(_)) => Err("it is the last active administrator".into()),
            outcome => Ok(outcome.map(drop)?),
        }
    }

    fn email(&self) -> String {
        format!("{}@clinic.example", self.username)
    }

    fn doctor(&self) -> Value {
        json!({
            "first_name": "Smoke",
            "last_name": "Test",
            "email": self.email(),
            "phone_number": "+13035550100",
            "specialization": "Created by a smoke test",
            "license_number": self.username,
            "years_of_experience": 1,
        })
    }

    fn patient(&self) -> Value {
        json!({
            "first_name": "Smoke",
            "last_name": "Test",
            "date_of_birth": "1985-04-12",
            "gender": "Other",
            "contact_number": "+12025550100",
            "address": format!("Created by the smoke test {}", self.username),
        })
    }
}
