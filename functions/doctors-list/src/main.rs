//! GET /api/doctors/ returns doctors by name; `?search=` takes the beginning of a last name.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::list::<DoctorDetails>)
}
