//! An event of usual cost for each function, and the records that must exist before it.

use ops::Result;
use secrecy::ExposeSecret;
use serde_json::json;
use shared::auth::mailed_token::MailedToken;
use shared::auth::reset;
use shared::model::doctor::{Doctor, DoctorDetails};
use shared::model::patient::{Patient, PatientDetails};
use shared::model::user::{Role, User};
use shared::store::Reset;
use shared::testing::{Actor, Event, PASSWORD, Sample, World};

/// The number of accounts, doctors and patients that exist from the start: more than a page of each.
const RECORDS: u32 = 60;
const DOCTORS_PER_PATIENT: usize = 3;

/// The number of patients in one request about several.
const PATIENTS_PER_REQUEST: usize = 5;

/// The number of accesses to a patient's record: less than a page.
const ACCESSES: u64 = 20;

/// The days of a cover.
const COVER_DAYS: u64 = 14;

/// Numbers from here on are those of second doctors.
const OTHERS: u32 = 1_000_000;

/// The accounts and records for events.
pub struct Operations {
    admin: User,
    /// The caller of the lists of doctors, patients and mappings.
    pub staff: User,
    doctor: Doctor,
    /// A patient whose first doctor is `first_doctor`.
    pub patient: Patient,
    pub first_doctor: Doctor,
    /// The number of the latest event. New records contain this number, and sort after the older ones.
    made: u32,
}

impl Operations {
    pub async fn prepare(world: &World) -> Self {
        // The account in the events of auth-login and auth-password-reset.
        world.account_with_password("amara", PASSWORD).await;
        let admin = world.actor(Role::Admin).await.user;
        let staff = world.actor(Role::Staff).await.user;
        let (mut doctors, mut patients) = (Vec::new(), Vec::new());
        for n in 0..RECORDS {
            world.actor_named(&format!("member-{n:03}"), Role::Staff).await;
            doctors.push(world.doctor(n).await);
            patients.push(world.patient(n).await);
        }
        for (n, patient) in patients.iter().enumerate() {
            for doctor in doctors.iter().cycle().skip(n).take(DOCTORS_PER_PATIENT) {
                world.assign(doctor, patient).await;
            }
        }
        let doctor = doctors.swap_remove(DOCTORS_PER_PATIENT);
        let first_doctor = doctors.swap_remove(0);
        let patient = patients.swap_remove(0);
        Self { admin, staff, doctor, patient, first_doctor, made: RECORDS }
    }

