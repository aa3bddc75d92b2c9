use super::cache::CacheFlags;
use super::flags::parse_encoder;
use super::output::unwritable;
use super::progress::{RecordingsBar, stop_on_ctrl_c_saying, stopped};
use super::stdin_file::StdinFile;
use super::{Registry, Status, json_text, print, tell, warn, write};
use crate::audio::Limits;
use crate::error::{Error, Result};
use crate::experiment::DeviceChoice;
use crate::experiment::predict::{AT_ONCE, PredictOptions, Predicted, Predictor, frame};
use crate::recordings::find;
use crate::report::{FileFormat, write_frame};
use crate::run::saved::About;
use crate::util::shown::{counted, in_json, one_line};
use crate::util::write_whole;
use console::style;
use genre_bench_api::Observer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Columns of the longest bar.
const BAR: f32 = 30.0;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench predict song.mp3 --model svm                  the three likeliest genres
  bench predict song.mp3 --model svm --segments       and what each part of it sounds like
  bench predict music --model svm -o said.parquet     a folder, as a table: a row a file and part
  bench predict music --model svm --json              one JSON object
  bench predict music --model svm --ndjson            an object a file, as they come
  ffmpeg -i film.mkv -f wav - | bench predict - --model svm
  arecord -d 30 -f S16_LE -r 22050 -t raw | bench predict - --raw 22050 --model svm

The model is a folder that `bench train --save DIR` or `bench all --keep-models` made. Probabilities are as good as the \
model's: train it with --calibrate, or take them for an order.

Exit status: 0 done; 1 some files could not be used; 2 no file could be used, or wrong usage; 130 stopped by Ctrl-C.")]
pub(super) struct Args {
    /// Audio files, and folders with audio files at any depth; `-` for standard input
    #[arg(value_name = "FILE|DIR", required = true)]
    places: Vec<PathBuf>,
    /// Standard input is raw samples at so many Hz: 16 bits, little-endian, one channel
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1000..=192_000))]
    raw: Option<u32>,
    /// The folder of the model
    #[arg(long, short, value_name = "DIR")]
    model: PathBuf,
    /// Genres to show of each file
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Show what the model says of each part of a file, too
    #[arg(long)]
    segments: bool,
    /// Write a table instead: .csv, .parquet, .arrow, .json, .ndjson, .md or .tex
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["json", "ndjson"])]
    output: Option<PathBuf>,
    /// Longest recording that is read; a longer one is named and left out
    #[arg(
        long, value_name = "SECONDS", default_value_t = Limits::DEFAULT_SECONDS,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Limits::MOST_SECONDS))
    )]
    max_seconds: u32,
    /// The file of the encoder that the model stands on
    #[arg(long = "encoder", value_name = "NAME=FILE", value_parser = parse_encoder)]
    encoders: Vec<(String, PathBuf)>,
    /// Where networks compute: auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    #[command(flatten)]
    cache: CacheFlags,
    /// Print results and errors, nothing else
    #[arg(long, short)]
    quiet: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "ndjson")]
    json: bool,
    /// Print one JSON object a file, as they come
    #[arg(long)]
    ndjson: bool,
}

/// Hears Ctrl-C.
struct Stopping;

impl Observer for Stopping {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {}
    fn cancelled(&self) -> bool {
        stopped()
    }
}

