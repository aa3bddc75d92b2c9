use super::flags::SessionFlags;
use super::leaderboard_flags::metric_parser;
use super::picture::{kind_of, write_picture};
use super::progress::{Console, bar, stop_on_ctrl_c_saying};
use super::{Registry, Status, json_text, print, warn};
use crate::audio::deform::Deformation;
use crate::error::Result;
use crate::experiment::robust::{Fall, Robustness, RobustnessOptions};
use crate::report::Grid;
use crate::report::figures::{Falls, FallsOfModel};
use crate::score::Metric;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench all --data music --segment 10 --keep-models          first a run whose models are kept
  bench robust last                                          all of them, all deformations
  bench robust last --models svm-c10,cnn-5block --deform white-noise:20,telephone,rate:8000
  bench robust last -o falls.svg                             and a picture of how they fall
  bench robust svm --data elsewhere                          a saved model, on tracks that it was not fitted to
  bench robust last --json | jq '.models[] | [.model, .mean]'

Every model is asked about the test tracks of its own folds, deformed: no model hears a track that it was fitted to. \
Deformations, with a number behind a colon: white-noise and pink-noise (decibels that the recording is above the noise), gain \
(decibels), clipping (percent of the samples that are cut), low-pass and high-pass (Hz), telephone (300 to 3400 Hz), mp3 \
and ogg (kbit/s), rate (resampled to so many Hz and back), pitch (semitones), tempo (percent), offset (seconds that come last instead of first), reverb (seconds to fall by 60 decibels), \
inverted, silence (seconds in front).")]
pub(super) struct Args {
    /// The run, by its name, the start of it, or `last`; or the folder of a saved model
    #[arg(value_name = "RUN|DIR", default_value = "last")]
    of: String,
    /// Labelled tracks for a saved model that it was not fitted to: a folder with audio in GENRE/file
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// These models alone
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    models: Vec<String>,
    /// These deformations alone
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    deform: Vec<Deformation>,
    /// The metric; `bench list metrics` shows all
    #[arg(long, value_name = "METRIC", value_parser = metric_parser(), default_value = "macro_f1", hide_possible_values = true)]
    metric: &'static Metric,
    /// Draw how the models fall: .svg, .png or .pdf
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    session: SessionFlags,
}

/// Runs `bench robust`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    // Before anything is computed.
    args.output.as_deref().map(kind_of).transpose()?;
    let console = Console::new(args.session.quiet);
    let session = args.session.session(registry, &console);
    let options = RobustnessOptions {
        deformations: if args.deform.is_empty() { Deformation::ALL.to_vec() } else { args.deform.clone() },
        metric: args.metric,
        models: args.models.clone(),
        data: args.data.clone(),
    };
    stop_on_ctrl_c_saying("stopping");
    let bar = bar(0, args.session.quiet, "{elapsed_precise} [{bar:24}] {pos}/{len} tracks, {eta} left");
    let progress = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let found = Robustness::of(&session, &args.of, &options, &progress);
    bar.finish_and_clear();
    let Some(robustness) = found? else { return Ok(Status::INTERRUPTED) };
    print(match args.session.json {
        true => json_text(&object(&robustness, args.metric)),
        false => table(&robustness, args.metric),
    })?;
    if let Some(path) = &args.output {
        write_picture(&figure(&robustness, args.metric), path)?;
    }
    robustness.failures.iter().for_each(warn);
    Ok(if robustness.failures.is_empty() { Status::DONE } else { Status::PARTLY_FAILED })
}

fn figure(robustness: &Robustness, metric: &Metric) -> Falls {
    let model = |fall: &Fall| FallsOfModel {
        name: fall.model.clone(),
        clean: fall.clean,
        deformed: fall.deformed.iter().map(|(value, _)| *value).collect(),
    };
    Falls {
        data: robustness.data.clone(),
        metric: metric.key,
        deformations: robustness.deformations.iter().map(ToString::to_string).collect(),
        models: robustness.models.iter().map(model).collect(),
    }
}

/// A row a deformation, a column a model; the most robust model first.
fn table(robustness: &Robustness, metric: &Metric) -> String {
    let falls = &robustness.models;
    let value =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{:.1}", 100.0 * value));
    let mut grid =
        Grid::new(1, std::iter::once("deformed").chain(falls.iter().map(|fall| fall.model.as_str())));
    grid.row(std::iter::once("not at all".to_owned()).chain(falls.iter().map(|fall| value(fall.clean))));
    for (number, deformation) in robustness.deformations.iter().enumerate() {
        let cell = |fall: &Fall| {
            let (own, difference) = &fall.deformed[number];
            let is_told = difference.as_ref().is_some_and(|d| d.high < 0.0 || d.low > 0.0);
            format!("{}{}", value(*own), if is_told { "*" } else { " " })
        };
        grid.row(std::iter::once(deformation.to_string()).chain(falls.iter().map(cell)));
    }
    grid.row(std::iter::once("mean".to_owned()).chain(falls.iter().map(|fall| value(fall.mean()))));
    let (what, note) = match robustness.run {
        Some(_) => ("mean over folds, of every fold's own test tracks", "; the most robust model first"),
        None => ("of tracks from outside", ""),
    };
    format!(
        "{}\n{grid}\n{} in %, {what}{note}.\n\
         * the 95 % interval of the paired difference to the clean tracks is away from 0.\n",
        robustness.data, metric.key
    )
}

fn object(robustness: &Robustness, metric: &Metric) -> Value {
    let model = |fall: &Fall| {
        let deformed = robustness.deformations.iter().zip(&fall.deformed);
        let deformed = deformed.map(|(deformation, (value, difference))| {
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
        "run": robustness.run,
        "data": robustness.data,
        "metric": metric.key,
        "models": robustness.models.iter().map(model).collect::<Vec<_>>(),
    })
}
