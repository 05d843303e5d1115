//! The threads that parallel work runs on: those of the process that calls, also where a fork made it.
//!
//! A fork copies the memory of a pool but none of its threads, so work that a child gave to the pool of its
//! parent would never be done. The process that calls first uses rayon's global pool. A process that was
//! forked from it, told by its id, builds a pool at its own first call. No process waits for what another
//! has begun: a lock that one thread holds while another forks stays locked in the child.

use crate::errors::data_error;
use pyo3::PyResult;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::error::Error;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The process that the global pool belongs to; 0 before the first call.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// How many processes in a line of descent can have a pool.
const GENERATIONS: usize = 64;

/// Pools of forked processes, with their ids. A process starts to look at the place of its own id, so that it
/// meets no place that its parent was filling. Pools of ancestors stay: their threads are not here to be ended.
static FORKED: [OnceLock<(u32, ThreadPool)>; GENERATIONS] = [const { OnceLock::new() }; GENERATIONS];

/// The pool of a process.
#[derive(Clone, Copy, Debug)]
pub enum Pool {
    /// The global one, which parallel work enters by itself.
    Global,
    /// One that was built after a fork.
    Forked(&'static ThreadPool),
}

impl Pool {
    /// The pool of this process.
    ///
    /// # Errors
    /// `CoreError` where the process cannot start threads.
    pub fn of_process() -> PyResult<Self> {
        let process = process::id();
        let owner = OWNER.compare_exchange(0, process, Ordering::AcqRel, Ordering::Acquire);
        let found = if owner.is_ok() || owner == Err(process) {
            GLOBAL.get_or_init(start_global).clone().map(|()| Self::Global)
        } else {
            forked(process, &FORKED).map(Self::Forked)
        };
        found.map_err(|why| {
            data_error(
                "core-no-threads",
                format!(
                    "cannot start threads in process {process}: {why}; allow more memory or more threads"
                ),
            )
        })
    }

    /// Runs work whose parallel parts use this pool.
    ///
    /// The work must not wait for a lock: a thread of the pool that holds it may wait for this very work.
    pub fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> T {
        match self {
            Self::Global => work(),
            Self::Forked(pool) => pool.install(work),
        }
    }
}

/// Whether the global pool could be built: rayon panics at each use of one that could not.
static GLOBAL: OnceLock<Result<(), String>> = OnceLock::new();

/// Builds the global pool; one that rayon has built already is as good.
fn start_global() -> Result<(), String> {
    match ThreadPoolBuilder::new().build_global() {
        Err(error) if error.source().is_some() => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// The pool of a process among those of its ancestors, built where it has none.
fn forked(process: u32, pools: &[OnceLock<(u32, ThreadPool)>]) -> Result<&ThreadPool, String> {
    for step in 0..pools.len() {
        let place = &pools[(process as usize + step) % pools.len()];
        if place.get().is_none() {
            let pool = ThreadPoolBuilder::new().build().map_err(|error| error.to_string())?;
            // Where another thread of this process was first, its pool is as good.
            let _ = place.set((process, pool));
        }
        if let Some((_, pool)) = place.get().filter(|(owner, _)| *owner == process) {
            return Ok(pool);
        }
    }
    Err(format!("{} of its ancestors were forked and used w2s; start processes by spawn", pools.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_one_pool_and_keeps_those_of_its_ancestors() {
        let pools = [const { OnceLock::new() }; 3];
        let first: *const ThreadPool = forked(7, &pools).unwrap();
        let second: *const ThreadPool = forked(10, &pools).unwrap();
        assert_ne!(first, second, "ids of one place");
        assert_eq!(first, &raw const *forked(7, &pools).unwrap());
        assert_eq!(second, &raw const *forked(10, &pools).unwrap());
        forked(8, &pools).unwrap();
        assert!(forked(9, &pools).unwrap_err().contains("3 of its ancestors"));
    }

    #[test]
    fn work_runs_on_the_threads_of_its_pool() {
        let pools = [const { OnceLock::new() }];
        let pool: &'static [OnceLock<(u32, ThreadPool)>] = Box::leak(Box::new(pools));
        let pool = forked(7, pool).unwrap();
        assert!(Pool::Forked(pool).run(|| rayon::current_thread_index().is_some()));
        assert!(Pool::Global.run(|| rayon::current_thread_index().is_none()));
    }
}
