//! GET /api/patients/ and POST /api/patients/search/ return the patients who meet the criteria in the query or in the
//! body; without criteria all, by name.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::list::<PatientDetails>)
}
