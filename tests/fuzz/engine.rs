//! Runs a property with random input, within bounds of processor time and memory.

use std::env;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{
    Config, RngAlgorithm, TestCaseError, TestCaseResult, TestRng, TestRunner,
};
use shared::testing::process::thread_processor_time;

/// The processor time that a parser may take for one input, in a build without optimization: a hundred times what the
/// usual input takes, and far less than the functions' time limit.
const TIME: Duration = Duration::from_secs(3);

/// The memory that a parser may hold for one input, which has at most 64 KiB.
const BYTES: u64 = 32 * 1024 * 1024;

/// The inputs before the bounds apply: the first ones also compile regular expressions and read tables.
const WARM_UP: u32 = 16;

/// A run without `FUZZ_SECONDS` tries one input of so many.
const SHORT: u32 = 8;

/// A longer search for the smallest input that fails would hide the failure, not explain it.
const SHRINKING_MILLIS: u32 = 20_000;

/// Fails the test unless a parser has this property for `cases` inputs, and for more if the environment says so.
pub fn fuzz<S: Strategy<Value: Debug>>(
    cases: u32,
    strategy: &S,
    property: impl Fn(&S::Value) -> TestCaseResult,
) {
    rounds(WARM_UP, 0, strategy, &property);
    fuzz_unbounded(cases, strategy, |input| bounded(|| property(input)));
}

/// As [`fuzz`], for a property that has bounds of its own.
#[allow(clippy::disallowed_methods, reason = "measures how long to continue")]
pub fn fuzz_unbounded<S: Strategy<Value: Debug>>(
    cases: u32,
    strategy: &S,
    property: impl Fn(&S::Value) -> TestCaseResult,
) {
    let seconds = number("FUZZ_SECONDS");
    let cases = if seconds == 0 { cases.div_ceil(SHORT) } else { cases };
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut round = number("FUZZ_SEED");
    loop {
        rounds(cases, round, strategy, &property);
        if Instant::now() >= end {
            break;
        }
        round += 1;
    }
}

fn rounds<S: Strategy<Value: Debug>>(
    cases: u32,
    seed: u64,
    strategy: &S,
    property: &impl Fn(&S::Value) -> TestCaseResult,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_time: SHRINKING_MILLIS,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, random);
    if let Err(failure) = runner.run(strategy, |input| property(&input)) {
        panic!("FUZZ_SEED={seed}: {failure}");
    }
}

/// Fails unless the work keeps the bounds.
fn bounded(work: impl FnOnce() -> TestCaseResult) -> TestCaseResult {
    let mut outcome = Ok(Ok(()));
    let before = thread_processor_time().expect("a clock");
    // A panic must not leave the measurement, which would then count everything that follows.
    let memory = allocation_counter::measure(|| outcome = catch_unwind(AssertUnwindSafe(work)));
    let time = thread_processor_time().expect("a clock").saturating_sub(before);
    outcome.unwrap_or_else(|panic| resume_unwind(panic))?;
    if time > TIME {
        return Err(TestCaseError::fail(format!("takes {time:?} of processor time")));
    }
    if memory.bytes_max > BYTES {
        return Err(TestCaseError::fail(format!("holds {} bytes", memory.bytes_max)));
    }
    Ok(())
}

fn number(variable: &str) -> u64 {
    env::var(variable).map_or(0, |text| text.parse().expect("a number"))
}

#[test]
fn work_that_holds_much_memory_fails() {
    assert!(bounded(|| Ok(())).is_ok());
    let refused = bounded(|| {
        drop(std::hint::black_box(vec![1_u8; BYTES as usize + 1]));
        Ok(())
    });
    assert!(matches!(refused, Err(TestCaseError::Fail(_))));
}
