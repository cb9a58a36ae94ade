//! GET /api/patients/ returns patients by name; `?search=` takes the beginning of a last name.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::{records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(records::list::<PatientDetails>)
}
