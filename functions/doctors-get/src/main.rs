//! GET /api/doctors/{id}/ returns one doctor.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::get::<DoctorDetails>)
}
