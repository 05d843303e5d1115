//! Bad input is refused in one line that says what and where.

use crate::table::{LEARNERS, Table, planted};
use std::str::FromStr;
use std::sync::atomic::AtomicBool;
use w2s_core::Argument;
use w2s_core::crowd::{CrowdError, METHODS, Method, Options, Rows, Shape, Votes, fit};

const SHAPE: Shape = Shape { items: 2, workers: 3, classes: 4 };

fn said(row: (u32, u32, u32, f64)) -> String {
    let rows = vec![(0, 0, 0, 1.0), (1, 2, 3, 1.0), row];
    Table { shape: SHAPE, rows }.votes().unwrap_err().to_string()
}

fn refused(method: Method, options: Options) -> String {
    let (table, _) = planted(1, 10, &[0.7; 3], 4, 3);
    let votes = table.votes().unwrap();
    fit(&votes, method, &options, &AtomicBool::new(false)).unwrap_err().to_string()
}

#[test]
fn codes_out_of_range_name_the_row() {
    assert_eq!(said((2, 0, 0, 1.0)), "items: row 2 has code 2, but codes are below 2");
    assert_eq!(said((0, 3, 0, 1.0)), "workers: row 2 has code 3, but codes are below 3");
    assert_eq!(said((0, 0, 4, 1.0)), "votes: row 2 has code 4, but codes are below 4");
}

#[test]
fn abstentions_are_checked_too() {
    assert_eq!(said((9, 0, u32::MAX, 1.0)), "items: row 2 has code 9, but codes are below 2");
    assert_eq!(said((0, 0, u32::MAX, -1.0)), "row 2: weight -1 is not a finite number of at least 0");
}

#[test]
fn weights_that_are_no_weights_name_the_row() {
    assert_eq!(said((0, 0, 0, -0.5)), "row 2: weight -0.5 is not a finite number of at least 0");
    assert_eq!(said((0, 0, 0, f64::NAN)), "row 2: weight NaN is not a finite number of at least 0");
    assert_eq!(said((0, 0, 0, f64::INFINITY)), "row 2: weight inf is not a finite number of at least 0");
}

#[test]
fn nothing_is_refused() {
    let empty = Rows { items: &[], workers: &[], votes: &[], weights: None };
    assert_eq!(Votes::new(SHAPE, empty).unwrap_err(), CrowdError::Empty { argument: Argument::Rows });
    let one = Rows { items: &[0], workers: &[0], votes: &[0], weights: None };
    for (shape, argument) in [
        (Shape { items: 0, ..SHAPE }, Argument::Items),
        (Shape { workers: 0, ..SHAPE }, Argument::Workers),
        (Shape { classes: 0, ..SHAPE }, Argument::Classes),
    ] {
        assert_eq!(Votes::new(shape, one).unwrap_err(), CrowdError::Empty { argument });
    }
}

#[test]
fn columns_of_different_lengths_are_named() {
    let rows = Rows { items: &[0, 1], workers: &[0], votes: &[0, 0], weights: None };
    assert_eq!(Votes::new(SHAPE, rows).unwrap_err().to_string(), "workers has 1 values for 2 votes");
    let rows = Rows { items: &[0, 1], workers: &[0, 0], votes: &[0, 0], weights: Some(&[1.0; 3]) };
    assert_eq!(Votes::new(SHAPE, rows).unwrap_err().to_string(), "weights has 3 values for 2 votes");
}

#[test]
fn tables_beyond_memory_are_refused() {
    let one = Rows { items: &[0], workers: &[0], votes: &[0], weights: None };
    let shape = Shape { items: 1 << 40, workers: 1, classes: 1 };
    let refused = CrowdError::TooLarge { table: "items", bytes: 1 << 43 };
    assert_eq!(Votes::new(shape, one).unwrap_err(), refused);
    let votes = Votes::new(Shape { items: 1, workers: 1, classes: 1 << 30 }, one).unwrap();
    let refused = fit(&votes, Method::DawidSkene, &Options::default(), &AtomicBool::new(false)).unwrap_err();
    assert!(!refused.is_setting());
    assert!(refused.to_string().starts_with("the confusion matrices of dawid-skene need "), "{refused}");
    assert!(refused.to_string().contains(" PiB of memory"), "{refused}");
}

#[test]
fn a_class_for_each_vote_needs_memory_for_the_votes_only() {
    let codes: Vec<u32> = (0..100_000).collect();
    let shape = Shape { items: codes.len(), workers: codes.len(), classes: codes.len() };
    let votes =
        Votes::new(shape, Rows { items: &codes, workers: &codes, votes: &codes, weights: None }).unwrap();
    for method in LEARNERS.into_iter().filter(|method| *method != Method::DawidSkene) {
        let options = Options { max_iterations: 3, ..Options::default() };
        let consensus = fit(&votes, method, &options, &AtomicBool::new(false)).unwrap();
        assert_eq!(consensus.labels, codes, "{}", method.name());
        assert!(consensus.posterior.is_empty());
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let options = Options::default;
    let cases = [
        (Options { priors: Some(vec![0.5, 0.5]), ..options() }, "priors has 2 values, expected 4"),
        (Options { priors: Some(vec![0.5, 0.5, 0.5, 0.5]), ..options() }, "class priors sum to 2, not to 1"),
        (
            Options { priors: Some(vec![1.5, -0.5, 0.0, 0.0]), ..options() },
            "prior of class 0 is 1.5, not a number from 0 to 1",
        ),
        (
            Options { priors: Some(vec![1.0, f64::NAN, 0.0, 0.0]), ..options() },
            "prior of class 1 is NaN, not a number from 0 to 1",
        ),
        (Options { tolerance: f64::NAN, ..options() }, "tolerance NaN is not a number of at least 0"),
        (Options { max_iterations: 0, ..options() }, "max_iterations is 0; it must be at least 1"),
        (Options { restarts: 0, ..options() }, "restarts is 0; it must be at least 1"),
        (Options { restarts: 2, ..options() }, "glad does not use restarts; leave them out"),
        (Options { skills: Some(vec![1.0; 3]), ..options() }, "glad does not use skills; leave them out"),
    ];
    for (options, message) in cases {
        assert_eq!(refused(Method::Glad, options), message);
    }
}

#[test]
fn weighted_majority_needs_sound_skills() {
    let skills = |skills: Vec<f64>| Options { skills: Some(skills), ..Options::default() };
    assert_eq!(refused(Method::WeightedMajority, Options::default()), "weighted_majority needs skills");
    assert_eq!(refused(Method::WeightedMajority, skills(vec![1.0])), "skills has 1 values, expected 3");
    let message = "skill of worker 1 is -1, not a finite number of at least 0";
    assert_eq!(refused(Method::WeightedMajority, skills(vec![1.0, -1.0, 1.0])), message);
}

#[test]
fn a_stopped_fit_says_so() {
    let (table, _) = planted(1, 10, &[0.7; 3], 4, 3);
    let votes = table.votes().unwrap();
    for method in LEARNERS {
        let stopped = fit(&votes, method, &Options::default(), &AtomicBool::new(true));
        assert_eq!(stopped.unwrap_err(), CrowdError::Stopped, "{}", method.name());
    }
}

#[test]
fn methods_are_found_by_name() {
    for method in METHODS {
        assert_eq!(Method::from_str(method.name()), Ok(method));
    }
    let message = Method::from_str("dawid").unwrap_err().to_string();
    assert!(message.starts_with("unknown method \"dawid\"; use one of: majority, "), "{message}");
}
