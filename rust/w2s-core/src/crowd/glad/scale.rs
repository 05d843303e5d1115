//! The one direction in which abilities and easiness can trade places: c × ability, easiness ÷ c.
//!
//! The likelihood does not change along it, only the priors do, so taking turns would creep along it; here
//! the best c is found at once.

use super::super::votes::Votes;
use super::{ABILITY_MEAN, LOG_EASINESS_MEAN};

const NEWTON_STEPS: usize = 3;

/// Moves along the direction to where the priors like the parameters better.
pub(super) fn rescale(votes: &Votes, ability: &mut [f64], log_easiness: &mut [f64]) {
    let voters: Vec<bool> = votes.totals().iter().map(|total| *total > 0.0).collect();
    let voted = |item: usize| !votes.of(item).is_empty();
    let of_voters = || ability.iter().zip(&voters).filter(|(_, votes)| **votes).map(|(ability, _)| *ability);
    let direction = Direction {
        squares: of_voters().map(|ability| ability * ability).sum(),
        sum: of_voters().map(|ability| ability * ABILITY_MEAN).sum(),
        excess: (0..log_easiness.len())
            .filter(|&item| voted(item))
            .map(|item| log_easiness[item] - LOG_EASINESS_MEAN)
            .sum(),
        items: (0..log_easiness.len()).filter(|&item| voted(item)).count() as f64,
    };
    let log_scale = direction.best();
    let scale = log_scale.exp();
    ability.iter_mut().zip(&voters).filter(|(_, votes)| **votes).for_each(|(ability, _)| *ability *= scale);
    log_easiness
        .iter_mut()
        .enumerate()
        .filter(|(item, _)| voted(*item))
        .for_each(|(_, log)| *log -= log_scale);
}

/// Sums over those who have votes, from which the log-prior at any c follows.
struct Direction {
    squares: f64,
    sum: f64,
    excess: f64,
    items: f64,
}

impl Direction {
    /// The log-prior at log c = u, up to a constant.
    fn value(&self, u: f64) -> f64 {
        let scale = u.exp();
        -0.5 * scale * scale * self.squares + scale * self.sum + self.excess * u - 0.5 * self.items * u * u
    }

    /// Newton's steps from 0, each halved until it does not fall.
    fn best(&self) -> f64 {
        (0..NEWTON_STEPS).fold(0.0, |u, _| self.step(u))
    }

    fn step(&self, u: f64) -> f64 {
        let scale = u.exp();
        let slope = -scale * scale * self.squares + scale * self.sum + self.excess - self.items * u;
        let bend = (2.0 * scale * scale * self.squares - scale * self.sum + self.items).max(1.0);
        let steps = (0..40).map(|halvings| slope / bend * 0.5f64.powi(halvings));
        steps.map(|step| u + step).find(|&next| self.value(next) >= self.value(u)).unwrap_or(u)
    }
}
