//! Every method against a plain loop over a row.

use proptest::prelude::*;

use super::*;

fn table(missing: bool) -> impl Strategy<Value = (usize, Vec<f64>)> {
    let score = prop_oneof![
        6 => (0u8..5).prop_map(|score| f64::from(score) / 4.0),
        4 => 0.0..=1.0f64,
        1 => Just(if missing { f64::NAN } else { 1.0 }),
    ];
    (1usize..12, 0usize..90)
        .prop_flat_map(move |(m, n)| (Just(m), prop::collection::vec(score.clone(), n * m)))
}

fn plain(method: Method, row: &[f64], weights: &[f64]) -> f64 {
    let present: Vec<(f64, f64)> =
        row.iter().copied().zip(weights.iter().copied()).filter(|x| !x.0.is_nan()).collect();
    let mut sorted: Vec<f64> = present.iter().map(|x| x.0).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 {
        return f64::NAN;
    }
    let total: f64 = present.iter().map(|x| x.1).sum();
    let weighted = |of: &dyn Fn(f64) -> f64| present.iter().map(|x| x.1 * of(x.0)).sum::<f64>() / total;
    let mean = |of: &dyn Fn(f64) -> f64| present.iter().map(|x| of(x.0)).sum::<f64>() / n as f64;
    match method {
        Method::Mean => mean(&|x| x),
        Method::WeightedMean(_) => weighted(&|x| x),
        Method::Median => (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0,
        Method::TrimmedMean(share) => {
            let cut = (n as f64 * share) as usize;
            sorted[cut..n - cut].iter().sum::<f64>() / (n - 2 * cut) as f64
        }
        Method::Min => sorted[0],
        Method::Max => sorted[n - 1],
        Method::Product => sorted.iter().product(),
        Method::LogOdds { clip, .. } => {
            let odds =
                weighted(&|x| (x.clamp(clip, 1.0 - clip) / (1.0 - x.clamp(clip, 1.0 - clip))).ln()).exp();
            odds / (1.0 + odds)
        }
        Method::Vote { limit, .. } => weighted(&|x| f64::from(u8::from(x >= limit))),
        Method::Majority { limit } => {
            let votes = sorted.iter().filter(|&&x| x >= limit).count();
            match (votes * 2).cmp(&n) {
                std::cmp::Ordering::Less => 0.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Greater => 1.0,
            }
        }
        Method::MeanRank | Method::Borda => unreachable!(),
    }
}

fn close(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-12
}

proptest! {
    #[test]
    fn every_method_combines_as_a_plain_loop((m, values) in table(true), seed in 1u64..9) {
        let weights: Vec<f64> = (0..m as u64).map(|i| ((i * seed) % 5 + 1) as f64).collect();
        let methods = [
            Method::Mean, Method::WeightedMean(&weights), Method::Median, Method::TrimmedMean(0.3), Method::Min,
            Method::Max, Method::Product, Method::LogOdds { clip: 0.01, weights: Some(&weights) },
            Method::Vote { limit: 0.5, weights: Some(&weights) }, Method::Majority { limit: 0.5 },
        ];
        let columns: Vec<Vec<f64>> = (0..m).map(|j| values.iter().skip(j).step_by(m).copied().collect()).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        for method in methods {
            let rows = aggregate(Table::rows(&values, m).unwrap(), method, Missing::Skip).unwrap();
            let by_columns = aggregate(Table::columns(&columns).unwrap(), method, Missing::Skip).unwrap();
            for (i, row) in values.chunks(m).enumerate() {
                let expected = plain(method, row, &weights);
                prop_assert!(close(rows.values[i], expected), "{method:?} {row:?}: {} {expected}", rows.values[i]);
                prop_assert_eq!(rows.values[i].to_bits(), by_columns.values[i].to_bits());
            }
            prop_assert_eq!(rows.missing, values.iter().filter(|x| x.is_nan()).count());
            prop_assert_eq!(rows.empty_rows, values.chunks(m).filter(|row| row.iter().all(|x| x.is_nan())).count());
        }
    }

    #[test]
    fn medians_of_full_tables_are_the_middle_of_a_sort((m, values) in table(false)) {
        let single: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        let medians = aggregate(Table::rows(&single, m).unwrap(), Method::Median, Missing::Refuse).unwrap().values;
        for (row, median) in single.chunks(m).zip(medians) {
            let mut sorted: Vec<f64> = row.iter().map(|&x| x.into()).collect();
            sorted.sort_by(f64::total_cmp);
            prop_assert_eq!(median, (sorted[(m - 1) / 2] + sorted[m / 2]) / 2.0);
        }
    }

    #[test]
    fn ranks_count_the_rows_below((m, values) in table(true)) {
        let table = Table::rows(&values, m).unwrap();
        let ranks = aggregate(table, Method::MeanRank, Missing::Skip).unwrap().values;
        let borda = aggregate(table, Method::Borda, Missing::Skip).unwrap().values;
        for (i, row) in values.chunks(m).enumerate() {
            let present: Vec<usize> = (0..m).filter(|&j| !row[j].is_nan()).collect();
            let beaten: f64 = present.iter().map(|&j| {
                values.chunks(m).enumerate().filter(|&(other, _)| other != i).map(|(_, other)| {
                    if other[j] < row[j] { 1.0 } else if other[j] == row[j] { 0.5 } else { 0.0 }
                }).sum::<f64>()
            }).sum();
            let none = present.is_empty();
            let nothing = if none { f64::NAN } else { 0.0 };
            prop_assert!(close(borda[i], beaten + nothing));
            prop_assert!(close(ranks[i], beaten / present.len() as f64 + 1.0 + nothing));
        }
    }
}

#[test]
fn long_tables_are_the_same_for_any_number_of_threads() {
    let values: Vec<f32> =
        (0..80_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e7).collect();
    let table = Table::rows(&values, 8).unwrap();
    let answer = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            [Method::Mean, Method::Median, Method::Borda]
                .map(|m| aggregate(table, m, Missing::Refuse).unwrap())
        })
    };
    assert_eq!(answer(1), answer(2));
    assert_eq!(answer(1), answer(5));
}

