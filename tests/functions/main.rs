//! The tests of all functions, in one binary: to build and link one for each function takes minutes longer.
//! A function with a build script has a binary of its own.
//!
//! Generated from template.yaml by `cargo xtask generate`.

// Nothing here calls the functions' `main`.
#![allow(dead_code)]

#[path = "../../functions/accesses-list/src/main.rs"]
mod accesses_list;
#[path = "../../functions/assignments-lapse/src/main.rs"]
mod assignments_lapse;
#[path = "../../functions/audit-archive/src/main.rs"]
mod audit_archive;
#[path = "../../functions/audit-digest/src/main.rs"]
mod audit_digest;
#[path = "../../functions/audit-list/src/main.rs"]
mod audit_list;
#[path = "../../functions/auth-email-verify/src/main.rs"]
mod auth_email_verify;
#[path = "../../functions/auth-invitation-accept/src/main.rs"]
mod auth_invitation_accept;
#[path = "../../functions/auth-jwks/src/main.rs"]
mod auth_jwks;
#[path = "../../functions/auth-login/src/main.rs"]
mod auth_login;
#[path = "../../functions/auth-logout/src/main.rs"]
mod auth_logout;
#[path = "../../functions/auth-me/src/main.rs"]
mod auth_me;
#[path = "../../functions/auth-password/src/main.rs"]
mod auth_password;
#[path = "../../functions/auth-password-reset/src/main.rs"]
mod auth_password_reset;
#[path = "../../functions/auth-password-reset-confirm/src/main.rs"]
mod auth_password_reset_confirm;
#[path = "../../functions/auth-refresh/src/main.rs"]
mod auth_refresh;
#[path = "../../functions/auth-register/src/main.rs"]
mod auth_register;
#[path = "../../functions/auth-session-revoke/src/main.rs"]
mod auth_session_revoke;
#[path = "../../functions/auth-sessions/src/main.rs"]
mod auth_sessions;
#[path = "../../functions/auth-verify/src/main.rs"]
mod auth_verify;
#[path = "../../functions/covers-end/src/main.rs"]
mod covers_end;
#[path = "../../functions/covers-set/src/main.rs"]
mod covers_set;
#[path = "../../functions/disclosures-create/src/main.rs"]
mod disclosures_create;
#[path = "../../functions/disclosures-list/src/main.rs"]
mod disclosures_list;
#[path = "../../functions/doctors-create/src/main.rs"]
mod doctors_create;
#[path = "../../functions/doctors-delete/src/main.rs"]
mod doctors_delete;
#[path = "../../functions/doctors-get/src/main.rs"]
mod doctors_get;
#[path = "../../functions/doctors-list/src/main.rs"]
mod doctors_list;
#[path = "../../functions/doctors-me/src/main.rs"]
mod doctors_me;
#[path = "../../functions/doctors-update/src/main.rs"]
mod doctors_update;
#[path = "../../functions/emergency-grant/src/main.rs"]
mod emergency_grant;
#[path = "../../functions/emergency-list/src/main.rs"]
mod emergency_list;
#[path = "../../functions/emergency-overdue/src/main.rs"]
mod emergency_overdue;
#[path = "../../functions/emergency-review/src/main.rs"]
mod emergency_review;
#[path = "../../functions/handovers-cancel/src/main.rs"]
mod handovers_cancel;
#[path = "../../functions/handovers-create/src/main.rs"]
mod handovers_create;
#[path = "../../functions/handovers-get/src/main.rs"]
mod handovers_get;
#[path = "../../functions/handovers-run/src/main.rs"]
mod handovers_run;
#[path = "../../functions/health/src/main.rs"]
mod health;
#[path = "../../functions/invitations-create/src/main.rs"]
mod invitations_create;
#[path = "../../functions/invitations-list/src/main.rs"]
mod invitations_list;
#[path = "../../functions/invitations-revoke/src/main.rs"]
mod invitations_revoke;
#[path = "../../functions/keys-rotate/src/main.rs"]
mod keys_rotate;
#[path = "../../functions/mappings-assign/src/main.rs"]
mod mappings_assign;
#[path = "../../functions/mappings-bulk/src/main.rs"]
mod mappings_bulk;
#[path = "../../functions/mappings-doctors/src/main.rs"]
mod mappings_doctors;
#[path = "../../functions/mappings-list/src/main.rs"]
mod mappings_list;
#[path = "../../functions/mappings-patients/src/main.rs"]
mod mappings_patients;
#[path = "../../functions/mappings-remove/src/main.rs"]
mod mappings_remove;
#[path = "../../functions/mappings-transfer/src/main.rs"]
mod mappings_transfer;
#[path = "../../functions/mappings-update/src/main.rs"]
mod mappings_update;
#[path = "../../functions/mappings-void/src/main.rs"]
mod mappings_void;
#[path = "../../functions/not-found/src/main.rs"]
mod not_found;
#[path = "../../functions/patients-create/src/main.rs"]
mod patients_create;
#[path = "../../functions/patients-delete/src/main.rs"]
mod patients_delete;
#[path = "../../functions/patients-duplicates/src/main.rs"]
mod patients_duplicates;
#[path = "../../functions/patients-get/src/main.rs"]
mod patients_get;
#[path = "../../functions/patients-list/src/main.rs"]
mod patients_list;
#[path = "../../functions/patients-lookup/src/main.rs"]
mod patients_lookup;
#[path = "../../functions/patients-me/src/main.rs"]
mod patients_me;
#[path = "../../functions/patients-update/src/main.rs"]
mod patients_update;
#[path = "../../functions/proxies-create/src/main.rs"]
mod proxies_create;
#[path = "../../functions/proxies-delete/src/main.rs"]
mod proxies_delete;
#[path = "../../functions/proxies-list/src/main.rs"]
mod proxies_list;
#[path = "../../functions/users-list/src/main.rs"]
mod users_list;
#[path = "../../functions/users-update/src/main.rs"]
mod users_update;
