//! Every selection against a plain sort.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::bracket::Bracket;
use super::stream::{RandomK, TopK, TopKByGroup, WithinBudget};
use super::top::top_within;
use super::*;

/// Few distinct scores, so that ties are everywhere, and the odd ones among them.
fn score() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => (-3i8..4).prop_map(|score| f32::from(score) / 2.0),
        1 => prop_oneof![Just(-0.0), Just(f32::INFINITY), Just(f32::NEG_INFINITY), Just(f32::MIN_POSITIVE / 2.0)],
        2 => any::<f32>().prop_filter("a number", |score| !score.is_nan()),
    ]
}

fn scores() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(score(), 0..300)
}

fn better(scores: &[f32], a: usize, b: usize) -> Ordering {
    scores[b].partial_cmp(&scores[a]).unwrap().then(a.cmp(&b))
}

/// All rows of a set, best first, by a plain sort.
fn sorted(scores: &[f32], mut rows: Vec<usize>) -> Vec<i64> {
    rows.sort_by(|&a, &b| better(scores, a, b));
    rows.into_iter().map(|row: usize| row.cast_signed() as i64).collect()
}

fn best(scores: &[f32], k: usize) -> Vec<i64> {
    let mut order = sorted(scores, (0..scores.len()).collect());
    order.truncate(k);
    order
}

