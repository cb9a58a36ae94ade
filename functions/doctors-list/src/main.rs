//! GET /api/doctors/ and POST /api/doctors/search/ return the doctors who meet the criteria in the query or in the
//! body; without criteria all, by name.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::list::<DoctorDetails>)
}
