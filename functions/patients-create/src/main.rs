//! POST /api/patients/ creates a patient.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::create::<PatientDetails>)
}
