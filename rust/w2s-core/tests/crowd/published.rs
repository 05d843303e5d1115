//! The example that crowd-kit publishes: five workers, five items, `no` is class 0 and `yes` is 1.

use crate::table::{Table, assert_close, iterations};
use w2s_core::crowd::{ABSTAIN, Consensus, Method, Options, Shape};

/// One row a worker, one column an item.
const SAID: [[u32; 5]; 5] =
    [[0, 1, 1, 1, 1], [1, 1, 0, 1, 0], [ABSTAIN, 1, 0, 1, 0], [1, 0, 1, 1, 0], [0, 0, 0, 1, 0]];
const DAWID_SKENE: [f64; 10] = [
    -1.069_760_870_630_279_2,
    -1.017_690_152_021_534_7,
    -0.984_956_890_149_671_6,
    -0.976_515_609_771_956,
    -0.976_224_705_034_086_1,
    -0.976_224_496_513_658_4,
    -0.976_224_496_513_570_9,
    -0.976_224_496_513_570_9,
    -0.976_224_496_513_570_9,
    -0.976_224_496_513_570_9,
];
const ONE_COIN: [f64; 10] = [
    -1.181_067_243_042_268,
    -1.138_504_807_983_327_8,
    -1.108_192_359_924_161_7,
    -1.101_187_379_200_531_6,
    -1.100_471_876_088_127_8,
    -1.100_407_957_760_842_5,
    -1.100_402_265_753_014,
    -1.100_401_759_696_953_3,
    -1.100_401_714_713_393_8,
    -1.100_401_710_714_849,
];

fn example() -> Table {
    let row = |worker: usize, item: usize| (item as u32, worker as u32, SAID[worker][item], 1.0);
    let rows = (0..5).flat_map(|worker| (0..5).map(move |item| row(worker, item))).collect();
    Table { shape: Shape { items: 5, workers: 5, classes: 2 }, rows }
}

/// The figure that crowd-kit calls the evidence lower bound. It counts the class prior once a vote, where
/// the bound counts it once an item; so it is no bound, and may fall. Ours is in `trace`.
fn published_figure(table: &Table, consensus: &Consensus) -> f64 {
    let mut figure = 0.0;
    for (item, worker, vote, _) in table.counting() {
        for class in 0..2 {
            let log = consensus.workers.confusion[worker * 4 + class * 2 + vote].max(1e-10).ln();
            figure += consensus.posterior[item * 2 + class] * (log + consensus.priors[class].ln());
        }
    }
    let entropy: f64 =
        consensus.posterior.iter().map(|value| -value.max(1e-10) * value.max(1e-10).ln()).sum();
    (figure + entropy) / table.counting().count() as f64
}

fn assert_sequence(method: Method, published: &[f64]) {
    let figure = |count| published_figure(&example(), &example().fit(method, &iterations(count)));
    let figures: Vec<f64> = (1..=published.len()).map(figure).collect();
    assert_close(&figures, published, 1e-8);
}

#[test]
fn majority_gives_the_published_shares() {
    let consensus = example().fit(Method::Majority, &Options::default());
    assert_close(&consensus.posterior, &[0.5, 0.5, 0.4, 0.6, 0.6, 0.4, 0.0, 1.0, 0.8, 0.2], 1e-15);
}

#[test]
fn dawid_skene_gives_the_published_labels_and_priors() {
    let consensus = example().fit(Method::DawidSkene, &iterations(10));
    assert_eq!(consensus.labels, [1, 1, 0, 1, 0]);
    assert_close(&consensus.posterior, &[0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0], 1e-9);
    assert_close(&consensus.priors, &[0.4, 0.6], 1e-12);
}

#[test]
fn dawid_skene_gives_the_published_sequence() {
    assert_sequence(Method::DawidSkene, &DAWID_SKENE);
}

#[test]
fn one_coin_gives_the_published_sequence() {
    assert_sequence(Method::OneCoin, &ONE_COIN);
}

#[test]
fn dawid_skene_converges_after_as_many_iterations_as_published() {
    let consensus = example().fit(Method::DawidSkene, &Options::default());
    assert_eq!((consensus.iterations, consensus.converged), (6, true));
}
