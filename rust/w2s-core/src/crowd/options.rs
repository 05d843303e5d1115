//! Options of a fit: when it ends, and what is known beforehand.

use super::error::CrowdError;
use super::votes::Shape;
use crate::Argument;

/// How a fit is done. Options that a method has no use for are refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Maximum number of iterations.
    pub max_iterations: usize,
    /// A fit has converged when its objective rises by less than this share of its size. With 0, every
    /// iteration is done.
    pub tolerance: f64,
    /// Share of each class, summing to 1. Given, they stay as they are. Not given, Dawid–Skene and one-coin
    /// Dawid–Skene estimate them; the others take all classes as equally likely.
    pub priors: Option<Vec<f64>>,
    /// The weight of each worker's votes; weighted majority needs them, no other method takes them.
    pub skills: Option<Vec<f64>>,
    /// How many starts MACE tries; the best is kept. The first is the same for all workers and classes, the
    /// others are drawn from `seed`.
    pub restarts: usize,
    /// Seed of MACE's further starts.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_iterations: 100, tolerance: 1e-5, priors: None, skills: None, restarts: 1, seed: 0 }
    }
}

/// How far priors may sum from one.
const PRIOR_SUM_TOLERANCE: f64 = 1e-6;

impl Options {
    /// Whether every option makes sense for votes of a shape.
    pub(super) fn check(&self, shape: Shape) -> Result<(), CrowdError> {
        if self.max_iterations == 0 {
            return Err(CrowdError::ZeroCount { argument: Argument::MaxIterations });
        }
        if self.restarts == 0 {
            return Err(CrowdError::ZeroCount { argument: Argument::Restarts });
        }
        if self.tolerance.is_nan() || self.tolerance < 0.0 {
            return Err(CrowdError::BadTolerance { tolerance: self.tolerance });
        }
        self.priors.as_ref().map_or(Ok(()), |priors| check_priors(priors, shape.classes))?;
        self.skills.as_ref().map_or(Ok(()), |skills| check_skills(skills, shape.workers))
    }

    /// The priors given, or all classes as equally likely.
    pub(super) fn priors_or_equal(&self, classes: usize) -> Vec<f64> {
        self.priors.clone().unwrap_or_else(|| vec![1.0 / classes as f64; classes])
    }
}

fn check_length(argument: Argument, values: &[f64], expected: usize) -> Result<(), CrowdError> {
    let len = values.len();
    if len == expected { Ok(()) } else { Err(CrowdError::SettingLength { argument, len, expected }) }
}

fn check_priors(priors: &[f64], classes: usize) -> Result<(), CrowdError> {
    check_length(Argument::Priors, priors, classes)?;
    if let Some(class) = priors.iter().position(|prior| !(0.0..=1.0).contains(prior)) {
        return Err(CrowdError::BadPrior { class, prior: priors[class] });
    }
    let sum: f64 = priors.iter().sum();
    if (sum - 1.0).abs() <= PRIOR_SUM_TOLERANCE { Ok(()) } else { Err(CrowdError::BadPriorSum { sum }) }
}

fn check_skills(skills: &[f64], workers: usize) -> Result<(), CrowdError> {
    check_length(Argument::Skills, skills, workers)?;
    match skills.iter().position(|skill| !(*skill >= 0.0 && skill.is_finite())) {
        Some(worker) => Err(CrowdError::BadSkill { worker, skill: skills[worker] }),
        None => Ok(()),
    }
}
