use super::leaderboard_flags::LeaderboardFlags;
use super::picture::{PictureOptions, kind_of, write_picture_as};
use super::{Out, Registry, Status, status_of_stored};
use crate::audio;
use crate::error::{Error, Result};
use crate::report::across::Across;
use crate::report::chart::Theme;
use crate::report::figures::{
    Ablation, AudioSheet, Calibration, Confusions, Cost, Curves, Differences, Figure, Importances, Intervals,
    Map, PerClass, Ranks, Resource, Slope, Unit,
};
use crate::report::{Leaderboard, Results};
use crate::run::Store;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench plot leaderboard last -o leaderboard.svg    models with their intervals, the ties as a band
  bench plot slope RUN RUN RUN -o slope.svg         what is left of a score, from protocol to protocol
  bench plot confusion last --model svm -o svm.svg  who is taken for whom
  bench plot seconds last --width 85 -o cost.svg    as wide as a column of a paper
  bench plot audio song.wav -o song.svg             a recording: waveform, spectrogram, MFCC, chroma, parts, beats

Letters are 3 mm high wherever the picture is used in its own size, so say with --width how wide that is. SVG and PDF have \
their typeface in them.")]
pub(super) struct Args {
    /// Which picture
    #[arg(value_enum)]
    what: What,
    /// Names of runs, or the starts of them, or `last`; of `audio` a file
    #[arg(value_name = "RUN", default_value = "last")]
    of: Vec<String>,
    /// File to write, whole or not at all: .svg, .png or .pdf
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// The model, for pictures of one [default: the best that has such a picture]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Width in millimetres; columns of papers have about 85, pages 174
    #[arg(long, value_name = "MM", default_value_t = 174, value_parser = clap::value_parser!(u32).range(60..=1000))]
    width: u32,
    /// What it is looked at on
    #[arg(long, value_enum, default_value_t = Ground::Light)]
    theme: Ground,
    /// Dots per inch of PNG
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(30..=1200))]
    dpi: u32,
    #[command(flatten)]
    leaderboard: LeaderboardFlags,
    #[command(flatten)]
    out: Out,
}

/// What a picture is looked at on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ground {
    /// Paper, or a light screen
    Light,
    /// A dark screen
    Dark,
}

/// The pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Models by their score, with intervals
    Leaderboard,
    /// Scores from protocol to protocol, of several runs
    Slope,
    /// Score against seconds
    Seconds,
    /// Score against memory
    Memory,
    /// F1 of every class
    Classes,
    /// Confusion matrix of a model, in examples
    Confusion,
    /// The same in percent of the true class
    ConfusionShares,
    /// Loss and accuracy of a network, epoch by epoch
    Curves,
    /// Reliability diagram of a model
    Calibration,
    /// What a model goes by
    Importances,
    /// What groups of features are worth
    Ablation,
    /// Tracks in a plane
    Map,
    /// Every model against every other
    Differences,
    /// Mean ranks over several runs: critical-difference diagram
    Ranks,
    /// A recording
    Audio,
}

/// Runs `bench plot`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    // Before anything is computed.
    kind_of(&args.output)?;
    let (figure, status): (Box<dyn Figure>, u8) = match args.what {
        What::Audio => (Box::new(of_audio(args)?), Status::DONE),
        _ => {
            let store = Store::open(&args.out.out)?;
            let runs = args.of.iter().map(|run| Results::load(&store, run)).collect::<Result<Vec<_>>>()?;
            let figure = of_runs(args, registry, &runs)?;
            (figure, runs.last().map_or(Status::DONE, status_of_stored))
        }
    };
    let theme = match args.theme {
        Ground::Light => Theme::Paper,
        Ground::Dark => Theme::Night,
    };
    let options = PictureOptions { width: args.width, theme, dots_per_inch: args.dpi };
    write_picture_as(figure.as_ref(), &args.output, &options)?;
    Ok(status)
}

fn of_audio(args: &Args) -> Result<AudioSheet> {
    let [file] = &args.of[..] else {
        return Err(Error::new("bench plot audio", "draws one recording", "name one file"));
    };
    let path = Path::new(file);
    let recording =
        audio::read(path).map_err(|e| Error::at(path, e.fault, "a WAV, AU, FLAC, MP3, Ogg or AAC file"))?;
    let name = path.file_name().map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
    AudioSheet::of(&name, &recording.samples).map_err(|e| Error::at(path, e, "a longer recording"))
}

