//! Each method written down as its source has it, with dense arrays and plain loops, against the real one.

use crate::table::{Table, assert_close, iterations, tables, weighted_tables};
use proptest::prelude::*;
use w2s_core::crowd::{Consensus, Method, Options};

type Matrix = Vec<Vec<f64>>;

fn voted(table: &Table) -> Vec<bool> {
    let mut voted = vec![false; table.shape.items];
    table.counting().for_each(|(item, ..)| voted[item] = true);
    voted
}

fn majority(table: &Table, skills: &[f64]) -> Matrix {
    let mut shares = vec![vec![0.0; table.shape.classes]; table.shape.items];
    table.counting().for_each(|(item, worker, vote, weight)| shares[item][vote] += weight * skills[worker]);
    for row in &mut shares {
        let sum: f64 = row.iter().sum();
        let guess = 1.0 / row.len() as f64;
        row.iter_mut().for_each(|value| *value = if sum > 0.0 { *value / sum } else { guess });
    }
    shares
}

/// Probability of each class of each item from the log-probability of each vote given the class.
fn posterior(table: &Table, priors: &[f64], log: impl Fn(usize, usize, usize, usize) -> f64) -> Matrix {
    let mut scores = vec![priors.iter().map(|prior| prior.ln()).collect::<Vec<f64>>(); table.shape.items];
    for (item, worker, vote, weight) in table.counting() {
        for (class, score) in scores[item].iter_mut().enumerate() {
            *score += weight * log(item, worker, vote, class);
        }
    }
    for row in &mut scores {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|score| *score = (*score - largest).exp());
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|score| *score /= sum);
    }
    scores
}

/// Dawid–Skene's confusion matrices, worker × class × vote.
fn confusion(table: &Table, beliefs: &Matrix, one_coin: bool) -> Vec<Matrix> {
    let (workers, classes) = (table.shape.workers, table.shape.classes);
    let mut counts = vec![vec![vec![0.0; classes]; classes]; workers];
    let mut gave = vec![vec![false; classes]; workers];
    for (item, worker, vote, weight) in table.counting() {
        (0..classes).for_each(|class| counts[worker][class][vote] += weight * beliefs[item][class]);
        gave[worker][vote] = true;
    }
    for (matrix, gave) in counts.iter_mut().zip(&gave) {
        let all: f64 = matrix.iter().flatten().sum();
        let right: f64 = (0..classes).map(|class| matrix[class][class]).sum::<f64>();
        let skill = if all > 0.0 { right / all } else { 1.0 / classes as f64 };
        for (class, row) in matrix.iter_mut().enumerate() {
            for vote in 0..classes {
                let wrong = (1.0 - skill) / (classes.max(2) - 1) as f64;
                row[vote] = match (one_coin, gave[vote]) {
                    (true, _) => (if vote == class { skill } else { wrong }).clamp(1e-10, 1.0 - 1e-10),
                    (false, true) => f64::max(row[vote], 1e-10),
                    (false, false) => 0.0,
                };
            }
            let sum: f64 = row.iter().sum();
            if !one_coin && sum > 0.0 {
                row.iter_mut().for_each(|value| *value /= sum);
            }
        }
    }
    counts
}

fn class_shares(beliefs: &Matrix, voted: &[bool], classes: usize) -> Vec<f64> {
    let items = voted.iter().filter(|voted| **voted).count() as f64;
    let sum = |class: usize| {
        beliefs.iter().zip(voted).filter(|(_, voted)| **voted).map(|(row, _)| row[class]).sum::<f64>()
    };
    (0..classes)
        .map(|class| if items > 0.0 { (sum(class) / items).max(1e-10) } else { 1.0 / classes as f64 })
        .collect()
}

fn bound(table: &Table, beliefs: &Matrix, priors: &[f64], confusion: &[Matrix]) -> f64 {
    let mut bound = 0.0;
    let mut total = 0.0;
    for (item, worker, vote, weight) in table.counting() {
        total += weight;
        for (class, belief) in beliefs[item].iter().enumerate().filter(|(_, belief)| **belief > 0.0) {
            bound += weight * belief * confusion[worker][class][vote].ln();
        }
    }
    for (row, _) in beliefs.iter().zip(voted(table)).filter(|(_, voted)| *voted) {
        for (belief, prior) in row.iter().zip(priors).filter(|(belief, _)| **belief > 0.0) {
            bound += belief * (prior.ln() - belief.ln());
        }
    }
    bound / f64::max(total, f64::MIN_POSITIVE)
}