    /// Returns an event for a function; `None` for those that no request reaches: they need Secrets Manager or S3, or what
    /// they cost depends on the work that is there.
    pub async fn event(&mut self, world: &World, name: &str) -> Result<Option<Event>> {
        self.made += 1;
        let n = self.made;
        let event = Event::of(name);
        let caller = world
            .sign_in(if is_for_admins(name) { &self.admin } else { &self.staff }.clone())
            .await;
        let doctor_id = self.doctor.id;
        let patient_id = self.patient.id;
        let event = match name {
            "assignments-lapse" | "audit-archive" | "audit-digest" | "emergency-overdue"
            | "handovers-run" | "keys-rotate" => return Ok(None),

            "auth-jwks"
            | "auth-login"
            | "auth-password-reset"
            | "docs"
            | "health"
            | "not-found" => event,
            "auth-logout" | "auth-me" | "doctors-list" | "mappings-list" | "patients-list"
            | "invitations-list" | "users-list" => event.by(&caller),

            "auth-email-verify" => {
                let owner = member(world, n).await.user;
                event.with(json!({ "token": world.verification_of(&owner).await }))
            }
            "auth-invitation-accept" => {
                let username = format!("zoe-{n}");
                let email = format!("{username}@example.com");
                let (_, token) = world.invite(&email, Role::Staff).await;
                event.with(json!({ "token": token, "username": username }))
            }
            "auth-password" => event.by(&member(world, n).await),
            "auth-password-reset-confirm" => {
                let owner = member(world, n).await.user;
                event.with(json!({ "token": reset_token(world, &owner).await? }))
            }
            "auth-refresh" => event.with(json!({ "refresh": caller.refresh.expose_secret() })),
            "auth-register" => {
                let username = format!("zoe-{n}");
                let email = format!("{username}@example.com");
                event.with(json!({ "username": username, "email": email }))
            }
            "auth-session-revoke" => {
                let other = world.sign_in(self.staff.clone()).await;
                event.by(&caller).path_parameter("id", other.session_id())
            }
            "auth-sessions" => event.by(&world.actor_named(&format!("zoe-{n}"), Role::Staff).await),
            "auth-verify" => event.with(json!({ "token": caller.token.expose_secret() })),

            "doctors-create" => event.by(&caller).json(DoctorDetails::sample(n)),
            "doctors-delete" => event.by(&caller).path_parameter("id", world.doctor(n).await.id),
            "doctors-get" => event.by(&caller).path_parameter("id", doctor_id),
            "doctors-update" => {
                let change = json!({ "specialization": format!("Cardiology {n}") });
                event.by(&caller).path_parameter("id", doctor_id).json(change)
            }
            "patients-create" => event.by(&caller).json(PatientDetails::sample(n)),
            "patients-delete" => event.by(&caller).path_parameter("id", world.patient(n).await.id),
            "patients-duplicates" => event.by(&caller),
            "patients-get" => event.by(&caller).path_parameter("id", patient_id),
            "patients-update" => {
                let change = json!({ "address": format!("{n} Elm Street") });
                event.by(&caller).path_parameter("id", patient_id).json(change)
            }

            "invitations-create" => {
                event.by(&caller).with(json!({ "email": format!("zoe-{n}@example.com") }))
            }
            "invitations-revoke" => {
                let email = format!("zoe-{n}@example.com");
                let (invitation, _) = world.invite(&email, Role::Staff).await;
                event.by(&caller).path_parameter("id", invitation.id)
            }

            "mappings-assign" => {
                let (doctor, patient) = (world.doctor(n).await, world.patient(n).await);
                let mapping = json!({ "doctor_id": doctor.id, "patient_id": patient.id });
                event.by(&caller).json(mapping)
            }
            "mappings-doctors" => event.by(&caller).path_parameter("patient_id", patient_id),
            "mappings-patients" => event.by(&caller).path_parameter("id", doctor_id),
            "mappings-remove" => {
                let (doctor, patient) = (world.doctor(n).await, world.patient(n).await);
                world.assign(&doctor, &patient).await;
                let event = event.by(&caller).path_parameter("patient_id", patient.id);
                event.json(json!({ "doctor_id": doctor.id }))
            }

            "users-update" => {
                let pending = world.actor_named(&format!("zoe-{n}"), Role::Pending).await;
                event.by(&caller).path_parameter("id", pending.id())
            }

            "covers-end" | "covers-set" | "doctors-me" | "handovers-cancel"
            | "handovers-create" | "handovers-get" | "mappings-bulk" | "mappings-transfer"
            | "mappings-update" | "mappings-void" | "patients-me" | "proxies-create"
            | "proxies-delete" | "proxies-list" => {
                // Boxed: the compiler limits how deep futures nest.
                Box::pin(self.care_event(world, name, event.by(&caller))).await
            }

            "accesses-list" => {
                let patient = world.patient(n).await;
                world.made_up_accesses(&patient, self.staff.id, ACCESSES).await;
                event.path_parameter("id", patient.id).by(&world.patient_account(&patient).await)
            }
            "audit-list" => {
                let patient = world.patient(n).await;
                world.made_up_accesses(&patient, self.staff.id, ACCESSES).await;
                event.query(&[("patient", patient.id.to_string().as_str())]).by(&caller)
            }

            "disclosures-list" => {
                let patient = world.patient(n).await;
                world.disclosure(&patient, "2026-01-14", "Health Department").await;
                event.by(&caller).path_parameter("id", patient.id)
            }

            "disclosures-create" => {
                event.by(&caller).path_parameter("id", world.patient(n).await.id)
            }

            // Each account may look up and open few.
            "patients-lookup" => {
                event.by(&world.actor_named(&format!("zoe-{n}"), Role::Staff).await)
            }
            "emergency-grant" | "emergency-list" | "emergency-review" => {
                Box::pin(self.emergency_event(world, name, event.by(&caller))).await
            }
            _ => {
                let here = "tools/bench/src/functions/operations.rs";
                return Err(format!("{here} has no event for {name}: add one").into());
            }
        };
        Ok(Some(event))
    }

    /// Returns an event for a function of emergency access.
    async fn emergency_event(&self, world: &World, name: &str, event: Event) -> Event {
        let n = self.made;
        let doctor = world.doctor_account(&world.doctor(n).await).await;
        let patient = world.patient(n).await;
        if name == "emergency-grant" {
            return event.path_parameter("id", patient.id).by(&doctor);
        }
        let review = world.emergency(&doctor, &patient).await;
        if name == "emergency-list" { event } else { event.path_parameter("id", review.id) }
    }

