//! Planted workers are found, and finding them pays.

use crate::table::{accuracy, planted};
use w2s_core::crowd::{Method, Options};

/// A few experts among many who nearly guess.
const SKILLS: [f64; 12] = [0.95, 0.95, 0.9, 0.9, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];

#[test]
fn models_beat_the_majority_where_workers_differ() {
    let (table, truth) = planted(7, 3000, &SKILLS, 4, 6);
    let majority = accuracy(&table.fit(Method::Majority, &Options::default()).labels, &truth);
    for method in [Method::DawidSkene, Method::OneCoin, Method::Glad, Method::Mace, Method::ZeroBased] {
        let found = accuracy(&table.fit(method, &Options::default()).labels, &truth);
        assert!(found > majority + 0.05, "{}: {found} beside {majority}", method.name());
    }
}

#[test]
fn experts_rank_above_guessers() {
    let (table, _) = planted(8, 3000, &SKILLS, 4, 6);
    for method in [Method::DawidSkene, Method::OneCoin, Method::Glad, Method::Mace, Method::ZeroBased] {
        let skill = table.fit(method, &Options::default()).workers.skill;
        let worst_expert = skill[..4].iter().copied().fold(f64::INFINITY, f64::min);
        let best_guesser = skill[4..].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!(worst_expert > best_guesser, "{}: {skill:?}", method.name());
    }
}

#[test]
fn dawid_skene_finds_the_confusion_matrices() {
    let (table, _) = planted(9, 6000, &SKILLS, 4, 8);
    let confusion = table.fit(Method::DawidSkene, &Options::default()).workers.confusion;
    for (worker, skill) in SKILLS.iter().enumerate() {
        for class in 0..4 {
            for vote in 0..4 {
                let planted = if class == vote { *skill } else { (1.0 - skill) / 3.0 };
                let found = confusion[worker * 16 + class * 4 + vote];
                assert!(
                    (found - planted).abs() < 0.07,
                    "{worker} {class} {vote}: {found}, planted {planted}"
                );
            }
        }
    }
}

#[test]
fn one_coin_finds_the_coins() {
    let (table, _) = planted(10, 6000, &SKILLS, 4, 8);
    let skill = table.fit(Method::OneCoin, &Options::default()).workers.skill;
    for (found, planted) in skill.iter().zip(SKILLS) {
        assert!((found - planted).abs() < 0.03, "{found}, planted {planted}");
    }
}

#[test]
fn mace_finds_the_habit_of_a_spammer() {
    let (mut table, _) = planted(11, 3000, &[0.8; 6], 3, 5);
    table.rows.iter_mut().filter(|row| row.1 == 0).for_each(|row| row.2 = 2);
    let workers = table.fit(Method::Mace, &Options::default()).workers;
    assert!(workers.skill[0] < 0.1, "{:?}", workers.skill);
    assert!(workers.strategy[2] > 0.9, "{:?}", &workers.strategy[..3]);
}

#[test]
fn more_starts_never_end_lower() {
    let (table, _) = planted(12, 300, &[0.6, 0.5, 0.4, 0.7], 3, 3);
    let end = |restarts| {
        let options = Options { restarts, seed: 5, ..Options::default() };
        *table.fit(Method::Mace, &options).trace.last().unwrap()
    };
    assert!(end(6) >= end(1));
}
