//! What holds for every method and every table.

use crate::table::{Draw, LEARNERS, Table, assert_close, iterations, planted, tables, weighted_tables};
use proptest::prelude::*;
use w2s_core::crowd::{ABSTAIN, Consensus, Method, Options, Shape};

/// Methods whose objective is a likelihood or a bound on one.
const CLIMBERS: [Method; 4] = [Method::DawidSkene, Method::OneCoin, Method::Glad, Method::Mace];

fn shuffled(count: usize, draw: &mut Draw) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    (1..count).rev().for_each(|at| order.swap(at, draw.below(at as u32 + 1) as usize));
    order
}

fn with_threads(threads: usize, table: &Table, method: Method, options: &Options) -> Consensus {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
    pool.install(|| table.fit(method, options))
}

fn bits(consensus: &Consensus) -> Vec<u64> {
    let workers =
        consensus.workers.skill.iter().chain(&consensus.workers.confusion).chain(&consensus.workers.strategy);
    let rest = consensus.posterior.iter().chain(&consensus.trace).chain(&consensus.difficulty);
    workers.chain(rest).map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_objective_never_falls(table in weighted_tables(), method in prop::sample::select(&CLIMBERS[..])) {
        let trace = table.fit(method, &iterations(30)).trace;
        for pair in trace.windows(2) {
            prop_assert!(pair[1] >= pair[0] - 1e-8 * pair[0].abs().max(1.0), "{}: {trace:?}", method.name());
        }
    }

    #[test]
    fn renaming_items_workers_and_classes_renames_the_answer(table in tables(), seed in any::<u64>()) {
        let (Shape { items, workers, classes }, mut draw) = (table.shape, Draw(seed));
        let [item, worker, class] = [items, workers, classes].map(|count| shuffled(count, &mut draw));
        let vote = |vote: u32| if vote == ABSTAIN { ABSTAIN } else { class[vote as usize] };
        let rename = |row: &(u32, u32, u32, f64)| (item[row.0 as usize], worker[row.1 as usize], vote(row.2), row.3);
        let renamed = Table { shape: table.shape, rows: table.rows.iter().map(rename).collect() };
        // Zero-based skill breaks ties between labels by their code, so there a renamed class may change the
        // answer.
        for method in LEARNERS.into_iter().filter(|method| *method != Method::ZeroBased) {
            let before = table.fit(method, &iterations(3));
            let after = renamed.fit(method, &iterations(3));
            let at = |at: usize| after.posterior[item[at / classes] as usize * classes + class[at % classes] as usize];
            let back: Vec<f64> = (0..items * classes).map(at).collect();
            assert_close(&before.posterior, &back, 1e-6);
            assert_close(&before.trace, &after.trace, 1e-8);
        }
    }

    #[test]
    fn a_weight_of_two_is_the_vote_given_twice(table in tables(), method in prop::sample::select(&LEARNERS[..])) {
        let mut heavy = table.clone();
        heavy.rows.iter_mut().step_by(3).for_each(|row| row.3 = 2.0);
        let mut doubled = table.clone();
        doubled.rows.extend(table.rows.iter().step_by(3).copied());
        let (heavy, doubled) = (heavy.fit(method, &iterations(4)), doubled.fit(method, &iterations(4)));
        assert_close(&heavy.posterior, &doubled.posterior, 1e-6);
        assert_close(&heavy.trace, &doubled.trace, 1e-8);
    }

    #[test]
    fn a_weight_of_zero_is_an_abstention(table in tables(), method in prop::sample::select(&LEARNERS[..])) {
        let (mut weightless, mut abstaining) = (table.clone(), table);
        weightless.rows.iter_mut().step_by(4).for_each(|row| row.3 = 0.0);
        abstaining.rows.iter_mut().step_by(4).for_each(|row| row.2 = ABSTAIN);
        let (weightless, abstaining) = (weightless.fit(method, &iterations(4)), abstaining.fit(method, &iterations(4)));
        prop_assert_eq!(bits(&weightless), bits(&abstaining));
    }

    #[test]
    fn probabilities_are_probabilities(table in weighted_tables(), method in prop::sample::select(&LEARNERS[..])) {
        let consensus = table.fit(method, &Options::default());
        let classes = table.shape.classes;
        for (row, label) in consensus.posterior.chunks(classes).zip(&consensus.labels) {
            prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(row.iter().all(|value| (0.0..=1.0 + 1e-12).contains(value)));
            let first_best = (0..classes).find(|&class| row.iter().all(|value| *value <= row[class]));
            prop_assert_eq!(first_best, Some(*label as usize));
        }
        let rows = consensus.workers.confusion.chunks(classes).chain(consensus.workers.strategy.chunks(classes));
        for row in rows {
            prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
        prop_assert!(consensus.workers.skill.iter().chain(&consensus.trace).all(|value| value.is_finite()));
    }

    #[test]
    fn items_without_votes_get_the_priors(table in tables(), method in prop::sample::select(&LEARNERS[..])) {
        let mut table = table;
        table.shape.items += 1;
        let priors: Vec<f64> = (1..=table.shape.classes).map(|class| class as f64).collect();
        let sum: f64 = priors.iter().sum();
        let priors: Vec<f64> = priors.iter().map(|prior| prior / sum).collect();
        let options = Options { priors: Some(priors.clone()), ..iterations(3) };
        let consensus = table.fit(method, &options);
        prop_assert_eq!(&consensus.posterior[(table.shape.items - 1) * table.shape.classes..], &priors[..]);
        prop_assert_eq!(&consensus.priors, &priors);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let skills: Vec<f64> = (0..20).map(|worker| 0.4 + 0.025 * f64::from(worker)).collect();
    for classes in [2, 3, 4, 5, 7] {
        let (table, _) = planted(classes as u64, 1500, &skills, classes, 4);
        for method in LEARNERS {
            let options = Options { restarts: if method == Method::Mace { 2 } else { 1 }, ..iterations(5) };
            let answers = [1, 2, 5].map(|threads| bits(&with_threads(threads, &table, method, &options)));
            assert!(answers[0] == answers[1] && answers[1] == answers[2], "{}", method.name());
        }
    }
}

#[test]
fn a_crowd_that_abstains_leaves_the_priors() {
    let shape = Shape { items: 2, workers: 2, classes: 3 };
    let table = Table { shape, rows: vec![(0, 0, ABSTAIN, 1.0), (1, 1, ABSTAIN, 1.0)] };
    for method in LEARNERS {
        let consensus = table.fit(method, &Options::default());
        assert_eq!(consensus.posterior, vec![1.0 / 3.0; 6], "{}", method.name());
        assert_eq!(consensus.labels, [0, 0]);
    }
}

#[test]
fn a_single_worker_is_believed() {
    let shape = Shape { items: 4, workers: 1, classes: 3 };
    let table = Table { shape, rows: vec![(0, 0, 2, 1.0), (1, 0, 1, 1.0), (2, 0, 2, 1.0), (3, 0, 0, 1.0)] };
    for method in LEARNERS {
        assert_eq!(table.fit(method, &Options::default()).labels, [2, 1, 2, 0], "{}", method.name());
    }
}

#[test]
fn a_class_of_prior_zero_is_never_chosen_by_a_model() {
    let (table, _) = planted(3, 200, &[0.7, 0.8, 0.6, 0.9], 3, 4);
    let options = Options { priors: Some(vec![0.5, 0.0, 0.5]), ..iterations(5) };
    for method in CLIMBERS {
        let consensus = table.fit(method, &options);
        assert!(
            consensus.posterior.iter().skip(1).step_by(3).all(|value| *value == 0.0),
            "{}",
            method.name()
        );
        assert!(consensus.trace.iter().all(|value| value.is_finite()), "{}", method.name());
    }
}

#[test]
fn a_prior_breaks_a_tie() {
    let shape = Shape { items: 1, workers: 2, classes: 2 };
    let table = Table { shape, rows: vec![(0, 0, 0, 1.0), (0, 1, 1, 1.0)] };
    for method in [Method::Glad, Method::Mace] {
        assert_eq!(table.fit(method, &Options::default()).labels, [0]);
        let options = Options { priors: Some(vec![0.4, 0.6]), ..Options::default() };
        assert_eq!(table.fit(method, &options).labels, [1], "{}", method.name());
    }
}
