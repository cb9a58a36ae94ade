//! DELETE /api/doctors/{id}/ deletes a doctor and all of its assignments.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::delete::<DoctorDetails>)
}
