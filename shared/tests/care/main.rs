//! A model test of care: random assignments, endings, transfers, hand-overs, covers, proxies, roles, links and clock
//! steps. After each step, every account asks for everything, and the API shows exactly what a plain reference permits.
//!
//! `CARE_SEED` chooses the seed of one run, and `CARE_STEPS` the number of steps. Each step is printed before it is
//! taken, so the output of a failed run ends with the step that failed.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod clinic;
mod model;
mod permitted;
mod steps;

use std::{env, thread};

use clinic::Clinic;
use model::Outcome;
use shared::testing::{World, run};
use steps::Dealer;

const SEEDS: [u64; 3] = [1, 2, 3];
const STEPS: u64 = 26;

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text}")))
}

async fn play(world: World, seed: u64, steps: u64) {
    let (mut clinic, mut model) = Clinic::open(world).await;
    let differences = clinic.differences(&model).await;
    assert!(differences.is_empty(), "before the first step: {differences:#?}");
    let mut dealer = Dealer::new(seed);
    let mut done = 0;
    for number in 1..=steps {
        let step = dealer.next(&model);
        println!("seed {seed}, step {number}: {step:?}");
        let expected = model.apply(&step);
        assert_eq!(clinic.apply(&step).await, expected, "seed {seed}, step {number}: {step:?}");
        let differences = clinic.differences(&model).await;
        assert!(differences.is_empty(), "seed {seed}, step {number}: {step:?}: {differences:#?}");
        done += u64::from(expected == Outcome::Done);
    }
    // A run of refusals would test little. A very short run can be one.
    let is_effective = done * 2 > steps || steps < STEPS;
    assert!(is_effective, "only {done} of {steps} steps of seed {seed} could be taken");
}

#[test]
fn api_shows_what_the_reference_permits() {
    let steps = number("CARE_STEPS").unwrap_or(STEPS);
    let seeds = number("CARE_SEED").map_or(SEEDS.to_vec(), |seed| vec![seed]);
    thread::scope(|scope| {
        for seed in seeds {
            scope.spawn(move || run(async |world: World| play(world, seed, steps).await));
        }
    });
}
