use super::leaderboard_flags::LeaderboardFlags;
use super::{Out, Registry, Status, json_text, print, status_of_stored, tell, write as to_stdout};
use crate::error::{Error, Result};
use crate::report::{Leaderboard, Results, classes, history, insights, reliability, terminal, to_json};
use crate::run::Store;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench show last                         the latest leaderboard
  bench show last --sort accuracy         the most accurate model first
  bench show last --columns macro_f1,balanced_accuracy,cohens_kappa
                                          other metrics (`bench list metrics` shows all)
  bench show features-30-sec-track        a run by the start of its name
  bench show last --experiment > e.toml   what was run, to be run again: bench run e.toml
  bench show last --confusion svm,forest  who is taken for whom
  bench show last --per-class svm         precision, recall and F1 of every genre
  bench show last --insights forest       what each column counts, and the score out of bag
  bench show last --history cnn-7x7       its training history, epoch by epoch
  bench show last --reliability svm       reliability diagram as a table (after --calibrate)")]
pub(super) struct Args {
    /// Name of the run, the start of it, or `last`
    #[arg(default_value = "last")]
    run: String,
    /// Confusion matrices of these models instead of the leaderboard
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    confusion: Vec<String>,
    /// Precision, recall and F1 of every class for these models instead of the leaderboard
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    per_class: Vec<String>,
    /// What these models found out about their fits: importances of columns, out-of-bag accuracy, …
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    insights: Vec<String>,
    /// What every epoch of these networks came to: loss, accuracy, learning rate, seconds
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    history: Vec<String>,
    /// Reliability curves of these models, which were run with --calibrate
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    reliability: Vec<String>,
    /// The experiment behind the run, as a file that `bench run` runs again
    #[arg(long, conflicts_with_all = ["confusion", "per_class", "insights", "history", "reliability", "json"])]
    experiment: bool,
    /// Print one JSON object, as `bench all --json` does
    #[arg(long, conflicts_with_all = ["confusion", "per_class", "insights", "history", "reliability"])]
    json: bool,
    #[command(flatten)]
    leaderboard: LeaderboardFlags,
    #[command(flatten)]
    out: Out,
}

/// Runs `bench show`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let store = Store::open(&args.out.out)?;
    if args.experiment {
        to_stdout(store.experiment(&args.run)?.as_bytes())?;
        return Ok(Status::DONE);
    }
    let results = Results::load(&store, &args.run)?;
    let mut text = String::new();
    for (models, show) in [
        (&args.confusion, classes::confusion as fn(&Results, usize) -> String),
        (&args.per_class, classes::per_class),
        (&args.insights, insights::table),
        (&args.history, history::table),
        (&args.reliability, reliability::table),
    ] {
        for name in models {
            let model = results.model(name)?;
            if results.fold_results(model).next().is_none() {
                return Err(Error::new(
                    format!("model `{name}`"),
                    "has no finished fold",
                    "run `bench all` again",
                ));
            }
            text += &show(&results, model);
            text.push('\n');
        }
    }
    if text.is_empty() {
        let leaderboard = Leaderboard::of(&results, &registry.figures(), &args.leaderboard.options());
        text = if args.json {
            json_text(&to_json(&results, &leaderboard))
        } else {
            // Standard output is what `bench all` printed.
            tell(terminal::made(&results).trim_end());
            terminal::report(&results, &leaderboard)
        };
    }
    print(&text)?;
    Ok(status_of_stored(&results))
}
