//! Bounds against published values, and guarantees against simulation.

use proptest::prelude::*;

use super::bound::GridCounts;
use super::*;
use crate::select::draw;

const BOUNDS: [Bound; 3] = Bound::ALL;

fn bound_of(bound: Bound, kept: usize, correct: usize, alpha: f64) -> f64 {
    let answers: Vec<bool> = (0..kept).map(|i| i < correct).collect();
    GridCounts::of(&vec![1.0f32; kept], &answers, &[0.5], bound).lower_bound(0, alpha)
}

/// Uniform scores, each right with its own probability `right(score)`.
fn simulated(rows: usize, seed: u64, right: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<bool>) {
    let scores: Vec<f64> = (0..rows).map(|row| draw(2 * seed, row as u64)).collect();
    let correct = (0..rows).map(|row| draw(2 * seed + 1, row as u64) < right(scores[row])).collect();
    (scores, correct)
}

#[test]
fn clopper_and_pearson_give_their_published_bounds() {
    // Two-sided 95 % intervals: 8 of 10 from 0.4439, 81 of 263 from 0.2527.
    assert!((bound_of(Bound::ClopperPearson, 10, 8, 0.025) - 0.4439).abs() < 5e-5);
    assert!((bound_of(Bound::ClopperPearson, 263, 81, 0.025) - 0.2527).abs() < 5e-5);
    assert!((bound_of(Bound::ClopperPearson, 50, 50, 0.05) - 0.05f64.powf(0.02)).abs() < 1e-12);
    assert_eq!(bound_of(Bound::ClopperPearson, 50, 0, 0.05), 0.0);
}

#[test]
fn hoeffding_is_its_formula() {
    let expected = 0.9 - ((20.0f64).ln() / 2000.0).sqrt();
    assert!((bound_of(Bound::Hoeffding, 1000, 900, 0.05) - expected).abs() < 1e-15);
}

#[test]
fn the_purity_falls_below_the_target_in_no_more_runs_than_promised() {
    // Right with probability ½ + ½ s, so that the purity at λ is ¾ + ¼ λ: the target is met from λ = 0.6 on.
    let (runs, purity, delta) = (2000, 0.9, 0.1);
    for bound in BOUNDS {
        let missed = (0..runs)
            .filter(|&seed| {
                let (scores, correct) = simulated(400, seed, |score| 0.5 + 0.5 * score);
                let target = Target { purity, delta, bound, grid: &even_grid(10) };
                match certify(&scores, &correct, None, target).unwrap() {
                    Certification::Reached(answer) => 0.75 + 0.25 * answer.threshold < purity - 1e-12,
                    Certification::Nothing(_) => false,
                }
            })
            .count();
        assert!(missed as f64 <= delta * runs as f64, "{bound:?}: {missed} of {runs}");
    }
}

#[test]
fn a_single_threshold_just_below_the_target_is_rarely_accepted() {
    let (runs, delta) = (2000, 0.1);
    for bound in BOUNDS {
        let accepted = (0..runs)
            .filter(|&seed| {
                let (scores, correct) = simulated(300, seed, |_| 0.9);
                let target = Target { purity: 0.9 + 1e-9, delta, bound, grid: &[0.0] };
                matches!(certify(&scores, &correct, None, target), Ok(Certification::Reached(_)))
            })
            .count();
        assert!(accepted as f64 <= delta * runs as f64, "{bound:?}: {accepted} of {runs}");
        assert!(bound == Bound::Hoeffding || accepted > runs as usize / 100, "{bound:?} is idle: {accepted}");
    }
}