fn ascending(mut rows: Vec<i64>) -> Vec<i64> {
    rows.sort_unstable();
    rows
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// A column of more than one chunk, of a few kinds.
fn column(kind: usize, rows: usize) -> Vec<f32> {
    (0..rows)
        .map(|row| {
            let draw = draw(1, row as u64) as f32;
            match kind {
                0 => draw,
                1 => row as f32,
                2 => -(row as f32),
                3 => 0.5,
                4 => f32::from(u8::from(draw < 0.1)),
                5 => (draw * 10.0).floor(),
                _ => (draw * 160.0 - 80.0).exp(),
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn the_best_rows_are_those_of_a_sort(scores in scores(), k in 0usize..320) {
        let expected = best(&scores, k);
        prop_assert_eq!(top_k(&scores, k).unwrap(), expected.clone());
        let top = top(&scores, k).unwrap();
        prop_assert_eq!(top.rows.positions(), ascending(expected.clone()));
        let cut = expected.last().map(|&row| scores[row as usize]);
        prop_assert_eq!(top.cut, cut);
        let at_cut = scores.iter().filter(|&&score| Some(score) == cut).count();
        let kept = expected.iter().filter(|&&row| Some(scores[row as usize]) == cut).count();
        prop_assert_eq!(top.ties_left_out, at_cut - kept);
        let wide: Vec<f64> = scores.iter().map(|&score| score.into()).collect();
        prop_assert_eq!(top_k(&wide, k).unwrap(), expected);
    }

    #[test]
    fn a_wrong_guess_costs_time_only(scores in scores(), k in 1usize..300, a in score(), b in score()) {
        prop_assume!(k < scores.len());
        let bracket = Bracket { low: a.min(b), high: a.max(b) };
        let top = top_within(&scores, k, bracket).unwrap();
        prop_assert_eq!(top.rows.positions(), ascending(best(&scores, k)));
    }

    #[test]
    fn the_first_nan_is_named(mut scores in scores(), at in any::<prop::sample::Index>(), k in 0usize..320) {
        scores.push(0.0);
        let index = at.index(scores.len());
        scores[index] = f32::NAN;
        scores.push(f32::NAN);
        let error = SelectError::NanScore { index };
        prop_assert_eq!(top(&scores, k).unwrap_err(), error.clone());
        prop_assert_eq!(top_k(&scores, k).unwrap_err(), error.clone());
        prop_assert_eq!(threshold(&scores, 0.0).unwrap_err(), error.clone());
        prop_assert_eq!(TopK::new(k).push(0, &scores).unwrap_err(), error);
    }

    #[test]
    fn limits_are_compared_as_written(scores in scores(), low in -2.0f64..2.0, width in 0.0f64..2.0) {
        let at_least: Vec<i64> = (0..scores.len()).filter(|&i| f64::from(scores[i]) >= low).map(|i| i.cast_signed() as i64).collect();
        prop_assert_eq!(threshold(&scores, low).unwrap().positions(), at_least.clone());
        let high = low + width;
        let inside: Vec<i64> = at_least.into_iter().filter(|&i| f64::from(scores[i as usize]) <= high).collect();
        prop_assert_eq!(band(&scores, low, high).unwrap().positions(), inside);
    }

    #[test]
    fn a_quantile_is_the_first_score_that_reaches_its_share(scores in scores(), q in 0.0f64..=1.0) {
        let mut sorted = scores.clone();
        sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let reached = |v: f32| sorted.iter().filter(|&&score| score <= v).count() as f64 >= q * sorted.len() as f64;
        prop_assert_eq!(quantile(&scores, q).unwrap(), sorted.iter().copied().find(|&score| reached(score)));
    }

    #[test]
    fn every_group_keeps_its_own_best(
        rows in prop::collection::vec((score(), 0u32..5), 0..300),
        rule in 0usize..3, fraction in 0.0f64..=1.0, limit in -2.0f64..2.0, min in 0usize..5, extra in 0usize..90,
    ) {
        let (scores, groups): (Vec<f32>, Vec<u32>) = rows.into_iter().unzip();
        let (counts, fractions, limits) = ([extra; 7], [fraction], [limit]);
        let keep = match rule {
            0 => PerGroup::Count(&counts),
            1 => PerGroup::Fraction(&fractions),
            _ => PerGroup::Threshold(&limits),
        };
        let top = top_by_group(&scores, &groups, 7, &GroupRule { keep, min: &[min], max: &[min + extra] }).unwrap();
        let mut expected = Vec::new();
        for group in 0..7 {
            let members: Vec<usize> = (0..scores.len()).filter(|&i| groups[i] == group).collect();
            let wanted = match rule {
                0 => extra,
                1 => rows_of_fraction(members.len(), fraction).unwrap(),
                _ => members.iter().filter(|&&i| f64::from(scores[i]) >= limit).count(),
            };
            let quota = wanted.clamp(min, min + extra).min(members.len());
            prop_assert_eq!(top.sizes[group as usize], members.len());
            prop_assert_eq!(top.kept[group as usize], quota);
            expected.extend(sorted(&scores, members).into_iter().take(quota));
        }
        prop_assert_eq!(top.rows.positions(), ascending(expected));
    }

    #[test]
    fn a_stream_in_any_shards_keeps_what_the_whole_keeps(
        rows in prop::collection::vec((score(), 0u64..4, 0u8..4), 0..200),
        cuts in prop::collection::vec(0usize..200, 3), order in Just([0, 1, 2, 3]).prop_shuffle(),
        k in 0usize..60, budget in 0.0f64..90.0,
    ) {
        let scores: Vec<f32> = rows.iter().map(|row| row.0).collect();
        let groups: Vec<u64> = rows.iter().map(|row| row.1 * 1_000_000_007).collect();
        let costs: Vec<f64> = rows.iter().map(|row| f64::from(row.2) / 3.0).collect();
        let mut ends: Vec<usize> = cuts.iter().map(|&cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
        ends.sort_unstable();
        let (mut top, mut grouped) = (TopK::new(k), TopKByGroup::new(k));
        let (mut bought, mut drawn) = (WithinBudget::new(budget).unwrap(), RandomK::new(k, 7));
        for shard in order {
            let (start, end) = (ends[shard], ends[shard + 1]);
            let at = start as u64;
            let (mut one, mut two) = (TopK::new(k), TopKByGroup::new(k));
            let (mut three, mut four) = (WithinBudget::new(budget).unwrap(), RandomK::new(k, 7));
            one.push(at, &scores[start..end]).unwrap();
            two.push(at, &scores[start..end], &groups[start..end]).unwrap();
            three.push(at, &scores[start..end], &costs[start..end]).unwrap();
            four.push(at, end - start);
            top.merge(one);
            grouped.merge(two);
            bought.merge(three);
            drawn.merge(four);
        }
        let signed = |rows: Vec<u64>| rows.into_iter().map(u64::cast_signed).collect::<Vec<_>>();
        prop_assert_eq!(signed(top.finish()), top_k(&scores, k).unwrap());
        prop_assert_eq!(signed(drawn.finish()), random_k(rows.len(), k, 7).positions());
        let whole = within_budget(&scores, &costs, budget).unwrap();
        let (positions, spent) = bought.finish();
        prop_assert_eq!((signed(positions), spent), (whole.positions, whole.spent));
        let (dense, ids) = dense_groups(&groups).unwrap();
        let rule = [k];
        let batch = top_by_group(&scores, &dense, ids.len(), &GroupRule::of(PerGroup::Count(&rule))).unwrap();
        let streamed = grouped.finish();
        prop_assert_eq!(streamed.iter().map(|group| group.0).collect::<Vec<_>>(), ids);
        let kept = streamed.into_iter().flat_map(|group| signed(group.1)).collect();
        prop_assert_eq!(ascending(kept), batch.rows.positions());
    }

    #[test]
    fn a_budget_is_spent_best_first(rows in prop::collection::vec((score(), 0u8..4), 0..200), budget in 0.0f64..200.0) {
        let (scores, costs): (Vec<f32>, Vec<f64>) = rows.iter().map(|row| (row.0, f64::from(row.1))).unzip();
        let mut spent = 0.0;
        let mut expected = Vec::new();
        for row in best(&scores, scores.len()) {
            if spent + costs[row as usize] > budget {
                break;
            }
            spent += costs[row as usize];
            expected.push(row);
        }
        let bought = within_budget(&scores, &costs, budget).unwrap();
        prop_assert_eq!(bought.ascending(), ascending(expected.clone()));
        prop_assert_eq!((bought.positions, bought.spent), (expected, spent));
    }

    #[test]
    fn strata_keep_their_proportions(sizes in prop::collection::vec(0usize..50, 1..8), share in 0.0f64..=1.0) {
        let total: usize = sizes.iter().sum();
        let k = rows_of_fraction(total, share).unwrap();
        let shares = largest_remainder(&sizes, k);
        prop_assert_eq!(shares.iter().sum::<usize>(), k);
        for (&share, &size) in shares.iter().zip(&sizes) {
            let exact = k as f64 * size as f64 / total.max(1) as f64;
            prop_assert!(share <= size && (share as f64 - exact).abs() < 1.0);
        }
    }

    #[test]
    fn dense_ids_name_the_sparse_ones(sparse in prop::collection::vec(prop_oneof![0u64..9, any::<u64>()], 0..3000)) {
        let (dense, ids) = dense_groups(&sparse).unwrap();
        prop_assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(dense.iter().zip(&sparse).all(|(&place, &id)| ids[place as usize] == id));
        prop_assert!(ids.iter().all(|id| sparse.contains(id)));
    }
}

#[test]
fn long_columns_of_every_kind_are_selected_as_a_sort_would() {
    let rows = 3 * blocks::CHUNK + 77;
    for kind in 0..7 {
        let scores = column(kind, rows);
        for k in [1, rows / 10, rows / 2, rows - 1] {
            let expected = best(&scores, k);
            assert_eq!(top_k(&scores, k).unwrap(), expected, "kind {kind}, k {k}");
            assert_eq!(top(&scores, k).unwrap().rows.positions(), ascending(expected), "kind {kind}, k {k}");
        }
    }
}

#[test]
fn groups_across_blocks_keep_their_best_and_the_lowest_ties() {
    let rows = 600_000;
    for kind in [0, 3, 5] {
        let scores = column(kind, rows);
        let groups: Vec<u32> = (0..rows).map(|row| (random::hash(9, row as u64) % 37) as u32).collect();
        let rule = GroupRule::of(PerGroup::Fraction(&[0.3]));
        let top = top_by_group(&scores, &groups, 37, &rule).unwrap();
        let expected = (0..37).flat_map(|group| {
            let members: Vec<usize> = (0..rows).filter(|&row| groups[row] == group).collect();
            let quota = rows_of_fraction(members.len(), 0.3).unwrap();
            sorted(&scores, members).into_iter().take(quota).collect::<Vec<_>>()
        });
        assert_eq!(top.rows.positions(), ascending(expected.collect()), "kind {kind}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let rows = 300_000;
    let scores = column(5, rows);
    let groups: Vec<u32> = (0..rows).map(|row| row as u32 % 11).collect();
    let costs: Vec<f64> = column(0, rows).into_iter().map(f64::from).collect();
    let answer = |threads| {
        with_threads(threads, || {
            let rule = GroupRule::of(PerGroup::Fraction(&[0.2]));
            (
                top_k(&scores, 1234).unwrap(),
                top_by_group(&scores, &groups, 11, &rule).unwrap(),
                stratified(&scores, &groups, 11, 999, 5).unwrap(),
                within_budget(&scores, &costs, 777.5).unwrap(),
                random_k(rows, 500, 3).positions(),
                weights(&scores, 1.7, Scale::Mean).unwrap(),
            )
        })
    };
    let one = answer(1);
    assert_eq!(one, answer(2));
    assert_eq!(one, answer(5));
}

#[test]
fn fractions_are_exact_at_their_ends_and_rounded_between() {
    assert_eq!([0.0, 0.1, 0.25, 1.0].map(|f| rows_of_fraction(10, f).unwrap()), [0, 1, 3, 10]);
    assert_eq!(rows_of_fraction(100_000_000, 0.1), Ok(10_000_000));
    for bad in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(rows_of_fraction(10, bad), Err(SelectError::ShareOutOfRange { .. })));
    }
}

#[test]
fn random_rows_are_as_many_as_asked_and_spread_evenly() {
    let drawn = random_k(100_000, 10_000, 1).positions();
    assert_eq!(drawn.len(), 10_000);
    let low = drawn.iter().filter(|&&row| row < 50_000).count();
    assert!((4_700..5_300).contains(&low), "{low}");
    assert_ne!(drawn, random_k(100_000, 10_000, 2).positions());
    assert_eq!(random_k(5, 9, 1).positions(), [0, 1, 2, 3, 4]);
    assert!(random_k(5, 0, 1).positions().is_empty() && random_k(0, 3, 1).is_empty());
}

#[test]
fn weights_are_powers_scaled() {
    assert_eq!(weights(&[1.0f32, 2.0], 2.0, Scale::Sum).unwrap(), [0.2, 0.8]);
    assert_eq!(weights(&[1.0f32, 3.0, 4.0], 1.0, Scale::Mean).unwrap(), [0.375, 1.125, 1.5]);
    assert_eq!(weights(&[0.0f32, 3.0], 0.0, Scale::Mean).unwrap(), [1.0, 1.0]);
    assert!(weights::<f32>(&[], 1.0, Scale::Sum).unwrap().is_empty());
    assert_eq!(weights(&[0.0f32], 1.0, Scale::Sum), Err(SelectError::NoWeight));
    assert_eq!(
        weights(&[1.0f32, -1.0], 1.0, Scale::Sum),
        Err(SelectError::BadWeight { index: 1, score: -1.0 })
    );
    assert_eq!(weights(&[1.0f32], -1.0, Scale::Sum), Err(SelectError::BadPower { power: -1.0 }));
}

#[test]
fn bad_input_is_named() {
    let scores = [0.5f32, 0.25];
    let count = GroupRule::of(PerGroup::Count(&[1]));
    assert_eq!(
        top_by_group(&scores, &[0, 3], 2, &count),
        Err(SelectError::UnknownGroup { index: 1, group: 3, n_groups: 2 })
    );
    assert!(matches!(
        top_by_group(&scores, &[0], 2, &count),
        Err(SelectError::LengthMismatch { len: 1, expected: 2, .. })
    ));
    let three = GroupRule::of(PerGroup::Count(&[1, 2, 3]));
    assert!(matches!(
        top_by_group(&scores, &[0, 1], 2, &three),
        Err(SelectError::SettingLength { len: 3, .. })
    ));
    let crossed = GroupRule { min: &[2], max: &[1], ..count };
    assert_eq!(
        top_by_group(&scores, &[0, 1], 2, &crossed),
        Err(SelectError::MinAboveMax { group: 0, min: 2, max: 1 })
    );
    assert_eq!(within_budget(&scores, &[1.0, -2.0], 3.0), Err(SelectError::BadCost { index: 1, cost: -2.0 }));
    assert!(matches!(within_budget(&scores, &[1.0, 1.0], f64::NAN), Err(SelectError::BadBudget { .. })));
    assert_eq!(band(&scores, 1.0, 0.0), Err(SelectError::LimitsReversed { low: 1.0, high: 0.0 }));
    assert_eq!(
        threshold(&scores, f64::NAN),
        Err(SelectError::NanLimit { argument: crate::Argument::Threshold })
    );
}