    /// Returns an event for a function of assignments, covers, hand-overs, proxies or an account's own record.
    async fn care_event(&self, world: &World, name: &str, event: Event) -> Event {
        let n = self.made;
        let (doctor, patient) = (world.doctor(n).await, world.patient(n).await);
        match name {
            "covers-end" => {
                world.cover(&doctor, &world.doctor(OTHERS + n).await, COVER_DAYS).await;
                event.path_parameter("id", doctor.id)
            }
            "covers-set" => {
                let covering = world.doctor(OTHERS + n).await;
                let event = event.path_parameter("id", doctor.id);
                event.with(json!({ "covering_doctor_id": covering.id }))
            }
            "handovers-create" => {
                let other = world.doctor(OTHERS + n).await;
                let event = event.path_parameter("id", doctor.id);
                event.with(json!({ "to_doctor_id": other.id }))
            }
            "handovers-cancel" | "handovers-get" => {
                let other = world.doctor(OTHERS + n).await;
                event.path_parameter("id", world.hand_over(&doctor, &other).await.id)
            }
            "doctors-me" => event.by(&world.doctor_account(&doctor).await),
            "patients-me" => event.by(&world.patient_account(&patient).await),

            "mappings-bulk" => {
                let patients = patients(world, n).await;
                let assignment =
                    |patient: &Patient| json!({ "doctor_id": doctor.id, "patient_id": patient.id });
                let assignments: Vec<_> = patients.iter().map(assignment).collect();
                event.json(json!({ "assignments": assignments }))
            }
            "mappings-transfer" => {
                let patients = patients(world, n).await;
                for patient in &patients {
                    world.assign(&doctor, patient).await;
                }
                let other = world.doctor(OTHERS + n).await;
                let ids: Vec<_> = patients.iter().map(|patient| patient.id).collect();
                event.with(json!({
                    "patient_ids": ids, "from_doctor_id": doctor.id, "to_doctor_id": other.id,
                }))
            }
            "mappings-update" => {
                world.assign(&doctor, &patient).await;
                let event = event.path_parameter("patient_id", patient.id);
                let event = event.path_parameter("doctor_id", doctor.id);
                event.json(json!({ "role": "consulting" }))
            }
            "mappings-void" => {
                let assignment = world.assign(&doctor, &patient).await;
                let event = event.path_parameter("patient_id", patient.id);
                event.with(json!({ "assignment_id": assignment.terms.id }))
            }

            _ => {
                let event = event.path_parameter("id", patient.id);
                let guardian = world.actor_named(&format!("zoe-{n}"), Role::Patient).await;
                if name == "proxies-create" {
                    let proxy = json!({ "user_id": guardian.id(), "basis": "guardian" });
                    return event.json(proxy);
                }
                world.proxy(&patient, &guardian).await;
                if name == "proxies-list" {
                    return event;
                }
                event.path_parameter("user_id", guardian.id())
            }
        }
    }
}

/// Returns new patients for a request about several.
async fn patients(world: &World, n: u32) -> Vec<Patient> {
    let mut patients = Vec::new();
    for _ in 0..PATIENTS_PER_REQUEST {
        patients.push(world.patient(n).await);
    }
    patients
}

/// Returns whether only administrators may call a function.
pub fn is_for_admins(name: &str) -> bool {
    ["audit-", "disclosures-", "emergency-", "invitations-", "users-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Creates an account with a password, and signs it in.
async fn member(world: &World, n: u32) -> Actor {
    let user = world.account_with_password(&format!("zoe-{n}"), PASSWORD).await;
    world.sign_in(user).await
}

/// Opens a password reset, and returns its token, which is usually mailed.
async fn reset_token(world: &World, user: &User) -> Result<String> {
    let token = MailedToken::new(world.app.system())?;
    let expires_at = world.app.now().plus(reset::LIFETIME);
    let email = Some(user.email.clone());
    let reset = Reset { user_id: Some(user.id), email, epoch: user.epoch, expires_at };
    world.app.store().resets().open(&token.hash(), &reset).await?;
    Ok(token.expose().to_owned())
}

#[cfg(test)]
mod tests {
    use repo::template::Template;

    use super::*;

    #[tokio::test]
    async fn every_function_has_an_event() {
        let world = World::new().await;
        let mut operations = Operations::prepare(&world).await;
        for name in Template::load().unwrap().functions.keys() {
            operations.event(&world, name).await.unwrap();
        }
    }
}