#[test]
fn hoeffding_keeps_no_more_than_clopper_and_pearson_and_less_than_bets_on_the_whole() {
    let (mut kept, mut bolder) = ([0usize; 3], 0);
    for seed in 0..100 {
        let (scores, correct) = simulated(3000, seed, |score| 0.6 + 0.4 * score.sqrt());
        let coverage = BOUNDS.map(|bound| {
            let target = Target { purity: 0.95, delta: 0.05, bound, grid: &even_grid(50) };
            match certify(&scores, &correct, None, target).unwrap() {
                Certification::Reached(answer) => answer.kept,
                Certification::Nothing(_) => 0,
            }
        });
        assert!(coverage[0] <= coverage[1]);
        bolder += usize::from(coverage[0] > coverage[2]);
        kept.iter_mut().zip(coverage).for_each(|(sum, kept)| *sum += kept);
    }
    assert!(bolder == 0 && kept[0] < kept[1] && kept[0] < kept[2], "{bolder} {kept:?}");
}

#[test]
fn nothing_that_qualifies_is_said_so_with_the_best_that_was_found() {
    let (scores, correct) = simulated(200, 1, |_| 0.5);
    let target = Target { purity: 0.95, delta: 0.05, bound: Bound::ClopperPearson, grid: &[0.0, 0.5, 2.0] };
    let Certification::Nothing(Some(best)) = certify(&scores, &correct, None, target).unwrap() else {
        panic!()
    };
    assert!(best.kept > 0 && best.bound < 0.95 && best.threshold < 2.0);
    let beyond = Target { grid: &[2.0], ..target };
    assert_eq!(certify(&scores, &correct, None, beyond), Ok(Certification::Nothing(None)));
}

#[test]
fn rows_that_were_fitted_on_are_refused() {
    let target = Target { purity: 0.9, delta: 0.05, bound: Bound::Hoeffding, grid: &[0.5] };
    let run = |fitted: &[u32]| {
        certify(&[0.1f32, 0.9], &[false, true], Some(Folds { of_row: &[0, 3], fitted }), target)
    };
    assert_eq!(run(&[1, 3]), Err(CertifyError::FittedRow { index: 1, fold: 3 }));
    assert!(run(&[1, 2]).is_ok());
}

#[test]
fn bad_input_is_named() {
    let good = Target { purity: 0.9, delta: 0.05, bound: Bound::Hoeffding, grid: &[0.5] };
    let run = |scores: &[f32], correct: &[bool], target| certify(scores, correct, None, target).unwrap_err();
    assert_eq!(run(&[0.1, f32::NAN], &[true, false], good), CertifyError::NanScore { index: 1 });
    assert_eq!(run(&[0.1, 0.2], &[true, true], good), CertifyError::OneClass { correct: true });
    assert_eq!(run(&[], &[], good), CertifyError::NoRows);
    assert!(matches!(run(&[0.1], &[], good), CertifyError::LengthMismatch { .. }));
    assert_eq!(run(&[0.1], &[true], Target { grid: &[], ..good }), CertifyError::NoGrid);
    assert_eq!(
        run(&[0.1], &[true], Target { grid: &[f64::NAN], ..good }),
        CertifyError::NanThreshold { index: 0 }
    );
    assert!(matches!(run(&[0.1], &[true], Target { purity: 1.0, ..good }), CertifyError::OutOfRange { .. }));
    assert!(matches!(run(&[0.1], &[true], Target { delta: 0.0, ..good }), CertifyError::OutOfRange { .. }));
}

proptest! {
    #[test]
    fn bounds_rise_with_right_answers_and_stay_below_the_share(kept in 1usize..200, share in 0.0f64..1.0, alpha in 0.001f64..0.3) {
        let correct = (kept as f64 * share) as usize;
        for bound in [Bound::Hoeffding, Bound::ClopperPearson] {
            let lower = bound_of(bound, kept, correct, alpha);
            prop_assert!(lower <= correct as f64 / kept as f64 + 1e-12);
            prop_assert!(lower <= bound_of(bound, kept, correct + 1 - usize::from(correct == kept), alpha) + 1e-12);
        }
        prop_assert!(bound_of(Bound::Hoeffding, kept, correct, alpha) <= bound_of(Bound::ClopperPearson, kept, correct, alpha) + 1e-12);
    }
}
