use super::flags::{Common, On, RunFlags};
use super::setup::Setup;
use super::{Registry, Status, json_text, print, report};
use crate::dataset::{Dataset, ImageSize};
use crate::error::{Error, Result};
use crate::protocol::{Protocol, Split};
use crate::report::published::{Division, IMAGE, division, system_of};
use crate::report::reproduction::{Reproduction, Reproductions, Score};
use crate::run::PlannedModel;
use genre_bench_api::{Card, Model, Published, Reads};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench reproduce svm svm-c10 --data gtzan            two models of system A
  bench reproduce A --data gtzan                      all of it
  bench reproduce lstm-64x2 --data gtzan --reduced      reduced configuration: minutes instead of days
  bench reproduce B --data gtzan --device cuda        as published, on a GPU
  bench reproduce F --data gtzan --json

Every system is scored three times: with the data divided as its authors did, with whole tracks kept together, and
with artists kept apart. The change is that of the score where nothing leaks, with its 95 % interval.

--data is a folder in the layout of GTZAN's public copy: tables (features_30_sec.csv, …) beside genres_original with the
audio and images_original with the spectrograms; each system is given what it reads. `bench list models` shows all
published figures. A run that was stopped goes on where it was when the same command is given again.")]
pub(super) struct Args {
    /// Models, or letters of systems (A to F) [default: all that have published figures]
    #[arg(value_name = "SYSTEM")]
    systems: Vec<String>,
    /// Folder of the data; the built-in music (synthetic, so that figures mean nothing) without it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How often to divide the data anew: more draws, narrower intervals
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeats: u16,
    #[command(flatten)]
    common: Common,
}

/// A published figure to be measured again.
struct Target<'r> {
    model: &'r dyn Model,
    card: &'r Card,
    figure: &'r Published,
}

/// What figures must share to be measured in one go.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Conditions {
    input: String,
    seconds: u32,
    protocol: String,
    division: Option<Division>,
    place: Option<PathBuf>,
}

/// Runs `bench reproduce`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let targets = targets(args, registry)?;
    let cards: Vec<&Card> = targets.iter().map(|target| target.card).collect();
    args.common.check_changes(registry, &cards)?;
    let mut groups: BTreeMap<Conditions, Vec<Target>> = BTreeMap::new();
    for target in targets {
        groups.entry(conditions(args, &target)?).or_default().push(target);
    }
    let mut all = Vec::new();
    let mut status = Status::DONE;
    for (conditions, targets) in groups {
        match reproduce(args, registry, &conditions, &targets) {
            Ok(None) => return Ok(Status::INTERRUPTED),
            Ok(Some((reproductions, of_group))) => {
                if !args.common.json {
                    print(format!("{}\n", reproductions.table()))?;
                }
                all.push(reproductions);
                status = status.max(of_group);
            }
            // Data of one length may be missing where that of another is there.
            Err(error) => {
                report(&error);
                status = Status::PARTLY_FAILED;
            }
        }
    }
    if all.is_empty() {
        return Ok(Status::WRONG_INPUT);
    }
    if args.common.json {
        print(json_text(&json!({ "reproductions": all })))?;
    } else {
        print(
            "Scores in %; as published: divided as its authors did; track: whole tracks kept together;\n\
             artist: artists kept apart; change: against \"as published\", with its 95 % interval.\n",
        )?;
    }
    Ok(status)
}

fn targets<'r>(args: &Args, registry: &'r Registry) -> Result<Vec<Target<'r>>> {
    let of_system =
        |name: &str, figure: &Published| system_of(figure).is_some_and(|of| of.eq_ignore_ascii_case(name));
    let mut targets = Vec::new();
    for (model, card) in registry.models.iter().zip(&registry.cards) {
        for figure in &card.published {
            let named = |name: &String| *name == card.name || of_system(name, figure);
            if args.systems.is_empty() || args.systems.iter().any(named) {
                targets.push(Target { model: model.as_ref(), card, figure });
            }
        }
    }
    for name in &args.systems {
        if !targets.iter().any(|target| target.card.name == *name || of_system(name, target.figure)) {
            return Err(match registry.cards.iter().any(|card| card.name == *name) {
                true => Error::new(
                    format!("model `{name}`"),
                    "nothing was published for it",
                    "`bench list models`",
                ),
                false => registry.unknown(
                    name,
                    &format!("system `{name}`"),
                    "is no model and no letter from A to F",
                ),
            });
        }
    }
    Ok(targets)
}

fn conditions(args: &Args, target: &Target) -> Result<Conditions> {
    let figure = target.figure;
    Ok(Conditions {
        input: figure.input.clone(),
        seconds: figure.seconds,
        protocol: figure.protocol.clone(),
        division: system_of(figure).map(division).transpose()?.flatten(),
        place: args.data.as_ref().map(|data| place(data, target.card.reads, &figure.input)),
    })
}