fn dawid_skene(table: &Table, rounds: usize, one_coin: bool) -> (Matrix, Vec<f64>) {
    let (voted, classes) = (voted(table), table.shape.classes);
    let mut beliefs = majority(table, &vec![1.0; table.shape.workers]);
    let mut priors = class_shares(&beliefs, &voted, classes);
    let mut matrices = confusion(table, &beliefs, one_coin);
    let mut trace = Vec::new();
    for _ in 0..rounds {
        beliefs = posterior(table, &priors, |_, worker, vote, class| matrices[worker][class][vote].ln());
        priors = class_shares(&beliefs, &voted, classes);
        matrices = confusion(table, &beliefs, one_coin);
        trace.push(bound(table, &beliefs, &priors, &matrices));
    }
    for (row, _) in beliefs.iter_mut().zip(voted).filter(|(_, voted)| !voted) {
        row.clone_from(&priors);
    }
    (beliefs, trace)
}

fn zero_based(table: &Table, rounds: usize) -> (Matrix, Vec<f64>) {
    let classes = table.shape.classes;
    let mut skills = vec![1.0 / classes as f64 + 1e-5; table.shape.workers];
    for round in 1..=rounds {
        let rate = 0.5f64.powi((round / 20).cast_signed() as i32);
        let shares = majority(table, &skills);
        // Shares that differ by rounding are tied.
        let label = |row: &Vec<f64>| {
            let largest = row.iter().copied().fold(0.0, f64::max);
            (0..classes).find(|&class| row[class] >= largest - 1e-9).unwrap_or(0)
        };
        let labels: Vec<usize> = shares.iter().map(label).collect();
        for (worker, skill) in skills.iter_mut().enumerate() {
            let own = || table.counting().filter(|row| row.1 == worker);
            let all: f64 = own().map(|row| row.3).sum();
            let right: f64 = own().filter(|row| row.2 == labels[row.0]).map(|row| row.3).sum();
            if all > 0.0 {
                *skill += rate * (right / all - *skill);
            }
        }
    }
    (majority(table, &skills), skills)
}

/// ψ(x) by its recurrence from far out, where the asymptotic series needs two terms.
fn digamma(x: f64) -> f64 {
    let far = x + 2000.0;
    let back: f64 = (0..2000).map(|step| 1.0 / (x + f64::from(step))).sum();
    far.ln() - 0.5 / far - 1.0 / (12.0 * far * far) - back
}

/// exp E[ln p] of p ~ Dirichlet(counts).
fn geometric_means(counts: &[f64]) -> Vec<f64> {
    let all = digamma(counts.iter().sum());
    counts.iter().map(|count| (digamma(*count) - all).exp()).collect()
}

/// MACE: posterior, then by worker the expected votes known, and guessed by class.
fn mace(table: &Table, rounds: usize) -> (Matrix, Vec<f64>, Matrix) {
    let (workers, classes) = (table.shape.workers, table.shape.classes);
    let priors = vec![1.0 / classes as f64; classes];
    let mut knowing = vec![vec![0.5, 0.5]; workers];
    let mut habits = vec![priors.clone(); workers];
    let mut round = 0;
    loop {
        let chance = |worker: usize, vote: usize, class: usize| {
            knowing[worker][1] * habits[worker][vote] + if vote == class { knowing[worker][0] } else { 0.0 }
        };
        let beliefs = posterior(table, &priors, |_, worker, vote, class| chance(worker, vote, class).ln());
        let (mut known, mut guessed) = (vec![0.0; workers], vec![vec![0.0; classes]; workers]);
        for (item, worker, vote, weight) in table.counting() {
            for (class, belief) in beliefs[item].iter().enumerate() {
                let guess = knowing[worker][1] * habits[worker][vote] / chance(worker, vote, class);
                guessed[worker][vote] += weight * belief * guess;
                known[worker] += weight * belief * (1.0 - guess);
            }
        }
        if round == rounds {
            return (beliefs, known, guessed);
        }
        round += 1;
        for worker in 0..workers {
            let own: f64 = guessed[worker].iter().sum();
            knowing[worker] = geometric_means(&[known[worker] + 0.5, own + 0.5]);
            habits[worker] =
                geometric_means(&guessed[worker].iter().map(|count| count + 10.0).collect::<Vec<f64>>());
        }
    }
}

