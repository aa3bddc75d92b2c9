mod explain;
mod live;
mod shown;
mod stdin_file;

use super::open_flags::OpenFlags;
use super::output::unwritable;
use super::picture::kind_of;
use super::progress::{RecordingsBar, stop_on_ctrl_c_saying, stopped};
use super::{Registry, Status, json_text, print, tell, warn, write};
use crate::error::{Error, Result};
use crate::experiment::predict::{AT_ONCE, Predictor, frame};
use crate::recordings::find;
use crate::report::{FileFormat, write_frame};
use crate::util::shown::{counted, one_line};
use crate::util::write_whole;
use genre_bench_api::Observer;
use serde_json::{Value, json};
use shown::{Shown, line, object};
use std::path::{Path, PathBuf};
use stdin_file::StdinFile;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench predict song.mp3 --model svm                  the three likeliest genres
  bench predict song.mp3 --model svm --segments       and what each part of it sounds like
  bench predict music --model svm -o said.parquet     a folder, as a table: a row a file and part
  bench predict music --model svm --json              one JSON object
  bench predict music --model svm --ndjson            an object a file, as they come
  bench predict song.mp3 --model svm --explain        what spoke for the answer
  bench predict song.mp3 --model cnn --picture why.svg   and a picture of it
  ffmpeg -i film.mkv -f wav - | bench predict - --model svm
  arecord -f S16_LE -r 22050 -t raw | bench predict - --raw 22050 --live --model svm

The model is a folder that `bench train --save DIR` or `bench all --keep-models` made. Probabilities are as good as the \
model's: train it with --calibrate, or take them for an order. What is unlike everything that the model was fitted to is \
said to be so; its genre is not to be believed.

Exit status: 0 done; 1 some files could not be used; 2 no file could be used, or wrong usage; 130 stopped by Ctrl-C.")]
pub(super) struct Args {
    /// Audio files, and folders with audio files at any depth; `-` for standard input
    #[arg(value_name = "FILE|DIR", required = true)]
    places: Vec<PathBuf>,
    /// Standard input is raw samples at so many Hz: 16 bits, little-endian, one channel
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1000..=192_000))]
    raw: Option<u32>,
    /// Say once a second what the last segment of standard input sounds like, until it ends
    #[arg(long, requires = "raw", conflicts_with_all = ["output", "json", "explain", "picture", "segments"])]
    live: bool,
    /// The folder of the model
    #[arg(long, short, value_name = "DIR")]
    model: PathBuf,
    /// Genres to show of each file
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Show what the model says of each part of a file, too
    #[arg(long)]
    segments: bool,
    /// Say what spoke for the answer: by how much its probability falls without each group of columns, column or region of
    /// the spectrogram
    #[arg(long, conflicts_with = "output")]
    explain: bool,
    /// Draw that, of one file: .svg, .png or .pdf
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    picture: Option<PathBuf>,
    /// Write a table instead: .csv, .parquet, .arrow, .json, .ndjson, .md or .tex
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["json", "ndjson"])]
    output: Option<PathBuf>,
    #[command(flatten)]
    opened: OpenFlags,
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

impl Args {
    fn shown(&self) -> Shown {
        Shown { top: self.top.into(), segments: self.segments }
    }

    /// Whether people are told file by file.
    fn is_for_people(&self) -> bool {
        !self.json && !self.ndjson && self.output.is_none()
    }
}

/// Runs `bench predict`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let format = args.output.as_deref().map(format_of).transpose()?;
    // Before anything is computed.
    args.picture.as_deref().map(kind_of).transpose()?;
    let is_stdin = |place: &PathBuf| place == Path::new("-");
    if args.live && !args.places.iter().all(is_stdin) {
        return Err(Error::new("--live", "listens to standard input", "name `-` and no file"));
    }
    let registry = args.opened.registry(registry)?;
    let predictor = Predictor::open(&args.model, &registry, args.opened.options(&registry)?)?;
    if let (true, Some(rate)) = (args.live, args.raw) {
        stop_on_ctrl_c_saying("stopping");
        return live::run(&predictor, args, rate);
    }
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
    if let (Some(_), [_, _, ..]) = (&args.picture, &recordings[..]) {
        return Err(Error::new("--picture", "draws one recording", "name one file"));
    }
    stop_on_ctrl_c_saying("stopping");
    let about = predictor.about();
    let bar = RecordingsBar::new(args.quiet);
    let (mut predicted, mut failed, mut objects) = (Vec::new(), Vec::new(), Vec::new());
    for (at, some) in recordings.chunks(AT_ONCE).enumerate() {
        let outcomes = predictor.predict(some, &Stopping)?;
        for (recording, (path, outcome)) in some.iter().zip(outcomes) {
            if stopped() {
                bar.finish();
                return Ok(Status::INTERRUPTED);
            }
            let (path, outcome) = match &stdin {
                Some(stdin) => (stdin.given(path), outcome.map_err(|reason| stdin.told(&reason))),
                None => (path, outcome),
            };
            let said = match outcome {
                Ok(said) => said,
                Err(reason) => {
                    if args.ndjson {
                        write(line(&json!({ "file": path, "error": reason })).as_bytes())?;
                    }
                    failed.push((path, reason));
                    continue;
                }
            };
            let explained = explain::explained(&predictor, args, recording, &path)?;
            if args.is_for_people() {
                let why = explained.map_or_else(String::new, |why| shown::explanation_text(about, &why));
                print(shown::text(about, &path, &said, args.shown()) + &why)?;
            } else if args.output.is_some() {
                predicted.push((path, said));
            } else {
                let mut object = object(about, &path, &said);
                if let Some(why) = explained {
                    object["explanation"] = shown::explanation_object(about, &why);
                }
                match args.ndjson {
                    true => write(line(&object).as_bytes())?,
                    false => objects.push(object),
                }
            }
        }
        bar.show((at * AT_ONCE + some.len()).min(recordings.len()), recordings.len());
    }
    if args.json {
        let failed: Vec<Value> =
            failed.iter().map(|(path, reason)| json!({ "file": path, "reason": reason })).collect();
        print(json_text(&json!({ "model": about, "predictions": objects, "failed": failed })))?;
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
