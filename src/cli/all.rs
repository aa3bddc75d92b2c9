use super::cache::CacheFlags;
use super::device::DeviceChoice;
use super::progress::{Progress, RecordingsBar, stop_on_ctrl_c, stopped};
use super::{Out, Registry, Status, json_text, print, report};
use crate::dataset::{Dataset, ImageSize, Source};
use crate::error::{Error, Result};
use crate::protocol::{DEFAULT_FOLDS, Protocol, Request, Scheme, Split};
use crate::report::{Leaderboard, Results, terminal};
use crate::run::{Outcome, Plan, Settings, Store, execute};
use genre_bench_api::{Family, Model};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench all --data gtzan --segment 10                      the 10 s table, recordings kept together
  bench all --data music --segment 3                       audio in music/GENRE/file.mp3, cut into 3 s
  bench all --data gtzan/images_original --image-size 48x32   spectrogram images, a pixel a column
  bench all --data gtzan --protocol segment                as most published figures: it leaks
  bench all --data my.csv --models svm,forest --folds 10   two models, 10 folds
  bench all --models classical --set svm.c=10              a family, one parameter changed
  bench all --holdout 80/10/10 --repeats 5                 five random hold-outs
  bench all --data gtzan --drop-faults report.json         without what an audit found faulty
  bench all --protocol file:split.csv                      the split of another tool
  bench all --json | jq '.leaderboard[] | [.model, .macro_f1]'

A run that was stopped goes on where it was when the same command is given again.")]
pub(super) struct Args {
    /// Feature table (CSV), or a folder with features_30_sec.csv and the like or with audio or PNG images in
    /// GENRE/file; built-in music (synthetic) without it
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Length of an example in seconds: chooses the table of a folder (30, 10 or 3), or how its audio is cut (any)
    /// [default: the longest table there is; 30 of audio, 10 of the built-in music]
    #[arg(long, value_name = "SECONDS")]
    segment: Option<u32>,
    /// CSV with the columns filename and artist [default: splits/artist_folds.csv beside the table]
    #[arg(long, value_name = "CSV")]
    artists: Option<PathBuf>,
    /// Leave out what `bench data audit DIR -o FILE` found unusable, and all but one of each group of duplicates
    #[arg(long, value_name = "FILE")]
    drop_faults: Option<PathBuf>,
    /// Models or families, separated by commas [default: all but those that only run by name]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    models: Vec<String>,
    /// What must not stand on both sides of a split: segment, track, artist, fault-filtered or file:PATH
    #[arg(long, default_value = "track")]
    protocol: Protocol,
    #[arg(long, value_name = "K", help = format!("Folds of the cross-validation [default: {DEFAULT_FOLDS}]"))]
    folds: Option<usize>,
    /// One split instead of folds: percent to train/test or train/valid/test, such as 80/20 or 80/10/10
    #[arg(long, value_name = "PERCENT", conflicts_with = "folds")]
    holdout: Option<Scheme>,
    /// How often to draw the folds anew
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeats: u16,
    /// Seed of everything random: same seed, same numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Model fits at a time [default: number of processors]; changes no score, but use 1 to compare seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    cache: CacheFlags,
    /// Size that images are brought to, a pixel a column
    #[arg(long, value_name = "WxH", default_value_t)]
    image_size: ImageSize,
    /// Where neural models compute: auto or cpu
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Change a hyper-parameter; may be given repeatedly
    #[arg(long = "set", value_name = "MODEL.PARAMETER=VALUE", value_parser = parse_change)]
    changes: Vec<Change>,
    /// Print the leaderboard and errors, nothing else
    #[arg(long, short)]
    quiet: bool,
    /// Print one JSON object instead of the leaderboard
    #[arg(long)]
    json: bool,
}

/// Model, parameter and value of a `--set`.
type Change = (String, String, String);

fn parse_change(text: &str) -> std::result::Result<Change, String> {
    let (name, value) = text.split_once('=').ok_or("expected MODEL.PARAMETER=VALUE, such as svm.c=10")?;
    let (model, parameter) =
        name.split_once('.').ok_or("expected MODEL.PARAMETER=VALUE, such as svm.c=10")?;
    Ok((model.to_owned(), parameter.to_owned(), value.to_owned()))
}

