use super::flags::{FitFlags, SessionFlags};
use super::progress::Console;
use super::{Registry, Status, json_text, print};
use crate::error::{Error, Result};
use crate::experiment::{Experiment, Session};
use crate::protocol::Protocol;
use crate::report::{Leaderboard, LeaderboardOptions, Results};
use crate::run::Store;
use crate::run::saved::{HeldOutScore, SavedModel};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench train svm-c10 --data gtzan --save svm               on everything, for `bench predict song.mp3 --model svm`
  bench train svm-c10 --data gtzan --segment 3 --save svm   on examples of 3 s
  bench train forest --data music --calibrate platt --save forest
                                                            with probabilities that mean something
  bench train svm --data gtzan --protocol artist --fold 0 --save svm
                                                            without the artists that fold 0 tests
  bench train --best last --save best                       the best model of a leaderboard, with its parameters

A model that was fitted to everything has no test score of its own. With --best the score of the run is saved beside it: \
what such models scored on parts that they were not fitted to.")]
pub(super) struct Args {
    /// The model; ENCODER+MODEL is one on the embeddings of an encoder
    #[arg(value_name = "MODEL", required_unless_present = "best", conflicts_with = "best")]
    model: Option<String>,
    /// Take the best model of a stored run, with its data, parameters and score: the run's name, the start of it, or `last`
    #[arg(long, value_name = "RUN")]
    best: Option<String>,
    /// Fit to the training part of this fold alone, counted from 0 [default: everything]
    #[arg(long, value_name = "N", conflicts_with = "best")]
    fold: Option<usize>,
    /// Folder to save the model in
    #[arg(long, value_name = "DIR")]
    save: PathBuf,
    #[command(flatten)]
    fit: FitFlags,
    #[command(flatten)]
    session: SessionFlags,
}

/// Runs `bench train`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let console = Console::new(args.session.quiet);
    let session = args.session.session(registry, &console);
    let trained = match (&args.best, &args.model) {
        (Some(best), _) => train_best(&session, best, &args.save)?,
        (None, Some(model)) => {
            let mut experiment = args.fit.experiment(std::slice::from_ref(model));
            let split = &mut experiment.split;
            // Nothing is tested, so that what is too little for the usual folds is enough here.
            let is_drawn = matches!(split.protocol, Protocol::Segment | Protocol::Track);
            if is_drawn && split.holdout.is_none() && args.fold.is_none() {
                split.folds.get_or_insert(2);
            }
            session.train(&session.prepare(&experiment)?, args.fold, &args.save, None)?
        }
        (None, None) => return Err(Error::new("bench train", "which model?", "name one, or --best RUN")),
    };
    let Some(saved) = trained else { return Ok(Status::INTERRUPTED) };
    if args.session.json {
        print(json_text(&serde_json::json!(saved.about)))?;
    } else if !args.session.quiet {
        print(told(&saved, &args.save))?;
    }
    Ok(Status::DONE)
}

/// The best model of a stored run on its data.
fn train_best(session: &Session, run: &str, folder: &Path) -> Result<Option<SavedModel>> {
    let store = Store::open(&session.out)?;
    let results = Results::load(&store, run)?;
    let leaderboard = Leaderboard::of(&results, &session.registry.figures(), &LeaderboardOptions::default());
    let best = leaderboard.rows.iter().find(|row| row.is_complete());
    let best = best.ok_or_else(|| {
        Error::new(format!("run `{}`", results.plan.id), "no model of it is complete", "run it to its end")
    })?;
    let evaluation = best.value(leaderboard.sort).map(|score| HeldOutScore {
        run: results.plan.id.clone(),
        protocol: results.plan.protocol.clone(),
        scheme: results.plan.scheme.clone(),
        metric: leaderboard.sort.key.to_owned(),
        score,
        interval: best.interval(leaderboard.sort).map(|interval| (interval.low, interval.high)),
    });
    let model = results.plan.models.iter().find(|planned| planned.name == best.model);
    let model = model.ok_or_else(|| Error::bug("the leaderboard", "a row without a model"))?;
    if !model.choices.is_empty() || model.without.is_some() {
        let reason = format!("{} was tuned in each fold, or is without some columns", best.model);
        let hint = format!("bench train {} --set …, with the parameters that you want", model.model);
        return Err(Error::new(format!("run `{}`", results.plan.id), reason, hint));
    }
    let mut prepared = session.prepare_again(&store, &results, |experiment| Experiment {
        models: vec![model.model.clone()],
        ..experiment
    })?;
    prepared.models.retain(|planned| planned.name == model.name);
    session.train(&prepared, None, folder, evaluation)
}

fn told(saved: &SavedModel, folder: &Path) -> String {
    let about = &saved.about;
    let mut text = format!(
        "{}: {} fitted to {}: {} examples of {} classes\n",
        folder.display(),
        about.model,
        about.fitted_to.part,
        about.fitted_to.examples,
        about.classes.len()
    );
    text += &match &about.evaluation {
        Some(HeldOutScore { run, protocol, metric, score, interval, .. }) => {
            let interval = interval.map_or_else(String::new, |(low, high)| {
                format!(" ({:.1} – {:.1})", 100.0 * low, 100.0 * high)
            });
            format!("such models scored {metric} {:.1}{interval} in {run}, protocol {protocol}\n", 100.0 * score)
        }
        None => "it has no test score of its own: `bench all` says what such models are worth, and --best keeps it\n"
            .to_owned(),
    };
    text + &format!("bench predict FILE --model {}\n", folder.display())
}
