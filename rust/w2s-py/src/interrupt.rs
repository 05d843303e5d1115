//! How every long call enters the core: without the GIL, on the threads of this process, and ended by Ctrl-C.

use crate::pool::Pool;
use pyo3::prelude::*;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Runs `work` without the GIL while this thread checks for signals; `work` ends early once the flag is set. It
/// must not wait for a lock.
///
/// # Errors
/// What a signal handler raised (`KeyboardInterrupt`), after `work` has ended; `CoreError` where a forked
/// process cannot start threads.
pub fn run<T: Send>(py: Python<'_>, work: impl FnOnce(&AtomicBool) -> T + Send) -> PyResult<T> {
    let pool = Pool::of_process()?;
    watch(py, |stop| pool.run(|| work(stop)))
}

/// As [`run`], outside of any pool: `work` may wait for locks, and then run its parallel parts in a pool.
///
/// # Errors
/// As [`run`].
pub fn watch<T: Send>(py: Python<'_>, work: impl FnOnce(&AtomicBool) -> T + Send) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    py.detach(|| {
        std::thread::scope(|scope| {
            let (done, wait) = channel::<()>();
            let worker = scope.spawn(|| {
                let _done = done; // dropped at the end, also by a panic: that wakes the other thread
                work(&stop)
            });
            let mut signal = None;
            while wait.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = look_for_signals() {
                    stop.store(true, Ordering::Relaxed);
                    signal = Some(error);
                }
            }
            match (worker.join(), signal) {
                (Ok(_), Some(error)) => Err(error),
                (Ok(result), None) => Ok(result),
                (Err(panic), _) => std::panic::resume_unwind(panic),
            }
        })
    })
}

/// Runs the handlers of signals that have come.
fn look_for_signals() -> PyResult<()> {
    let process = process::id();
    let found = Python::attach(|py| py.check_signals());
    if process::id() != process {
        // This is a child whose thread of work stayed with the parent: the call would never return.
        eprintln!(
            "w2s: a signal handler called os.fork() during a call of w2s, which its child cannot go on with"
        );
        process::abort();
    }
    found
}