/// Where in a folder the input lies that a figure was published for.
fn place(data: &Path, reads: Reads, input: &str) -> PathBuf {
    let within = |name: &str| Some(data.join(name)).filter(|folder| folder.is_dir());
    let images = || within("images_original");
    match reads {
        Reads::Table => None,
        Reads::Spectrograms(_) if input == IMAGE => images().or_else(|| within("genres_original")),
        _ => within("genres_original").or_else(images),
    }
    .unwrap_or_else(|| data.to_owned())
}

/// Measures figures under the three protocols; None if the user stopped it. With the exit status.
fn reproduce(
    args: &Args,
    registry: &Registry,
    conditions: &Conditions,
    targets: &[Target],
) -> Result<Option<(Reproductions, u8)>> {
    let mut flags = flags(args, conditions)?;
    let setup = Setup::new(&flags, registry)?;
    let planned = targets.iter().map(|target| planned(&setup, target)).collect::<Result<Vec<_>>>()?;
    let dataset = setup.dataset(&planned)?;
    let wanted = targets.iter().map(|target| target.model).zip(planned.iter().cloned()).collect();
    let names: Vec<String> = planned.iter().map(|model| model.name.clone()).collect();
    let (_, notes) = setup.readable(wanted, &dataset, &names)?;
    let models: Vec<&dyn Model> = targets.iter().map(|target| target.model).collect();

    let theirs = flags.on.protocol.clone();
    let mut scores: BTreeMap<String, Vec<Score>> = BTreeMap::new();
    let (mut status, mut scheme) = (Status::DONE, String::new());
    for protocol in [theirs.clone(), Protocol::Track, Protocol::Artist] {
        if scores.contains_key(&protocol.name()) {
            continue;
        }
        flags.on.protocol = protocol.clone();
        let setup = Setup::new(&flags, registry)?;
        let measured = match setup.split(&dataset) {
            Err(error) if protocol != theirs => {
                let why = format!("not under {}: {error}", protocol.name());
                let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
                targets.iter().map(|_| Score::Missing(why.clone())).collect()
            }
            split => {
                let split = split?;
                if protocol == theirs {
                    scheme.clone_from(&split.scheme);
                }
                let Some((scores, of_run)) = measure(&setup, &dataset, &split, &planned, &models, targets)?
                else {
                    return Ok(None);
                };
                status = status.max(of_run);
                scores
            }
        };
        scores.insert(protocol.name(), measured);
    }
    let score = |protocol: &Protocol, at: usize| scores[&protocol.name()][at].clone();
    let rows = targets.iter().enumerate().map(|(at, target)| Reproduction {
        model: target.card.name.clone(),
        figure: target.figure.clone(),
        theirs: score(&theirs, at),
        track: score(&Protocol::Track, at),
        artist: score(&Protocol::Artist, at),
    });
    let reproductions = Reproductions {
        data: dataset.info.describe(),
        synthetic: dataset.info.synthetic,
        input: format!("{}, {} s", conditions.input, conditions.seconds),
        division: format!("{}, {scheme}", theirs.name()),
        notes,
        rows: rows.collect(),
    };
    Ok(Some((reproductions, status)))
}

/// The scores of all targets on one split; None if the user stopped it. With the exit status.
fn measure(
    setup: &Setup,
    dataset: &Dataset,
    split: &Split,
    planned: &[PlannedModel],
    models: &[&dyn Model],
    targets: &[Target],
) -> Result<Option<(Vec<Score>, u8)>> {
    let plan = setup.plan(dataset, split, planned.to_vec())?;
    let Some(computed) = setup.compute(plan, dataset, split, models)? else { return Ok(None) };
    let scores = targets
        .iter()
        .enumerate()
        .map(|(at, target)| Score::of(&computed.results, at, &target.figure.metric))
        .collect();
    Ok(Some((scores, computed.status())))
}

/// The model as its figure was published.
fn planned(setup: &Setup, target: &Target) -> Result<PlannedModel> {
    // Of both, the figure's input names the table, too.
    let spectrogram = target.figure.input.trim_start_matches("table + ");
    let input = [("input", spectrogram)];
    let has_input = target.card.reads != Reads::Table && target.figure.input != IMAGE;
    setup.planned_with(target.card, if has_input { &input } else { &[] })
}

/// Flags of a run with the data divided as the authors did.
fn flags(args: &Args, conditions: &Conditions) -> Result<RunFlags> {
    let wrong = |e: String| Error::new("data/systems.csv", e, "report this as a bug");
    let division = conditions.division.as_ref();
    let holdout = division.and_then(|division| division.holdout.as_deref());
    let on = On {
        data: conditions.place.clone(),
        segment: Some(conditions.seconds),
        image_size: ImageSize::default(),
        protocol: conditions.protocol.parse().map_err(wrong)?,
        folds: division.and_then(|division| division.folds),
        holdout: holdout.map(str::parse).transpose().map_err(wrong)?,
        valid: division.and_then(|division| division.valid),
        calibrate: None,
        repeats: args.repeats,
    };
    Ok(RunFlags { on, common: args.common.clone() })
}
