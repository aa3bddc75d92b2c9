use super::flags::RunFlags;
use super::setup::Setup;
use super::{Registry, Status, json_text, print};
use crate::error::{Error, Result};
use crate::report::{Leaderboard, LeaderboardOptions, terminal, to_json};
use crate::run::PlannedModel;
use crate::run::tuning::{Axis, Criterion, candidates, choose, ends_chosen, inner_scores, suggested};
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench tune svm                                              the grid that the model suggests
  bench tune svm --data gtzan --segment 10 --protocol artist  artists are kept apart inside the training parts too
  bench tune svm --grid c=1,10,100 --grid gamma=0.003,0.01,0.03
  bench tune svm --grid c=0.1..1000 --grid gamma=0.0003..0.3 --random 30
  bench tune forest --set forest.trees=300 --inner 5

Each outer fold's parameters are chosen by a cross-validation inside its training part; the outer test parts see only
the final fit. So the score printed is an honest one, unlike the best score of a grid. The model as it is (with your
--set) is always among the candidates, and is scored beside the tuned one.

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
    /// What to choose by
    #[arg(long, value_enum, default_value = "macro-f1")]
    by: Criterion,
    #[command(flatten)]
    flags: RunFlags,
}

/// Runs `bench tune`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let flags = &args.flags;
    let (model, card) = registry.find(&args.model)?;
    let setup = Setup::new(flags, registry)?;
    flags.common.check_changes(registry, &[card])?;
    let base = setup.planned(card)?;
    let axes = if args.axes.is_empty() { suggested(card)? } else { args.axes.clone() };
    let candidates = candidates(card, &base, &axes, args.random.map(usize::from), flags.common.seed)?;

    let dataset = setup.dataset(&candidates)?;
    let named = std::slice::from_ref(&base.name);
    let (_, reduced) = setup.readable(vec![(model, base.clone())], &dataset, named)?;
    let split = setup.split(&dataset)?;
    let nested = split.nested(&dataset, args.inner.into(), flags.common.seed);
    if let Some(fold) = nested.folds.iter().find(|fold| fold.test.is_empty() || fold.train.is_empty()) {
        let reason =
            format!("the training part of fold {} is too small for {} folds", fold.repeat + 1, args.inner);
        return Err(Error::new("--inner", reason, "--inner 2, or more data"));
    }
    let Some(searched) = setup.search(candidates.clone(), &dataset, &nested, model)? else {
        return Ok(Status::INTERRUPTED);
    };
    let labels: Vec<usize> = dataset.catalogue.examples.iter().map(|example| example.label).collect();
    let classes = dataset.catalogue.classes.len();
    let scores = inner_scores(args.by, &nested.folds, &searched.results.outcomes, &labels, classes);
    let choices = choose(&candidates, &scores)?;
    let notes = ends_chosen(&axes, &choices);

    let tuned = PlannedModel { name: format!("{} tuned", base.name), changed: true, choices, ..base.clone() };
    let mut plan = setup.plan(&dataset, &split, vec![tuned, base])?;
    plan.notes.extend(notes.into_iter().chain(reduced));
    let Some(computed) = setup.compute(plan, &dataset, &split, &[model, model])? else {
        return Ok(Status::INTERRUPTED);
    };
    let board = Leaderboard::of(&computed.results, &registry.figures(), &LeaderboardOptions::default());
    if flags.common.json {
        let mut object = to_json(&computed.results, &board);
        object["candidates"] = candidates
            .iter()
            .enumerate()
            .map(|(at, candidate)| {
                let inner: Vec<Option<f64>> = scores.iter().map(|of_fold| of_fold[at]).collect();
                let params: BTreeMap<_, _> = candidate.params.iter().collect();
                serde_json::json!({"params": params, "inner_scores": inner})
            })
            .collect();
        print(json_text(&object))?;
    } else {
        print(terminal::report(&computed.results, &board))?;
    }
    Ok(computed.status().max(searched.status()))
}
