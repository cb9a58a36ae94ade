//! DELETE /api/patients/{id}/ deletes a patient and all of its assignments.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::delete::<PatientDetails>)
}