#[test]
fn every_name_has_a_method() {
    for name in METHODS {
        let weights = (name == "weighted_mean").then_some(&[1.0][..]);
        let settings = Settings { weights, trim: 0.1, clip: 0.01, limit: 0.5 };
        let method = Method::named(name, settings).unwrap();
        assert!(aggregate(Table::rows(&[0.5], 1).unwrap(), method, Missing::Refuse).is_ok(), "{name}");
        let weighted = Method::named(name, Settings { weights: Some(&[1.0]), ..settings });
        assert_eq!(weighted.is_ok(), ["weighted_mean", "log_odds", "vote"].contains(&name), "{name}");
    }
    let settings = Settings { weights: None, trim: 0.1, clip: 0.01, limit: 0.5 };
    assert_eq!(Method::named("average", settings).unwrap_err().code(), "aggregate-unknown-method");
}

#[test]
fn bad_input_is_named() {
    let run = |values: &[f64], method| {
        aggregate(Table::rows(values, 2).unwrap(), method, Missing::Refuse).unwrap_err()
    };
    assert_eq!(run(&[0.0, 1.0, 0.5, f64::NAN], Method::Mean), AggregateError::NanScore { row: 1, column: 1 });
    assert_eq!(
        run(&[0.0, 1.0, 2.0, 0.5], Method::Product),
        AggregateError::NotAProbability { row: 1, column: 0, score: 2.0 }
    );
    assert_eq!(
        run(&[0.0, 1.0], Method::WeightedMean(&[1.0])),
        AggregateError::SettingLength { argument: crate::Argument::Weights, len: 1, expected: 2 }
    );
    assert_eq!(
        run(&[0.0, 1.0], Method::WeightedMean(&[1.0, -1.0])),
        AggregateError::BadWeight { column: 1, weight: -1.0 }
    );
    assert_eq!(run(&[0.0, 1.0], Method::WeightedMean(&[0.0, 0.0])), AggregateError::NoWeight);
    assert_eq!(run(&[0.0, 1.0], Method::TrimmedMean(0.5)), AggregateError::BadTrim { share: 0.5 });
    assert_eq!(
        run(&[0.0, 1.0], Method::LogOdds { clip: 0.0, weights: None }),
        AggregateError::BadClip { clip: 0.0 }
    );
    assert_eq!(run(&[0.0, 1.0], Method::Majority { limit: f64::NAN }), AggregateError::NanLimit);
    assert_eq!(Table::<f32>::rows(&[], 0).unwrap_err(), AggregateError::NoColumns);
    assert_eq!(Table::rows(&[0.5f32], 2).unwrap_err(), AggregateError::IncompleteRow { len: 1, columns: 2 });
    let (long, short) = ([0.5f32, 1.0], [0.5f32]);
    assert_eq!(
        Table::columns(&[&long[..], &short[..]]).unwrap_err(),
        AggregateError::LengthMismatch { column: 1, len: 1, expected: 2 }
    );
}
