//! Requests per second and their latencies, one operation at a time, through `cargo lambda watch`.

use std::time::Duration;

use ops::{Result, ui};
use shared::testing::NO_LIMITS;
use xtask::stack::Stack;

use super::rows::Load;
use crate::load::{Clinic, Operation, run_loop};

/// The number of people who send requests at the same time.
const CONNECTIONS: usize = 8;

/// Each function has half as many processes as there are people. With fewer, processors idle while processes wait for
/// DynamoDB; with more, each request takes longer.
const FLAGS: [&str; 3] = ["--release", "--concurrency", "4"];

/// The time of the requests before the measurement, in which every process starts.
const WARM_UP: Duration = Duration::from_secs(2);
const SPAN: Duration = Duration::from_secs(5);

/// Measures those of these functions that a clinic uses every day.
pub fn measure(names: &[String]) -> Result<Vec<(&'static str, Load)>> {
    let stack = Stack::start(&NO_LIMITS, &FLAGS)?;
    let mut clinic = Clinic::open(&stack, CONNECTIONS)?;
    let mut loads = Vec::new();
    for operation in Operation::all() {
        let name = operation.function();
        if !names.iter().any(|it| it == name) {
            continue;
        }
        ui::status("Loading", name);
        let mix = [(operation, 1)];
        run_loop(&mut clinic, &mix, WARM_UP)?;
        let outcome = run_loop(&mut clinic, &mix, SPAN)?;
        let latencies = outcome.of(operation);
        let [p50, p99] = [50.0, 99.0].map(|percent| latencies.percentile(percent));
        let requests_per_second = outcome.requests_per_second();
        loads.push((name, Load { requests_per_second, p50, p99 }));
    }
    Ok(loads)
}