fn of_runs(args: &Args, registry: &Registry, runs: &[Results]) -> Result<Box<dyn Figure>> {
    let figures = registry.figures();
    let boards: Vec<Leaderboard> =
        runs.iter().map(|run| Leaderboard::of(run, &figures, &args.leaderboard.options())).collect();
    let none = |reason: &str, hint: &str| Error::new(format!("bench plot {}", name(args.what)), reason, hint);
    if args.what == What::Slope {
        let pairs: Vec<(&Results, &Leaderboard)> = runs.iter().zip(&boards).collect();
        if let Some(other) =
            runs.iter().find(|run| run.plan.dataset.fingerprint != runs[0].plan.dataset.fingerprint)
        {
            let reason = format!("{} and {} are runs on different data", runs[0].plan.id, other.plan.id);
            return Err(none(&reason, "name runs on the same data"));
        }
        let reason = "there are not two protocols under which the same model finished";
        return boxed(Slope::of(&pairs), || none(reason, "name runs of one dataset under several protocols"));
    }
    if args.what == What::Ranks {
        let across = Across::of(&runs.iter().collect::<Vec<_>>(), &[])?;
        return Ranks::of(across)
            .map(|drawn| Box::new(drawn) as Box<dyn Figure>)
            .map_err(|reason| none(&reason, "name more runs, of other datasets or draws"));
    }
    let ([run], [board]) = (runs, &boards[..]) else {
        return Err(none("is a picture of one run", "name one; `slope` and `ranks` take several"));
    };
    let unfinished = || none("no model has what it takes", "`bench show` says what the run has");
    match args.what {
        What::Leaderboard => boxed(Intervals::of(board, &run.plan.protocol), unfinished),
        What::Seconds => boxed(Cost::of(board, Resource::Seconds), unfinished),
        What::Memory => boxed(Cost::of(board, Resource::Memory), unfinished),
        What::Classes => boxed(PerClass::of(run, board), unfinished),
        What::Map => boxed(Map::of(run, board), unfinished),
        What::Differences => boxed(Differences::of(run, board), unfinished),
        What::Ablation => {
            boxed(Ablation::of(run), || none("the run left nothing out", "`bench ablate` makes such runs"))
        }
        What::Confusion => {
            of_model(args, run, board, |run, model| Some(Confusions::of(run, model, Unit::Counts)))
        }
        What::ConfusionShares => {
            of_model(args, run, board, |run, model| Some(Confusions::of(run, model, Unit::Shares)))
        }
        What::Curves => of_model(args, run, board, Curves::of),
        What::Calibration => of_model(args, run, board, Calibration::of),
        What::Importances => of_model(args, run, board, Importances::of),
        What::Slope | What::Ranks | What::Audio => {
            Err(Error::bug(name(args.what), "is no picture of one run"))
        }
    }
}

/// The picture of the model that was named, else of the best that has one.
fn of_model<F: Figure + 'static>(
    args: &Args,
    run: &Results,
    board: &Leaderboard,
    of: impl Fn(&Results, usize) -> Option<F>,
) -> Result<Box<dyn Figure>> {
    let finished = |model: &usize| run.fold_results(*model).next().is_some();
    let candidates: Vec<usize> = match &args.model {
        Some(name) => vec![run.model(name)?],
        None => board.rows.iter().filter_map(|row| run.model(&row.model).ok()).collect(),
    };
    let drawn = candidates.into_iter().filter(finished).find_map(|model| of(run, model));
    boxed(drawn, || {
        let whose =
            args.model.as_ref().map_or_else(|| "no model".to_owned(), |model| format!("model `{model}`"));
        let (subject, hint) = (format!("bench plot {}", name(args.what)), "--model with another one");
        Error::new(subject, format!("{whose} has nothing of that kind, or no finished fold"), hint)
    })
}

fn boxed<F: Figure + 'static>(figure: Option<F>, none: impl FnOnce() -> Error) -> Result<Box<dyn Figure>> {
    figure.map(|figure| Box::new(figure) as Box<dyn Figure>).ok_or_else(none)
}

/// A picture's name on the command line.
fn name(what: What) -> String {
    use clap::ValueEnum;
    what.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