fn assert_posterior(consensus: &Consensus, oracle: &Matrix, tolerance: f64) {
    assert_close(&consensus.posterior, &oracle.concat(), tolerance);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn majority_is_the_share_of_the_votes(table in weighted_tables()) {
        let consensus = table.fit(Method::Majority, &Options::default());
        assert_posterior(&consensus, &majority(&table, &vec![1.0; table.shape.workers]), 1e-12);
    }

    #[test]
    fn weighted_majority_counts_skills(table in weighted_tables()) {
        let skills: Vec<f64> = (0..table.shape.workers).map(|worker| worker as f64 / 2.0).collect();
        let options = Options { skills: Some(skills.clone()), ..Options::default() };
        assert_posterior(&table.fit(Method::WeightedMajority, &options), &majority(&table, &skills), 1e-12);
    }

    #[test]
    fn dawid_skene_is_the_dense_one(table in weighted_tables()) {
        let (beliefs, trace) = dawid_skene(&table, 4, false);
        let consensus = table.fit(Method::DawidSkene, &iterations(4));
        assert_posterior(&consensus, &beliefs, 1e-6);
        assert_close(&consensus.trace, &trace, 1e-8);
    }

    #[test]
    fn one_coin_is_the_dense_one(table in weighted_tables()) {
        let (beliefs, trace) = dawid_skene(&table, 4, true);
        let consensus = table.fit(Method::OneCoin, &iterations(4));
        assert_posterior(&consensus, &beliefs, 1e-6);
        assert_close(&consensus.trace, &trace, 1e-8);
    }

    #[test]
    fn mace_is_the_dense_one(table in weighted_tables()) {
        let (beliefs, known, guessed) = mace(&table, 6);
        let consensus = table.fit(Method::Mace, &iterations(6));
        assert_posterior(&consensus, &beliefs, 1e-8);
        let mut habits = Vec::new();
        let mut skill = Vec::new();
        for (known, row) in known.iter().zip(&guessed) {
            let own: f64 = row.iter().sum();
            skill.push((known + 0.5) / (known + own + 1.0));
            habits.extend(row.iter().map(|count| (count + 10.0) / (own + 10.0 * row.len() as f64)));
        }
        assert_close(&consensus.workers.skill, &skill, 1e-8);
        assert_close(&consensus.workers.strategy, &habits, 1e-8);
    }

    #[test]
    fn zero_based_skill_is_the_dense_one(table in tables()) {
        let (beliefs, skills) = zero_based(&table, 45);
        let consensus = table.fit(Method::ZeroBased, &iterations(45));
        assert_close(&consensus.workers.skill, &skills, 1e-12);
        assert_posterior(&consensus, &beliefs, 1e-12);
    }

    /// The posterior of GLAD follows from its own abilities and difficulties, and no single change of one of
    /// them raises the objective once it has converged.
    #[test]
    fn glad_is_at_a_peak_of_its_objective(table in tables()) {
        let consensus = table.fit(Method::Glad, &iterations(400));
        let easiness: Vec<f64> = consensus.difficulty.iter().map(|difficulty| -difficulty.ln()).collect();
        let peak = glad_objective(&table, &consensus.workers.skill, &easiness);
        let total: f64 = table.counting().map(|row| row.3).sum();
        if total > 0.0 {
            assert!((peak / total - consensus.trace.last().unwrap()).abs() < 1e-9);
        }
        for change in [-0.05, 0.05] {
            for worker in 0..table.shape.workers {
                let mut ability = consensus.workers.skill.clone();
                ability[worker] += change;
                assert!(glad_objective(&table, &ability, &easiness) <= peak + 1e-9, "worker {worker}");
            }
            for item in 0..table.shape.items {
                let mut easiness = easiness.clone();
                easiness[item] += change;
                assert!(glad_objective(&table, &consensus.workers.skill, &easiness) <= peak + 1e-9, "item {item}");
            }
        }
        let log = |item: usize, worker: usize, vote: usize, class: usize| {
            glad_log(&table, consensus.workers.skill[worker], easiness[item], vote == class)
        };
        let equal = vec![1.0 / table.shape.classes as f64; table.shape.classes];
        assert_posterior(&consensus, &posterior(&table, &equal, log), 1e-9);
    }
}

fn glad_log(table: &Table, ability: f64, log_easiness: f64, right: bool) -> f64 {
    let chance = 1.0 / (1.0 + (-ability * log_easiness.exp()).exp());
    if right { chance.ln() } else { ((1.0 - chance) / (table.shape.classes.max(2) - 1) as f64).ln() }
}

/// Log-probability of all votes plus the log-density of the parameters, up to a constant.
fn glad_objective(table: &Table, ability: &[f64], easiness: &[f64]) -> f64 {
    let classes = table.shape.classes;
    let mut objective = 0.0;
    for (item, &log_easiness) in easiness.iter().enumerate() {
        let likelihood = |class: usize| {
            let own = table.counting().filter(|row| row.0 == item);
            own.map(|row| row.3 * glad_log(table, ability[row.1], log_easiness, row.2 == class))
                .sum::<f64>()
                .exp()
        };
        objective += ((0..classes).map(likelihood).sum::<f64>() / classes as f64).ln();
    }
    let parameters = ability.iter().chain(easiness);
    objective - 0.5 * parameters.map(|value| (value - 1.0).powi(2)).sum::<f64>()
}
