//! How every long call enters the core: without the GIL, and ended by Ctrl-C.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Runs `work` without the GIL while this thread checks for signals; `work` ends early once the flag is set.
///
/// # Errors
/// What a signal handler raised (`KeyboardInterrupt`), after `work` has ended.
pub fn run<T: Send>(py: Python<'_>, work: impl FnOnce(&AtomicBool) -> T + Send) -> PyResult<T> {
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
                if let Err(error) = Python::attach(|py| py.check_signals()) {
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
