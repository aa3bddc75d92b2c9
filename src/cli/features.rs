use super::cache::CacheFlags;
use super::output::Output;
use super::progress::{RecordingsBar, stop_on_ctrl_c_saying, stopped};
use super::{Status, json_text, print};
use crate::audio::Cut;
use crate::dataset::recordings::{Recording, faults_in_words, find, nothing_usable};
use crate::error::{Error, Result};
use crate::features::folder::{self, Outcome, Settings, Summary};
use crate::features::table::{Convention, FEATURE_NAMES};
use console::style;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench features gtzan/genres_original -o features_30_sec.csv       the published table, from the audio
  bench features music --seconds 3 -o features_3_sec.csv            ten rows for every 30 s
  bench features music --seconds 3 --hop 1.5 -o overlapping.csv     a row every 1.5 s
  bench features song.mp3 other.flac -o -                           to standard output

A file's genre is the name of its folder. WAV, AU, FLAC, MP3, Ogg Vorbis, AAC and M4A are read, whatever
their rate and channels; what cannot be used is named with its reason, and the other files go on.

Exit status: 0 done; 1 the table is written, but some files could not be used; 2 no file could be used, or
wrong usage; 130 stopped by Ctrl-C: no table, but what was computed is kept for the next time.")]
pub(super) struct Args {
    /// Audio files, and folders with audio files at any depth
    #[arg(value_name = "DIR|FILE", required = true)]
    places: Vec<PathBuf>,
    /// Table to write (CSV), whole or not at all; `-` for standard output
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Length of an example: 30 (a whole clip of 27 to 45 s), 10, 3, 1 or any number of seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    seconds: f64,
    /// From the start of an example to the start of the next, in seconds [default: its length]
    #[arg(long, value_name = "SECONDS")]
    hop: Option<f64>,
    /// What stands beyond an example's ends [default: as in the published table of that length: zero-padded
    /// for 10 s, else reflected]
    #[arg(long, value_enum)]
    convention: Option<ConventionChoice>,
    #[command(flatten)]
    cache: CacheFlags,
    /// Files at a time [default: number of processors]; changes no number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Print errors and nothing else
    #[arg(long, short)]
    quiet: bool,
    /// Print one JSON object about what was done
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ConventionChoice {
    /// The signal mirrored, as in the published tables of 30 s and 3 s.
    Reflected,
    /// Zeros, as librosa does since 0.10 and the published table of 10 s has it.
    ZeroPadded,
}

/// What is to be told about the files when all are done.
#[derive(Default)]
struct Told {
    faults: Vec<Value>,
    notes: Vec<String>,
}

/// Runs `bench features`.
pub(super) fn run(args: &Args) -> Result<u8> {
    let to_stdout = args.output == Path::new("-");
    if args.json && to_stdout {
        return Err(Error::new("--json", "standard output takes the table already", "-o FILE"));
    }
    let settings_hint = "bench features --help";
    let cut = Cut::new(args.seconds, args.hop).map_err(|e| Error::new("--seconds", e, settings_hint))?;
    let recordings = find(&args.places)?;
    if recordings.is_empty() {
        let reason = "there is no file with an extension of audio in it";
        return Err(Error::at(&args.places[0], reason, "name the files themselves, or another folder"));
    }
    let cache = args.cache.open();
    let settings = Settings {
        convention: match args.convention {
            None => Convention::of_published(args.seconds),
            Some(ConventionChoice::Reflected) => Convention::Reflected,
            Some(ConventionChoice::ZeroPadded) => Convention::ZeroPadded,
        },
        cache: cache.as_ref(),
        ..Settings::new(cut)
    };
    stop_on_ctrl_c_saying(
        "stopping after the files at work; what was computed is kept (Ctrl-C again stops at once)",
    );
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs.map_or(0, usize::from))
        .build()
        .map_err(|e| Error::new("--jobs", e, "fewer jobs"))?;
    let mut output = Output::create(&args.output)?;
    let mut told = Told::default();
    let bar = RecordingsBar::new(args.quiet);
    let written = pool.install(|| write_table(&mut output, &recordings, &settings, &mut told, &bar));
    bar.finish();
    let summary = match written {
        Err(_) if stopped() => return Ok(Status::INTERRUPTED),
        // A reader that has had enough, as in `bench features … -o - | head`, is no error.
        Err(e) if to_stdout && e.kind() == io::ErrorKind::BrokenPipe => return Ok(Status::DONE),
        Err(e) => {
            return Err(Error::at(&args.output, format!("cannot be written: {e}"), "is the disk full?"));
        }
        Ok(summary) => summary,
    };
    for fault in &told.faults {
        eprintln!("{} {}", style("faulty:").for_stderr().red(), fault["reason"].as_str().unwrap_or_default());
    }
    if summary.rows == 0 {
        return Err(nothing_usable(&args.places[0], recordings.len(), &summary));
    }
    output.finish()?;
    if !args.quiet {
        told.notes.iter().for_each(|note| eprintln!("note: {note}"));
        eprintln!("{} rows from {} recordings", summary.rows, summary.files);
        if !told.faults.is_empty() {
            eprintln!("{} could not be used", faults_in_words(recordings.len(), &summary));
        }
    }
    if let Some(reason) = cache.and_then(|cache| cache.trouble()) {
        eprintln!("{} features could not be cached: {reason}", style("warning:").for_stderr().yellow());
    }
    if args.json {
        print(json_text(&json!({
            "table": args.output,
            "rows": summary.rows,
            "recordings": summary.files,
            "notes": told.notes,
            "faults": told.faults,
        })))?;
    }
    Ok(if told.faults.is_empty() { Status::DONE } else { Status::PARTLY_FAILED })
}

/// Writes the table in the published layout: `filename`, `length`, the 57 columns, `label`.
fn write_table(
    output: &mut Output,
    recordings: &[Recording],
    settings: &Settings,
    told: &mut Told,
    bar: &RecordingsBar,
) -> io::Result<Summary> {
    let mut csv = csv::Writer::from_writer(output);
    csv.write_record(["filename", "length"].iter().chain(&FEATURE_NAMES).chain(&["label"]))?;
    let files: Vec<PathBuf> = recordings.iter().map(|recording| recording.path.clone()).collect();
    bar.show(0, files.len());
    let summary = folder::extract(&files, settings, |file, outcome| {
        if stopped() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let Recording { path, genre, prefix } = &recordings[file];
        match outcome {
            Outcome::Rows { rows, note } => {
                told.notes.extend(note);
                for row in rows {
                    csv.write_field(prefix.clone() + &row.name)?;
                    csv.write_field(row.length.to_string())?;
                    for value in row.values {
                        csv.write_field(value.to_string())?;
                    }
                    csv.write_field(genre)?;
                    csv.write_record(None::<&[u8]>)?;
                }
            }
            Outcome::Fault(error) => told.faults.push(json!({
                "file": path, "kind": error.fault.kind(), "reason": error.to_string()
            })),
        }
        bar.show(file + 1, files.len());
        Ok(())
    })?;
    csv.flush()?;
    Ok(summary)
}
