use super::flags::SessionFlags;
use super::leaderboard_flags::metric_parser;
use super::progress::{Console, bar, stop_on_ctrl_c_saying};
use super::{Registry, Status, json_text, print, warn};
use crate::audio::deform::Deformation;
use crate::error::Result;
use crate::experiment::robust::Robustness;
use crate::report::{Evaluation, Grid, Results};
use crate::score::{Interval, Metric};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench all --data music --segment 10 --keep-models          first a run whose models are kept
  bench robust last                                          all of them, all deformations
  bench robust last --models svm-c10,cnn-5block --deform white-noise:20,telephone,rate:8000
  bench robust last --json | jq '.models[] | [.model, .mean]'

Every model is asked about the test tracks of its own folds, deformed: no model hears a track that it was fitted to. \
Deformations, with a number behind a colon: white-noise and pink-noise (decibels that the recording is above the noise), gain \
(decibels), clipping (percent of the samples that are cut), low-pass and high-pass (Hz), telephone (300 to 3400 Hz), mp3 \
and ogg (kbit/s), rate (resampled to so many Hz and back), pitch (semitones), tempo (percent), offset (seconds that come last instead of first), reverb (seconds to fall by 60 decibels), \
inverted, silence (seconds in front).")]
pub(super) struct Args {
    /// The run: its name, the start of it, or `last`
    #[arg(value_name = "RUN", default_value = "last")]
    run: String,
    /// These models alone
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    models: Vec<String>,
    /// These deformations alone
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    deform: Vec<Deformation>,
    /// The metric; `bench list metrics` shows all
    #[arg(long, value_name = "METRIC", value_parser = metric_parser(), default_value = "macro_f1", hide_possible_values = true)]
    metric: &'static Metric,
    #[command(flatten)]
    session: SessionFlags,
}

/// How a model falls.
struct Fall {
    model: String,
    clean: Option<f64>,
    /// For each deformation the value, and its difference to the clean one.
    deformed: Vec<(Option<f64>, Option<Interval>)>,
}

impl Fall {
    fn of(robustness: &Robustness, model: usize, metric: &'static Metric) -> Self {
        let clean = &robustness.clean;
        let own = evaluation(clean, model);
        let deformed = robustness.deformed.iter().map(|(_, results)| {
            let deformed = evaluation(results, model);
            let difference = deformed.as_ref().zip(own.as_ref()).and_then(|(a, b)| a.difference(b, metric));
            (deformed.and_then(|deformed| deformed.value(metric)), difference)
        });
        Self {
            model: clean.plan.models[model].name.clone(),
            deformed: deformed.collect(),
            clean: own.and_then(|own| own.value(metric)),
        }
    }

    /// The mean over deformations; `None` where one has no value.
    fn mean(&self) -> Option<f64> {
        let values: Option<Vec<f64>> = self.deformed.iter().map(|(value, _)| *value).collect();
        values
            .filter(|values| !values.is_empty())
            .map(|values| values.iter().sum::<f64>() / values.len() as f64)
    }
}

/// A model on the test parts of all folds, if it has scores for all.
fn evaluation(results: &Results, model: usize) -> Option<Evaluation<'_>> {
    Some(Evaluation::of(results, &results.complete(model)?))
}

/// Runs `bench robust`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let console = Console::new(args.session.quiet);
    let session = args.session.session(registry, &console);
    let deformations = if args.deform.is_empty() { Deformation::ALL.to_vec() } else { args.deform.clone() };
    stop_on_ctrl_c_saying("stopping");
    let bar = bar(0, args.session.quiet, "{elapsed_precise} [{bar:24}] {pos}/{len} tracks, {eta} left");
    let progress = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let found = Robustness::of(&session, &args.run, &args.models, &deformations, &progress);
    bar.finish_and_clear();
    let Some(robustness) = found? else { return Ok(Status::INTERRUPTED) };
    let mut falls: Vec<Fall> =
        robustness.models.iter().map(|&model| Fall::of(&robustness, model, args.metric)).collect();
    falls.sort_by(|a, b| b.mean().unwrap_or(f64::MIN).total_cmp(&a.mean().unwrap_or(f64::MIN)));
    print(match args.session.json {
        true => json_text(&object(&robustness, &falls, args.metric)),
        false => table(&robustness, &falls, args.metric),
    })?;
    let failed = robustness.deformed.iter().flat_map(|(deformation, results)| {
        results.failures().map(move |(_, reason)| format!("{deformation}: {reason}"))
    });
    let failed: std::collections::BTreeSet<String> = failed.collect();
    failed.iter().for_each(warn);
    Ok(if failed.is_empty() { Status::DONE } else { Status::PARTLY_FAILED })
}

/// A row a deformation, a column a model; the most robust model first.
fn table(robustness: &Robustness, falls: &[Fall], metric: &Metric) -> String {
    let value =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{:.1}", 100.0 * value));
    let mut grid =
        Grid::new(1, std::iter::once("deformed").chain(falls.iter().map(|fall| fall.model.as_str())));
    grid.row(std::iter::once("not at all".to_owned()).chain(falls.iter().map(|fall| value(fall.clean))));
    for (number, (deformation, _)) in robustness.deformed.iter().enumerate() {
        let cell = |fall: &Fall| {
            let (own, difference) = &fall.deformed[number];
            let is_told = difference.as_ref().is_some_and(|d| d.high < 0.0 || d.low > 0.0);
            format!("{}{}", value(*own), if is_told { "*" } else { " " })
        };
        grid.row(std::iter::once(deformation.to_string()).chain(falls.iter().map(cell)));
    }
    grid.row(std::iter::once("mean".to_owned()).chain(falls.iter().map(|fall| value(fall.mean()))));
    format!(
        "{}\n{grid}\n{} in %, mean over folds, of every fold's own test tracks; the most robust model first.\n\
         * the 95 % interval of the paired difference to the clean tracks is away from 0.\n",
        robustness.clean.plan.dataset.describe(),
        metric.key
    )
}

fn object(robustness: &Robustness, falls: &[Fall], metric: &Metric) -> Value {
    let model = |fall: &Fall| {
        let deformed = robustness.deformed.iter().zip(&fall.deformed);
        let deformed = deformed.map(|((deformation, _), (value, difference))| {
            let interval =
                difference.as_ref().map(|d| json!({ "mean": d.mean, "low": d.low, "high": d.high }));
            json!({ "deformation": deformation.to_string(), "value": value, "difference": interval })
        });
        json!({
            "model": fall.model,
            "clean": fall.clean,
            "mean": fall.mean(),
            "deformed": deformed.collect::<Vec<_>>(),
        })
    };
    json!({
        "run": robustness.clean.plan.id,
        "metric": metric.key,
        "models": falls.iter().map(model).collect::<Vec<_>>(),
    })
}
