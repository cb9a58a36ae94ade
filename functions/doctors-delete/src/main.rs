//! DELETE /api/doctors/{id}/ deletes a doctor and ends all assignments; with patients only if ?force=true.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::delete::<DoctorDetails>)
}
