//! PUT and PATCH /api/patients/{id}/ replace a patient's details, or those that the body names (RFC 7396).

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::update::<PatientDetails>)
}
