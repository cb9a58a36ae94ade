//! Concurrent calls.

use std::panic;
use std::sync::Barrier;
use std::thread;

use crate::response::Response;

/// Makes the calls `0..calls` on this number of threads.
pub fn in_parallel<T: Send>(
    threads: usize,
    calls: usize,
    call: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let call = &call;
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|first| {
                scope.spawn(move || (first..calls).step_by(threads).map(call).collect::<Vec<T>>())
            })
            .collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause)))
            .collect()
    })
}

/// Makes the calls `0..calls` at the same time, each on its own thread.
pub fn together<T: Send>(calls: usize, call: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(calls);
    in_parallel(calls, calls, |number| {
        start.wait();
        call(number)
    })
}

/// Returns the number of responses with this status.
pub fn count(answers: &[Response], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}
