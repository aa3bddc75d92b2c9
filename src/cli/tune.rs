use super::flags::ExperimentFlags;
use super::leaderboard_flags::metric_parser;
use super::{Registry, run};
use crate::error::{Error, Result};
use crate::experiment::{Axis, Experiment, Tuning};
use crate::score::Metric;
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench tune svm                                              the grid that the model suggests
  bench tune svm --data gtzan --segment 10 --protocol artist  artists kept apart
  bench tune svm --grid c=1,10,100 --grid gamma=0.003,0.01,0.03
  bench tune svm --grid c=0.1..1000 --grid gamma=0.0003..0.3 --random 30
  bench tune forest --set forest.trees=300 --inner 5

Each outer fold's parameters are chosen by a cross-validation inside its training part; the outer test parts see only \
the final fit. So the score printed is an honest one, unlike the best score of a grid. The baseline, the model \
with its defaults and your --set, is always among the candidates, and is scored beside the tuned one.

A search that was stopped goes on where it was when the same command is given again.")]
pub(super) struct Args {
    /// The model
    model: String,
    /// Values to try for a parameter: PARAMETER=VALUE,VALUE or, with --random, PARAMETER=LOW..HIGH; may be given
    /// repeatedly [default: what the model suggests]
    #[arg(long = "grid", value_name = "PARAMETER=VALUES")]
    axes: Vec<Axis>,
    /// Try so many combinations drawn at random instead of all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    random: Option<u16>,
    /// Folds inside each training part
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u16).range(2..=100))]
    inner: u16,
    /// Metric to choose by; `bench list metrics` shows all
    #[arg(long, value_name = "METRIC", default_value = Metric::macro_f1().key, value_parser = metric_parser(), hide_possible_values = true)]
    by: &'static Metric,
    #[command(flatten)]
    flags: ExperimentFlags,
}

/// Runs `bench tune`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let mut grid = BTreeMap::new();
    for Axis { parameter, values } in &args.axes {
        if grid.insert(parameter.clone(), values.clone()).is_some() {
            let reason = "the parameter is given twice";
            return Err(Error::new(
                format!("--grid {parameter}"),
                reason,
                "put all its values behind one --grid",
            ));
        }
    }
    let tuning = Tuning { grid, random: args.random, inner: args.inner, by: args.by.key.to_owned() };
    let experiment = args.flags.experiment(std::slice::from_ref(&args.model));
    run::one(&Experiment { tune: Some(tuning), ..experiment }, &args.flags, None, registry)
}