/// Runs `bench predict`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let format = args.output.as_deref().map(format_of).transpose()?;
    let registry = registry.opening(&args.encoders.iter().cloned().collect())?;
    let options = PredictOptions {
        device: args.device.resolve(registry.cuda_devices)?,
        limits: Limits::of_seconds(args.max_seconds),
        cache: args.cache.open(),
    };
    let predictor = Predictor::open(&args.model, &registry, options)?;
    let is_stdin = |place: &PathBuf| place == Path::new("-");
    let stdin = args.places.iter().any(is_stdin).then(|| StdinFile::read(args.raw)).transpose()?;
    let place = |place: &PathBuf| match &stdin {
        Some(stdin) if is_stdin(place) => stdin.path().to_owned(),
        _ => place.clone(),
    };
    let recordings = find(&args.places.iter().map(place).collect::<Vec<_>>())?;
    if recordings.is_empty() {
        let hint = "WAV, AU, FLAC, MP3, Ogg Vorbis, AAC and M4A files are read";
        return Err(Error::at(&args.places[0], "there is no audio file in it", hint));
    }
    stop_on_ctrl_c_saying("stopping");
    let about = predictor.about();
    let bar = RecordingsBar::new(args.quiet);
    let (mut predicted, mut failed) = (Vec::new(), Vec::new());
    for (at, some) in recordings.chunks(AT_ONCE).enumerate() {
        let outcomes = predictor.predict(some, &Stopping)?;
        if stopped() {
            bar.finish();
            return Ok(Status::INTERRUPTED);
        }
        for (path, outcome) in outcomes {
            let (path, outcome) = match &stdin {
                Some(stdin) => (stdin.given(path), outcome.map_err(|reason| stdin.told(&reason))),
                None => (path, outcome),
            };
            match outcome {
                Ok(said) if args.ndjson => write(line(&object(about, &path, &said)).as_bytes())?,
                Ok(said) if !args.json && args.output.is_none() => print(shown(about, &path, &said, args))?,
                Ok(said) => predicted.push((path, said)),
                Err(reason) => {
                    if args.ndjson {
                        write(line(&json!({ "file": path, "error": reason })).as_bytes())?;
                    }
                    failed.push((path, reason));
                }
            }
        }
        bar.show((at * AT_ONCE + some.len()).min(recordings.len()), recordings.len());
    }
    if args.json {
        let all: Vec<Value> = predicted.iter().map(|(path, said)| object(about, path, said)).collect();
        let failed: Vec<Value> =
            failed.iter().map(|(path, reason)| json!({ "file": path, "reason": reason })).collect();
        print(json_text(&json!({ "model": about, "predictions": all, "failed": failed })))?;
    }
    if let (Some(path), Some(format)) = (&args.output, format) {
        let bytes = write_frame(&mut frame(about, &predicted)?, format)?;
        write_whole(path, &bytes).map_err(|e| unwritable(path, &e))?;
    }
    if !args.json {
        failed.iter().for_each(|(_, reason)| warn(one_line(reason)));
    }
    if !failed.is_empty() {
        let (failed, all) = (failed.len(), counted(recordings.len(), "file"));
        tell(format!("{failed} of {all} could not be used"));
    }
    Ok(match failed.len() {
        0 => Status::DONE,
        all if all == recordings.len() => Status::WRONG_INPUT,
        _ => Status::PARTLY_FAILED,
    })
}

fn format_of(path: &Path) -> Result<FileFormat> {
    let extension = path.extension().map(|e| e.to_string_lossy());
    extension.as_deref().and_then(FileFormat::of_extension).ok_or_else(|| {
        Error::at(
            path,
            "the name does not say which format to write",
            "a name such as said.csv or said.parquet",
        )
    })
}

/// Classes and their probabilities, the likeliest first; those of one probability in the model's order.
fn ranked<'a>(about: &'a About, probabilities: &[f32]) -> Vec<(&'a str, f32)> {
    let names = about.classes.iter().map(String::as_str);
    let mut ranked: Vec<(&str, f32)> = names.zip(probabilities.iter().copied()).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

/// What is said of a file, for people: a bar for each of the likeliest genres.
fn shown(about: &About, path: &Path, said: &Predicted, args: &Args) -> String {
    let path = path.display().to_string();
    let mut text = format!("{}\n", style(one_line(&path)).bold());
    let ranked_all = ranked(about, &said.probabilities);
    let wide = about.classes.iter().map(|class| console::measure_text_width(class)).max().unwrap_or(0);
    for (place, (class, probability)) in ranked_all.into_iter().take(usize::from(args.top)).enumerate() {
        let bar = "█".repeat((probability * BAR).round() as usize);
        let name = format!("{:wide$}", one_line(class));
        let name = if place == 0 { style(name).green() } else { style(name) };
        text += &format!("  {name} {:5.1} %  {bar}\n", 100.0 * probability);
    }
    if args.segments {
        for segment in &said.segments {
            let (class, probability) = (&about.classes[segment.class], segment.probabilities[segment.class]);
            text += &format!(
                "    {} – {}  {:wide$} {:5.1} %\n",
                minutes(segment.start),
                minutes(segment.end),
                one_line(class),
                100.0 * probability
            );
        }
    }
    text
}

/// `1:05`.
fn minutes(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    format!("{:2}:{:02}", whole / 60, whole % 60)
}

/// What is said of a file, for programs.
fn object(about: &About, path: &Path, said: &Predicted) -> Value {
    let probabilities = |numbers: &[f32]| -> Value {
        let pairs = about.classes.iter().zip(numbers);
        pairs.map(|(class, number)| (class.clone(), json!(number))).collect::<serde_json::Map<_, _>>().into()
    };
    let segment = |segment: &crate::experiment::predict::PredictedSegment| {
        json!({
            "start": segment.start,
            "end": segment.end,
            "genre": about.classes[segment.class],
            "probabilities": probabilities(&segment.probabilities),
        })
    };
    json!({
        "file": path,
        "genre": about.classes[said.class],
        "probabilities": probabilities(&said.probabilities),
        "calibrated": about.calibration.is_some(),
        "segments": said.segments.iter().map(segment).collect::<Vec<_>>(),
    })
}

/// An object on one line.
fn line(object: &Value) -> String {
    in_json(&format!("{object}\n")).into_owned()
}
