//! Many calls at a time.

use std::panic;
use std::sync::Barrier;
use std::thread;

use crate::response::Response;

/// Makes calls `0..calls`, as many at a time as there are threads.
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

/// Makes calls `0..calls` at the same moment.
pub fn together<T: Send>(calls: usize, call: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(calls);
    in_parallel(calls, calls, |number| {
        start.wait();
        call(number)
    })
}

/// How many answers have this status.
pub fn count(answers: &[Response], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}
