//! The paths of the API, each with its methods. Fixed segments come before variable ones, so the first
//! path that matches is the right one.
//!
//! Generated from template.yaml by `cargo xtask generate`; do not edit.

#[rustfmt::skip]
pub const ROUTES: &[(&str, &[&str])] = &[
    ("/.well-known/jwks.json", &["GET"]),
    ("/.well-known/security.txt", &["GET"]),
    ("/api/auth/login", &["POST"]),
    ("/api/auth/logout", &["POST"]),
    ("/api/auth/me", &["GET"]),
    ("/api/auth/password", &["POST"]),
    ("/api/auth/password/reset", &["POST"]),
    ("/api/auth/password/reset/confirm", &["POST"]),
    ("/api/auth/refresh", &["POST"]),
    ("/api/auth/register", &["POST"]),
    ("/api/auth/sessions", &["GET"]),
    ("/api/auth/sessions/{id}", &["DELETE"]),
    ("/api/auth/verify", &["POST"]),
    ("/api/docs", &["GET"]),
    ("/api/docs/{file}", &["GET"]),
    ("/api/doctor/mappings", &["GET", "POST"]),
    ("/api/doctor/mappings/{patient_id}", &["GET"]),
    ("/api/doctor/mappings/{patient_id}/remove", &["POST"]),
    ("/api/doctor/mappings/{patient_id}/{doctor_id}", &["DELETE"]),
    ("/api/doctors", &["GET", "POST"]),
    ("/api/doctors/search", &["POST"]),
    ("/api/doctors/{id}", &["DELETE", "GET", "PATCH", "PUT"]),
    ("/api/doctors/{id}/patients", &["GET"]),
    ("/api/health", &["GET"]),
    ("/api/openapi.json", &["GET"]),
    ("/api/patients", &["GET", "POST"]),
    ("/api/patients/duplicates", &["POST"]),
    ("/api/patients/search", &["POST"]),
    ("/api/patients/{id}", &["DELETE", "GET", "PATCH", "PUT"]),
    ("/api/users", &["GET"]),
    ("/api/users/{id}", &["PATCH"]),
];
