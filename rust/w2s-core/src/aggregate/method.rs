//! Methods that combine the scores of a row, and what each requires of its input.

use rayon::prelude::*;

use super::{AggregateError, CHUNK, Table};
use crate::Argument;
use crate::select::Score;

/// Every setting of every method, by name. A method uses those that its variant of [`Method`] holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings<'a> {
    /// A weight for each column; none where they are not given.
    pub weights: Option<&'a [f64]>,
    /// The share that a trimmed mean leaves out at each end.
    pub trim: f64,
    /// How far probabilities are kept from 0 and 1 before they become log-odds.
    pub clip: f64,
    /// The score from which a column votes for the row.
    pub limit: f64,
}

/// The names of all methods, by the order in which lists show them.
pub const METHODS: [&str; 12] = [
    "mean",
    "weighted_mean",
    "median",
    "trimmed_mean",
    "min",
    "max",
    "product",
    "log_odds",
    "mean_rank",
    "borda",
    "majority",
    "vote",
];

/// A way to combine the scores of a row. Missing scores are left out, with their weights.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Method<'a> {
    /// The arithmetic mean.
    Mean,
    /// The mean with a weight for each column, finite and not negative.
    WeightedMean(&'a [f64]),
    /// The middle score, or the mean of the two in the middle.
    Median,
    /// The mean without the ⌊m · share⌋ lowest and as many highest scores; the share lies in [0, 0.5).
    TrimmedMean(f64),
    /// The lowest score.
    Min,
    /// The highest score.
    Max,
    /// The product of probabilities in [0, 1].
    Product,
    /// The probability whose log-odds are the (weighted) mean of those of the columns.
    LogOdds {
        /// Probabilities are first moved into [clip, 1 − clip]; it lies in (0, 0.5).
        clip: f64,
        /// A weight for each column; none for equal ones.
        weights: Option<&'a [f64]>,
    },
    /// The mean over the columns of the row's rank, 1 for the lowest score of the column; ties share their mean rank.
    MeanRank,
    /// The number of rows that the row beats, a tie counting one half, summed over the columns.
    Borda,
    /// 1 if more than half of the columns reach the limit, 0 if fewer do, ½ if exactly half do.
    Majority {
        /// The score from which a column votes for the row.
        limit: f64,
    },
    /// The (weighted) share of columns that reach the limit.
    Vote {
        /// The score from which a column votes for the row.
        limit: f64,
        /// A weight for each column; none for equal ones.
        weights: Option<&'a [f64]>,
    },
}

impl<'a> Method<'a> {
    /// The method with a name, and the settings that it uses.
    ///
    /// ```
    /// use w2s_core::aggregate::{Method, Settings};
    /// let settings = Settings { weights: None, trim: 0.1, clip: 1e-6, limit: 0.5 };
    /// assert_eq!(Method::named("trimmed_mean", settings), Ok(Method::TrimmedMean(0.1)));
    /// assert_eq!(Method::named("weighted_mean", settings).unwrap_err().code(), "aggregate-missing-weights");
    /// ```
    ///
    /// # Errors
    /// The name is unknown, the method needs weights and there are none, or it does not use weights and there are.
    pub fn named(name: &str, settings: Settings<'a>) -> Result<Self, AggregateError> {
        let Settings { weights, trim, clip, limit } = settings;
        let unknown = || AggregateError::UnknownMethod { name: name.to_string(), known: METHODS.join(", ") };
        let name = METHODS.into_iter().find(|known| *known == name).ok_or_else(unknown)?;
        let unweighted = match (name, weights) {
            ("log_odds", _) => return Ok(Self::LogOdds { clip, weights }),
            ("vote", _) => return Ok(Self::Vote { limit, weights }),
            ("weighted_mean", Some(weights)) => return Ok(Self::WeightedMean(weights)),
            ("weighted_mean", None) => {
                return Err(AggregateError::MissingSetting { argument: Argument::Weights, method: name });
            }
            ("mean", _) => Self::Mean,
            ("median", _) => Self::Median,
            ("trimmed_mean", _) => Self::TrimmedMean(trim),
            ("min", _) => Self::Min,
            ("max", _) => Self::Max,
            ("product", _) => Self::Product,
            ("mean_rank", _) => Self::MeanRank,
            ("borda", _) => Self::Borda,
            ("majority", _) => Self::Majority { limit },
            _ => return Err(unknown()),
        };
        if weights.is_some() {
            return Err(AggregateError::UnusedSetting { argument: Argument::Weights, method: name });
        }
        Ok(unweighted)
    }

    /// The weights of the columns; none where they are equal.
    pub(super) fn weights(&self) -> Option<&'a [f64]> {
        match *self {
            Self::WeightedMean(weights) => Some(weights),
            Self::LogOdds { weights, .. } | Self::Vote { weights, .. } => weights,
            _ => None,
        }
    }

    /// Whether the settings are in range.
    pub(super) fn check(&self, columns: usize) -> Result<(), AggregateError> {
        if let Some(weights) = self.weights() {
            check_weights(weights, columns)?;
        }
        match *self {
            Self::TrimmedMean(share) if !(0.0..0.5).contains(&share) => {
                Err(AggregateError::BadTrim { share })
            }
            Self::LogOdds { clip, .. } if !(clip > 0.0 && clip < 0.5) => {
                Err(AggregateError::BadClip { clip })
            }
            Self::Majority { limit } | Self::Vote { limit, .. } if limit.is_nan() => {
                Err(AggregateError::NanLimit)
            }
            _ => Ok(()),
        }
    }

    /// Whether the scores are in range.
    pub(super) fn check_scores<S: Score>(&self, table: Table<S>) -> Result<(), AggregateError> {
        if !matches!(self, Self::Product | Self::LogOdds { .. }) {
            return Ok(());
        }
        let is_bad = |row: usize, column: usize| {
            let score = table.at(row, column).to_f64();
            !(score.is_nan() || (0.0..=1.0).contains(&score))
        };
        let rows = (0..table.n_rows()).into_par_iter().with_min_len(CHUNK);
        let first = rows.position_first(|row| (0..table.n_columns()).any(|column| is_bad(row, column)));
        first.map_or(Ok(()), |row| {
            let column = (0..table.n_columns()).find(|&column| is_bad(row, column)).unwrap_or_default();
            Err(AggregateError::NotAProbability { row, column, score: table.at(row, column).to_f64() })
        })
    }
}

fn check_weights(weights: &[f64], columns: usize) -> Result<(), AggregateError> {
    if weights.len() != columns {
        return Err(AggregateError::SettingLength {
            argument: Argument::Weights,
            len: weights.len(),
            expected: columns,
        });
    }
    if let Some(column) = weights.iter().position(|weight| !(0.0..f64::INFINITY).contains(weight)) {
        return Err(AggregateError::BadWeight { column, weight: weights[column] });
    }
    if weights.iter().all(|&weight| weight == 0.0) { Err(AggregateError::NoWeight) } else { Ok(()) }
}
