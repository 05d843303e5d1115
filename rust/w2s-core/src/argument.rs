//! The arguments that errors name, so that every error calls an argument by the same word.

use std::fmt;

macro_rules! arguments {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// An argument of a function of this crate, by the name that messages use.
        ///
        /// ```
        /// use w2s_core::Argument;
        /// assert_eq!(Argument::MaxIterations.to_string(), "max_iterations");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Argument {
            $($(#[$doc])+ $variant),+
        }

        impl Argument {
            /// The name that messages use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

arguments! {
    /// The rows of a table.
    Rows = "rows",
    /// The cost of each row.
    Costs = "costs",
    /// The group of each row.
    Groups = "groups",
    /// The stratum of each row.
    Strata = "strata",
    /// Whether each row is right.
    Correct = "correct",
    /// The fold of each row.
    Folds = "folds",
    /// The item of each vote.
    Items = "items",
    /// The worker of each vote.
    Workers = "workers",
    /// The class of each vote.
    Votes = "votes",
    /// The classes that votes are for.
    Classes = "classes",
    /// The weight of each vote, or of each column.
    Weights = "weights",
    /// Rows at a cut in earlier chunks.
    TiesBefore = "ties_before",
    /// How many rows a group keeps.
    Count = "count",
    /// A share of rows.
    Fraction = "fraction",
    /// A share of rows that lie below a score.
    Quantile = "quantile",
    /// The lowest score that is kept.
    Threshold = "threshold",
    /// The lowest score of a band.
    Low = "low",
    /// The highest score of a band.
    High = "high",
    /// Rows that a group keeps at least.
    Min = "min",
    /// Rows that a group keeps at most.
    Max = "max",
    /// Rows that each group keeps of a stream.
    Quota = "quota",
    /// The purity to reach.
    Purity = "purity",
    /// The probability of missing the purity.
    Delta = "delta",
    /// The share of each class.
    Priors = "priors",
    /// What each worker's votes count for.
    Skills = "skills",
    /// How many starts are tried.
    Restarts = "restarts",
    /// How many iterations are done at most.
    MaxIterations = "max_iterations",
}

impl fmt::Display for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
