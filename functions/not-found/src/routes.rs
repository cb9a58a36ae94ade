//! The paths of the API, each with its methods. Fixed segments come before variable ones, so the first
//! path that matches is the right one.
//!
//! Generated from template.yaml by `cargo xtask generate`; do not edit.

#[rustfmt::skip]
pub const ROUTES: &[(&str, &[&str])] = &[
    ("/.well-known/jwks.json", &["GET", "HEAD", "OPTIONS"]),
    ("/.well-known/security.txt", &["GET", "HEAD", "OPTIONS"]),
    ("/api/auth/email/verify", &["OPTIONS", "POST"]),
    ("/api/auth/invitations/accept", &["OPTIONS", "POST"]),
    ("/api/auth/login", &["OPTIONS", "POST"]),
    ("/api/auth/logout", &["OPTIONS", "POST"]),
    ("/api/auth/me", &["GET", "HEAD", "OPTIONS"]),
    ("/api/auth/password", &["OPTIONS", "POST"]),
    ("/api/auth/password/reset", &["OPTIONS", "POST"]),
    ("/api/auth/password/reset/confirm", &["OPTIONS", "POST"]),
    ("/api/auth/refresh", &["OPTIONS", "POST"]),
    ("/api/auth/register", &["OPTIONS", "POST"]),
    ("/api/auth/sessions", &["GET", "HEAD", "OPTIONS"]),
    ("/api/auth/sessions/{id}", &["DELETE", "OPTIONS"]),
    ("/api/auth/verify", &["OPTIONS", "POST"]),
    ("/api/docs", &["GET", "HEAD", "OPTIONS"]),
    ("/api/docs/{file}", &["GET", "HEAD", "OPTIONS"]),
    ("/api/doctor/mappings", &["GET", "HEAD", "OPTIONS", "POST"]),
    ("/api/doctor/mappings/{patient_id}", &["GET", "HEAD", "OPTIONS"]),
    ("/api/doctor/mappings/{patient_id}/remove", &["OPTIONS", "POST"]),
    ("/api/doctor/mappings/{patient_id}/{doctor_id}", &["DELETE", "OPTIONS"]),
    ("/api/doctors", &["GET", "HEAD", "OPTIONS", "POST"]),
    ("/api/doctors/search", &["OPTIONS", "POST"]),
    ("/api/doctors/{id}", &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"]),
    ("/api/doctors/{id}/patients", &["GET", "HEAD", "OPTIONS"]),
    ("/api/health", &["GET", "HEAD", "OPTIONS"]),
    ("/api/invitations", &["GET", "HEAD", "OPTIONS", "POST"]),
    ("/api/invitations/{id}", &["DELETE", "OPTIONS"]),
    ("/api/openapi.json", &["GET", "HEAD", "OPTIONS"]),
    ("/api/patients", &["GET", "HEAD", "OPTIONS", "POST"]),
    ("/api/patients/duplicates", &["OPTIONS", "POST"]),
    ("/api/patients/search", &["OPTIONS", "POST"]),
    ("/api/patients/{id}", &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"]),
    ("/api/users", &["GET", "HEAD", "OPTIONS"]),
    ("/api/users/{id}", &["OPTIONS", "PATCH"]),
];
