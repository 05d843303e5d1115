//! Fuzzing on stable Rust: mutated seeds are thrown at a target, the same ones in every run.
//!
//! `cargo fuzz` runs the same targets guided by coverage, on nightly Rust; here, inputs that a target accepts join the
//! seeds, which leads past headers as well. Run by `cargo test` over a few thousand inputs, and by `make fuzz` for as
//! many seconds as [`SECONDS`] says.
#![forbid(unsafe_code)]

mod mutate;

use mutate::Mutator;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

/// The environment variable with the seconds that each target runs; without it a run has a number of inputs.
pub const SECONDS: &str = "W2S_FUZZ_SECONDS";

/// Accepted inputs that are kept to be mutated again.
const POOL: usize = 512;

/// Something that takes untrusted bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, which is also that of its `cargo fuzz` target.
    pub name: &'static str,
    /// Takes any bytes without a panic and says whether it accepted them; a broken promise is a panic.
    pub body: fn(&[u8]) -> bool,
    /// Bytes that it accepts, to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Inputs that were tried.
    pub inputs: u64,
    /// Those of them that the target accepted.
    pub accepted: u64,
}

/// Runs a target on this number of inputs, or on as many as fit in [`SECONDS`].
///
/// ```
/// use w2s_fuzz::{Target, run};
/// let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
/// let report = run(Target { name: "digits", body: digits, seeds: || vec![b"42".to_vec()] }, 1000);
/// assert!(report.inputs >= 1000 && report.accepted > 0);
/// ```
///
/// # Panics
/// Where the target does, after the input was printed; and where it does not accept a seed.
#[must_use = "a run that accepts nothing tests little"]
pub fn run(target: Target, inputs: u64) -> Report {
    let seconds: Option<u64> = std::env::var(SECONDS).ok().map(|text| {
        text.parse().unwrap_or_else(|_| panic!("{SECONDS} is {text:?}; give a number of seconds"))
    });
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let seeds = (target.seeds)();
    for seed in &seeds {
        assert!(call(target, seed), "{}: the seed {} is not accepted", target.name, seed.escape_ascii());
    }
    let mut mutator = Mutator::new(seeds, POOL);
    let mut report = Report::default();
    while end.map_or(report.inputs < inputs, |end| Instant::now() < end) {
        let bytes = mutator.next();
        report.inputs += 1;
        if call(target, &bytes) {
            report.accepted += 1;
            mutator.keep(bytes);
        }
    }
    let Report { inputs, accepted } = report;
    println!("{}: {inputs} inputs, {accepted} accepted", target.name);
    report
}

fn call(target: Target, bytes: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| (target.body)(bytes))).unwrap_or_else(|panic| {
        eprintln!("{} panics on b\"{}\"", target.name, bytes.escape_ascii());
        resume_unwind(panic)
    })
}
