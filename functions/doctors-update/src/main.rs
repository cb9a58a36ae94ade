//! PUT and PATCH /api/doctors/{id}/ replace a doctor's details, or those that the body names (RFC 7396).

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::update::<DoctorDetails>)
}
