//! Result tables as polars frames, long form: one observation a row, so that they join and filter. One file a table.

mod ablation;
mod confusion;
mod history;
mod insights;
mod leaderboard;
mod per_class;
mod predictions;
mod reliability;
mod split;

use super::{FoldResult, Leaderboard, Results};
use crate::error::{Error, Result};
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, NamedFromOwned, Series};

/// A table that can be made from a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Table {
    /// One row a model: scores with intervals, seconds, memory.
    Leaderboard,
    /// One row a model and class: precision, recall, F1, support; test parts pooled.
    PerClass,
    /// One row a model, true class and predicted class: number of examples; test parts pooled.
    Confusion,
    /// One row a model, fold and test example: truth, prediction, one score a class.
    Predictions,
    /// One row an example and fold: who trained and who was tested.
    Split,
    /// One row a model and column: its importance, mean over folds; only models that tell.
    Importances,
    /// One row a model, fold and number that the model told of its fit, such as out-of-bag accuracy.
    Insights,
    /// One row a network, fold and epoch: loss, accuracy, F1, learning rate, seconds.
    History,
    /// One row a calibrated model and step of probability: examples, mean probability, share predicted correctly.
    Reliability,
    /// One row a model and group of columns: the change where the group is left out (after `bench ablate`).
    Ablation,
}

impl Table {
    /// Why a run may have no row of it.
    pub fn why_empty(self) -> &'static str {
        match self {
            Self::Leaderboard => "the run has no model",
            Self::PerClass | Self::Confusion | Self::Predictions => "no model of the run has finished a fold",
            Self::Split => "the run has no fold",
            Self::Importances => "no model of the run tells what its columns count",
            Self::Insights => "no model of the run tells numbers of its fits",
            Self::History => "no model of the run is trained in epochs",
            Self::Reliability => "the run was not calibrated (bench all --calibrate temperature)",
            Self::Ablation => "the run left out no columns (bench ablate)",
        }
    }

    /// Makes the table.
    ///
    /// # Errors
    ///
    /// Only if polars refuses, which would be a bug.
    pub fn frame(self, results: &Results, leaderboard: &Leaderboard) -> Result<DataFrame> {
        let columns = match self {
            Self::Leaderboard => leaderboard::columns(leaderboard),
            Self::PerClass => per_class::columns(results),
            Self::Confusion => confusion::columns(results),
            Self::Predictions => predictions::columns(results),
            Self::Split => split::columns(results),
            Self::Importances => insights::importances(results),
            Self::Insights => insights::numbers(results),
            Self::History => history::columns(results),
            Self::Reliability => reliability::columns(results),
            Self::Ablation => ablation::columns(results),
        };
        DataFrame::new_infer_height(columns).map_err(|e| Error::bug("the table", e))
    }
}

/// Columns that say which fit a row is of: repeat, fold and, where folds were fitted with several seeds, seed.
fn of_fit<'r>(results: &Results, fits: impl Iterator<Item = &'r FoldResult<'r>> + Clone) -> Vec<Column> {
    let seeds =
        (results.plan.conditions.seeds() > 1).then(|| count("seed", fits.clone().map(|fit| fit.seed)));
    let (repeats, folds) = (fits.clone().map(|fit| fit.fold.repeat), fits.map(|fit| fit.fold.fold));
    [count("repeat", repeats), count("fold", folds)].into_iter().chain(seeds).collect()
}

fn text(name: &str, values: impl Iterator<Item = String>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn number(name: &str, values: impl Iterator<Item = f64>) -> Column {
    Series::from_vec(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn count(name: &str, values: impl Iterator<Item = usize>) -> Column {
    Series::from_vec(name.into(), values.map(|n| n as u64).collect::<Vec<_>>()).into_column()
}

fn optional(name: &str, values: impl Iterator<Item = Option<f64>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn optional_count(name: &str, values: impl Iterator<Item = Option<usize>>) -> Column {
    let values: Vec<Option<u64>> = values.map(|value| value.map(|n| n as u64)).collect();
    Series::new(name.into(), values).into_column()
}

fn optional_text(name: &str, values: impl Iterator<Item = Option<String>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn optional_flag(name: &str, values: impl Iterator<Item = Option<bool>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}
