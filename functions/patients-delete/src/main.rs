//! DELETE /api/patients/{id}/ deletes a patient and ends all assignments.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::delete::<PatientDetails>)
}
