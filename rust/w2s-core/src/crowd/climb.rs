//! Repeats a step until its objective converges.

use super::error::CrowdError;
use super::options::Options;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a fit went.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Course {
    /// The objective after each iteration.
    pub trace: Vec<f64>,
    /// Whether the objective converged before the maximum number of iterations.
    pub converged: bool,
}

/// Repeats a step, which returns the objective, until this rises by less than the tolerance or the cap is
/// reached.
pub(super) fn climb(
    options: &Options,
    step: impl FnMut() -> Result<f64, CrowdError>,
) -> Result<Course, CrowdError> {
    let stands = |before: Option<f64>, now: f64| {
        before.is_some_and(|before| now - before <= options.tolerance * before.abs())
    };
    repeat(options, stands, step)
}

/// Repeats a step until `done` is true of the objective before and after it, or until the cap. With a
/// tolerance of 0 the cap is always reached.
pub(super) fn repeat(
    options: &Options,
    done: impl Fn(Option<f64>, f64) -> bool,
    mut step: impl FnMut() -> Result<f64, CrowdError>,
) -> Result<Course, CrowdError> {
    let mut course = Course::default();
    while course.trace.len() < options.max_iterations && !course.converged {
        let now = step()?;
        course.converged = options.tolerance > 0.0 && done(course.trace.last().copied(), now);
        course.trace.push(now);
    }
    Ok(course)
}

/// An error if the caller requested to stop.
pub(super) fn go_on(stop: &AtomicBool) -> Result<(), CrowdError> {
    if stop.load(Ordering::Relaxed) { Err(CrowdError::Stopped) } else { Ok(()) }
}
