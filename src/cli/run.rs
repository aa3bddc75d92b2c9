use super::external::{self, ExternalData, ExternalFlags};
use super::flags::{ExperimentFlags, SessionFlags};
use super::leaderboard_flags::LeaderboardFlags;
use super::output::unwritable;
use super::progress::{Console, stopped};
use super::slurm::{self, Computed, Scheduler};
use super::{Registry, Status, json_text, print, report, tell};
use crate::error::{Error, Result};
use crate::experiment::{Evaluated, Experiment, Session, read};
use crate::report::ablation::AblationRow;
use crate::report::comparison::Comparison;
use crate::report::{Leaderboard, Results, terminal, to_json};
use crate::run::Store;
use crate::util::write_whole;
use serde_json::Value;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench run experiment.toml               one experiment, or as many as its lists make
  bench run experiments/*.toml --dry-run  what would run, and for how long
  bench run last.toml --out elsewhere     a leaderboard again, from `bench show last --experiment`
  bench list experiment                   all keys of such a file (--json: as a JSON Schema)

A file that compares three protocols:

  models = [\"svm\", \"forest\"]
  [data]
  path = \"gtzan\"
  segment = 10
  [split]
  protocol = [\"segment\", \"track\", \"artist\"]

Every run prints its leaderboard; where there are several, a table that compares them closes the list. Runs that were \
stopped go on where they were when the same command is given again. docs/experiments.md explains all of it.")]
pub(super) struct Args {
    /// Experiments (TOML)
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    session: SessionFlags,
    #[command(flatten)]
    leaderboard: LeaderboardFlags,
}

/// Runs `bench run`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let files = args.files.iter().map(|path| read(path, registry)).collect::<Result<Vec<_>>>()?;
    let mut experiments = Vec::new();
    for file in &files {
        let of_file = if files.len() > 1 { file.path.display().to_string() } else { String::new() };
        for (experiment, label) in file.experiments.iter().zip(&file.labels) {
            let words: Vec<&str> =
                [of_file.as_str(), label].into_iter().filter(|word| !word.is_empty()).collect();
            experiments.push((words.join(", "), experiment));
        }
    }
    let console = Console::new(args.session.quiet);
    let session = args.session.session(registry, &console);
    match &experiments[..] {
        [(_, only)] => print_one(only, &session, &args.session, &args.leaderboard, None),
        all if args.session.dry_run => dry_runs(all, &session, args.session.json),
        all => print_all(all, &session, &args.session, &args.leaderboard),
    }
}

/// Runs the experiment that some flags made, once for each number of shots, or says what it would do.
pub(super) fn one(
    experiment: &Experiment,
    flags: &ExperimentFlags,
    external: Option<&ExternalFlags>,
    registry: &Registry,
) -> Result<u8> {
    let external = external.map(ExternalFlags::data).transpose()?.flatten();
    if external.is_some() && flags.shots.len() > 1 {
        let reason = "is scored by the models of one run";
        return Err(Error::new("--external", reason, "one number of --shots"));
    }
    // Before the file is written: an experiment that cannot be run is not worth one.
    experiment.check(registry)?;
    if let Some(path) = &flags.save_experiment {
        let text = experiment.to_toml_of_shots(&flags.shots)?;
        write_whole(path, text.as_bytes()).map_err(|e| unwritable(path, &e))?;
    }
    let console = Console::new(flags.session.quiet);
    let mut session = flags.session.session(registry, &console);
    // Those that are asked about it.
    session.keep_models |= external.is_some();
    if flags.shots.len() < 2 {
        return print_one(experiment, &session, &flags.session, &flags.leaderboard, external.as_ref());
    }
    let all = of_shots(experiment, &flags.shots);
    let all: Vec<(String, &Experiment)> = all.iter().map(|(label, one)| (label.clone(), one)).collect();
    match flags.session.dry_run {
        true => dry_runs(&all, &session, flags.session.json),
        false => print_all(&all, &session, &flags.session, &flags.leaderboard),
    }
}

/// Has a cluster compute what some flags made, and prints what [`one`] would.
pub(super) fn on(
    scheduler: Scheduler,
    experiment: &Experiment,
    flags: &ExperimentFlags,
    registry: &Registry,
) -> Result<u8> {
    let Scheduler::Slurm = scheduler;
    experiment.check(registry)?;
    let console = Console::new(flags.session.quiet);
    let session = flags.session.session(registry, &console);
    let all: Vec<Experiment> = match flags.shots.len() {
        0 | 1 => vec![experiment.clone()],
        _ => of_shots(experiment, &flags.shots).into_iter().map(|(_, experiment)| experiment).collect(),
    };
    match slurm::compute(&all, &session, flags.session.quiet)? {
        None => Ok(Status::INTERRUPTED),
        // Every cell is stored, so nothing is fitted here.
        Some(Computed::All) => one(experiment, flags, None, registry),
        Some(Computed::Partly(runs)) => {
            let store = Store::open(&session.out)?;
            for run in &runs {
                let results = Results::load(&store, run)?;
                let leaderboard =
                    Leaderboard::of(&results, &registry.figures(), &flags.leaderboard.options());
                print(match flags.session.json {
                    true => json_text(&to_json(&results, &leaderboard)),
                    false => terminal::report(&results, &leaderboard),
                })?;
            }
            Ok(Status::PARTLY_FAILED)
        }
    }
}

/// The experiment with each number of shots, and what the run is called.
fn of_shots(experiment: &Experiment, shots: &[u32]) -> Vec<(String, Experiment)> {
    let of = |&shots: &u32| {
        let mut experiment = experiment.clone();
        experiment.split.shots = Some(shots);
        (format!("shots {shots}"), experiment)
    };
    shots.iter().map(of).collect()
}

fn print_one(
    experiment: &Experiment,
    session: &Session,
    flags: &SessionFlags,
    shown: &LeaderboardFlags,
    external: Option<&ExternalData>,
) -> Result<u8> {
    if flags.dry_run {
        let dry_run = session.dry_run(&session.prepare_dry(experiment)?)?;
        print(if flags.json { json_text(&serde_json::json!(dry_run)) } else { dry_run.text() })?;
        return Ok(Status::DONE);
    }
    let prepared = session.prepare(experiment)?;
    let Some(evaluated) = session.run(&prepared)? else { return Ok(Status::INTERRUPTED) };
    let leaderboard = Leaderboard::of(&evaluated.results, &session.registry.figures(), &shown.options());
    if !flags.json {
        print(terminal::report(&evaluated.results, &leaderboard))?;
    }
    let mut worst = status(&evaluated);
    let asked = match external.map(|external| external.asked(session, &prepared, &evaluated, flags.quiet)) {
        Some(Ok(None)) => return Ok(Status::INTERRUPTED),
        Some(Ok(asked)) => asked,
        // The leaderboard stands.
        Some(Err(error)) => {
            report(&error);
            worst = worst.max(Status::PARTLY_FAILED);
            None
        }
        None => None,
    };
    match (&asked, flags.json) {
        (asked, true) => {
            let mut object = object(&evaluated, &leaderboard);
            if let Some(asked) = asked {
                object["external"] = external::object(asked, leaderboard.sort);
            }
            print(json_text(&object))?;
        }
        (Some(asked), false) => external::print_table(asked, &leaderboard)?,
        (None, false) => (),
    }
    let all_asked = asked.iter().flat_map(|asked| &asked.models).all(|model| model.evaluation.is_ok());
    Ok(if all_asked { worst } else { worst.max(Status::PARTLY_FAILED) })
}

fn print_all(
    experiments: &[(String, &Experiment)],
    session: &Session,
    flags: &SessionFlags,
    shown: &LeaderboardFlags,
) -> Result<u8> {
    let mut comparison = Comparison::new(shown.metric());
    let (mut objects, mut worst) = (Vec::new(), Status::DONE);
    for (at, (label, experiment)) in experiments.iter().enumerate() {
        session.observer.tells(&format!("run {} of {}: {label}", at + 1, experiments.len()));
        let evaluated = match session.prepare(experiment).and_then(|prepared| session.run(&prepared)) {
            Ok(Some(evaluated)) => evaluated,
            Ok(None) => return Ok(Status::INTERRUPTED),
            Err(_) if stopped() => return Ok(Status::INTERRUPTED),
            // The other runs may be fine: the artists of one table are known, of another not.
            Err(error) => {
                report(&error);
                worst = Status::PARTLY_FAILED;
                continue;
            }
        };
        let leaderboard = Leaderboard::of(&evaluated.results, &session.registry.figures(), &shown.options());
        worst = worst.max(status(&evaluated));
        if flags.json {
            let mut object = object(&evaluated, &leaderboard);
            object["label"] = label.as_str().into();
            objects.push(object);
        } else {
            print(format!("{}\n", terminal::report(&evaluated.results, &leaderboard)))?;
        }
        comparison.add(label, &leaderboard);
        if stopped() {
            return Ok(Status::INTERRUPTED);
        }
    }
    if comparison.is_empty() {
        return Ok(Status::WRONG_INPUT);
    }
    print(if flags.json {
        json_text(&serde_json::json!({ "runs": objects, "comparison": comparison.json() }))
    } else {
        comparison.table()
    })?;
    Ok(worst)
}

fn dry_runs(experiments: &[(String, &Experiment)], session: &Session, as_json: bool) -> Result<u8> {
    let (mut all, mut status) = (Vec::new(), Status::DONE);
    for (label, experiment) in experiments {
        match session.prepare_dry(experiment).and_then(|prepared| session.dry_run(&prepared)) {
            Ok(dry_run) if as_json => all.push(serde_json::json!({ "label": label, "dry_run": dry_run })),
            Ok(dry_run) => print(format!("{label}\n{}\n", dry_run.text()))?,
            Err(error) => {
                report(&error);
                status = Status::PARTLY_FAILED;
            }
        }
    }
    if as_json {
        print(json_text(&serde_json::json!({ "dry_runs": all })))?;
    }
    Ok(status)
}

/// What `--json` prints of a run.
fn object(evaluated: &Evaluated, leaderboard: &Leaderboard) -> Value {
    let mut object = to_json(&evaluated.results, leaderboard);
    if let Some(searched) = &evaluated.searched {
        object["candidates"] = searched.json();
    }
    let ablation = AblationRow::all(&evaluated.results);
    if !ablation.is_empty() {
        object["ablation"] = serde_json::json!(ablation);
    }
    object
}

/// Tells of trouble and returns the exit status.
fn status(evaluated: &Evaluated) -> u8 {
    if let Some(error) = &evaluated.store_error {
        report(error);
        tell("the scores above are complete, but not all of them are stored");
    }
    if evaluated.is_complete() { Status::DONE } else { Status::PARTLY_FAILED }
}