/// Runs `bench all`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let models = select(registry, &args.models)?;
    for (of, ..) in &args.changes {
        if !models.iter().any(|model| model.card().name == *of) {
            return Err(unknown(registry, of, &format!("--set {of}"), "is not a model of this run"));
        }
    }
    let source = Source {
        data: args.data.clone(),
        seconds: args.segment,
        artists: args.artists.clone(),
        seed: args.seed,
        cache: args.cache.open(),
        image_size: args.image_size,
        drop_faults: args.drop_faults.clone(),
    };
    let bar = RecordingsBar::new(args.quiet);
    let dataset = Dataset::load(&source, &|done, total| bar.show(done, total))?;
    let request = Request {
        protocol: args.protocol.clone(),
        scheme: args.folds.map(Scheme::Folds).or(args.holdout),
        repeats: args.repeats.into(),
        seed: args.seed,
        valid: 0,
    };
    let split = Split::build(&dataset, &request)?;
    let plan = Plan::new(&dataset, &split, &models, &args.changes, args.seed, "cpu".to_owned())?;
    let store = Store::create(&args.out.out)?;
    store.save_run(&plan, &dataset.catalogue, &split.folds)?;
    if !args.quiet {
        eprintln!("{}: {} models on {split}", dataset.info.describe(), models.len());
        eprintln!("storing in {}", store.run_folder(&plan.id).display());
    }

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or(cores, usize::from);
    let settings = Settings { jobs, threads: (cores / jobs).max(1), device: args.device.0 };
    stop_on_ctrl_c();
    let progress = Progress::new(&plan, args.quiet);
    let executed = execute(&plan, &dataset, &split, &models, &store, settings, &progress);
    progress.finish();
    let executed = executed?;

    let results =
        Results { plan, catalogue: dataset.catalogue, folds: split.folds, outcomes: executed.outcomes };
    if stopped() {
        let done = results.outcomes.iter().filter(|o| !matches!(o, Outcome::Missing)).count();
        eprintln!("stopped: {done} of {} cells are stored, the same command goes on", results.outcomes.len());
        return Ok(Status::INTERRUPTED);
    }
    let board = Leaderboard::of(&results, &registry.figures());
    print(&if args.json {
        json_text(&json(&results, &board))
    } else {
        terminal::leaderboard(&results, &board)
    })?;
    let mut status = Status::DONE;
    if results.failures().next().is_some() {
        status = Status::PARTLY_FAILED;
    }
    if let Some(error) = executed.store_error {
        report(&error);
        eprintln!("the scores above are complete, but not all of them are stored");
        status = Status::PARTLY_FAILED;
    }
    Ok(status)
}

/// The object that `--json` prints.
pub(super) fn json(results: &Results, board: &Leaderboard) -> serde_json::Value {
    let plan = &results.plan;
    serde_json::json!({
        "run": plan.id,
        "program": plan.program,
        "dataset": plan.dataset,
        "protocol": plan.protocol,
        "scheme": plan.scheme,
        "split_hash": plan.split_hash,
        "seed": plan.seed,
        "warnings": plan.warnings,
        "notes": plan.notes,
        "interval_method": board.interval_method.map(crate::score::IntervalMethod::description),
        "leaderboard": board.rows,
    })
}

/// The models that `--models` names, in the registry's order.
fn select<'a>(registry: &'a Registry, names: &[String]) -> Result<Vec<&'a dyn Model>> {
    let cards = &registry.cards;
    let is_family = |name: &str| Family::ALL.into_iter().find(|family| family.name() == name);
    for name in names {
        let known = cards.iter().any(|card| card.name == *name || is_family(name) == Some(card.family));
        if !known {
            return Err(unknown(
                registry,
                name,
                &format!("--models {name}"),
                "is no model and no family that has models",
            ));
        }
    }
    let wanted = |card: &&genre_bench_api::Card| {
        let named = names.contains(&card.name);
        let in_family = names.is_empty() || names.iter().any(|name| is_family(name) == Some(card.family));
        named || (in_family && card.in_default_lineup)
    };
    let models: Vec<&dyn Model> = (registry.models.iter().zip(cards))
        .filter(|(_, card)| wanted(card))
        .map(|(model, _)| model.as_ref())
        .collect();
    if models.is_empty() {
        return Err(Error::new(
            "--models",
            "there is no model to run",
            "`bench list models` shows those there are",
        ));
    }
    Ok(models)
}

fn unknown(registry: &Registry, name: &str, subject: &str, reason: &str) -> Error {
    let closest = registry
        .cards
        .iter()
        .map(|card| (strsim::jaro_winkler(name, &card.name), &card.name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match closest {
        Some((likeness, closest)) if likeness > 0.8 && closest != name => {
            format!("did you mean {closest}? `bench list models` shows all")
        }
        _ => "`bench list models` shows all".to_owned(),
    };
    Error::new(subject, reason, hint)
}
