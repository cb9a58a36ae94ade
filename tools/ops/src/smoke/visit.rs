//! One visit of the API by somebody made up, and how nothing is left of it.

use serde_json::{Value, json};
use shared::model::text::fold;
use shared::model::timestamp::Timestamp;
use shared::model::user::{Role, UserChange};
use shared::model::version::IfMatch;
use shared::table::{Table, UserUpdated};
use ureq::http::Method;

use super::api::{Answer, Api};
use crate::random::random;
use crate::{Result, ui};

/// What all names made up here begin with.
const NAME: &str = "smoke-test";

/// So many random characters follow.
const RANDOM: usize = 12;

pub struct Visit<'a> {
    api: &'a Api<'a>,
    table: &'a Table,
    /// Nobody else's.
    username: String,
    password: String,
    token: Option<String>,
    /// What is to be deleted, by its path.
    made: Vec<String>,
}

impl<'a> Visit<'a> {
    pub fn new(api: &'a Api<'a>, table: &'a Table) -> Result<Self> {
        let suffix: String = random()?.chars().filter(char::is_ascii_alphanumeric).collect();
        let suffix: String = suffix.to_lowercase().chars().take(RANDOM).collect();
        // As long as any stage may ask for.
        let password = format!("{}{}", random()?, random()?);
        let username = format!("{NAME}-{suffix}");
        Ok(Self { api, table, username, password, token: None, made: Vec::new() })
    }

    /// The six calls that the product was asked for, and what they need.
    pub async fn calls(&mut self) -> Result {
        self.register().await?;
        self.sign_in().await?;
        let doctor = self.make("api/doctors/", self.doctor()).await?;
        let patient = self.make("api/patients/", self.patient()).await?;

        let mappings = "api/doctor/mappings/";
        let mapping = json!({ "doctor_id": doctor, "patient_id": patient });
        let assigned = self.try_out(Method::POST, mappings, Some(&mapping)).await?;
        let is_it =
            ["doctor_id", "patient_id"].iter().all(|it| assigned.body.get(it) == mapping.get(it));
        assigned.expect(201)?;
        assigned.find("the mapping", is_it.then_some(()))?;

        let all = self.try_out(Method::GET, mappings, None).await?;
        all.find("results", all.expect(200)?.get("results").and_then(Value::as_array))?;

        let path = format!("{mappings}{patient}/");
        let theirs = self.try_out(Method::GET, &path, None).await?;
        let id = theirs.expect(200)?.pointer("/results/0/id");
        theirs.find("the doctor", id.filter(|id| **id == json!(doctor)))?;

        let path = format!("{path}remove/");
        let removal = json!({ "doctor_id": doctor });
        let removed = self.try_out(Method::POST, &path, Some(&removal)).await?;
        removed.find("a message", removed.expect(200)?.get("message"))?;
        Ok(())
    }

    async fn register(&self) -> Result {
        let account = json!({
            "username": self.username,
            "email": self.email(),
            "password": self.password,
        });
        let registered = self.try_out(Method::POST, "api/auth/register/", Some(&account)).await?;
        let user = registered.expect(201)?.get("user");
        let user = registered.find("the user", user)?;
        if user.get("role") == Some(&json!(Role::Pending)) {
            let staff = UserChange { role: Some(Role::Staff), active: None };
            self.change(staff).await?;
            ui::status("Promoted", format!("{} to staff, in the table", self.username));
        }
        Ok(())
    }

    async fn sign_in(&mut self) -> Result {
        let credentials = json!({ "username": self.username, "password": self.password });
        let login = self.try_out(Method::POST, "api/auth/login/", Some(&credentials)).await?;
        let token = login.expect(200)?.get("access").and_then(Value::as_str);
        self.token = Some(login.find("an access token", token)?.to_owned());
        Ok(())
    }

    /// The id of a record that is to be deleted in the end.
    async fn make(&mut self, path: &str, record: Value) -> Result<u64> {
        let made = self.call(Method::POST, path, Some(&record)).await?;
        let id = made.find("an id", made.expect(201)?.get("id").and_then(Value::as_u64))?;
        self.made.push(format!("{path}{id}/"));
        Ok(id)
    }

    /// One of the calls that all this is about, and a line that tells how it went.
    async fn try_out(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let answer = self.call(method.clone(), path, body).await?;
        let millis = answer.took.as_millis();
        let method = method.as_str();
        ui::print(format!("{} {method:<4} /{path:<45} {millis:>6} ms\n", answer.status));
        Ok(answer)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.api.call(method, path, self.token.as_deref(), body).await
    }

    /// Deletes the records and deactivates the account: of every visit an account is left with which nobody can
    /// do anything. The error names what is left besides.
    pub async fn clean_up(mut self) -> Result {
        let mut left = Vec::new();
        while let Some(path) = self.made.pop() {
            let deleted = self.call(Method::DELETE, &path, None).await;
            if let Err(error) = deleted.and_then(|answer| answer.expect(204).map(drop)) {
                left.push(format!("{path} is left behind ({error})"));
            }
        }
        let nothing = UserChange { role: Some(Role::Pending), active: Some(false) };
        if let Err(error) = self.change(nothing).await {
            left.push(format!("the account {} is left behind ({error})", self.username));
        }
        if left.is_empty() { Ok(()) } else { Err(left.join(", and ").into()) }
    }

    /// Changes the account, if there is one, without asking the API.
    async fn change(&self, change: UserChange) -> Result {
        // By its name: the answer that had its id may be lost.
        let Some(user) = self.table.user_named(&fold(&self.username)).await? else { return Ok(()) };
        let now = Timestamp::system();
        match self.table.update_user(user, change, &IfMatch::Any, now).await? {
            UserUpdated::LastAdmin => Err("it is the last active administrator".into()),
            _ => Ok(()),
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
            "specialization": "Made up by a smoke test",
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
            "address": format!("Made up by the smoke test {}", self.username),
        })
    }
}
