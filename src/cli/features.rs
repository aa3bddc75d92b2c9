use super::cache::CacheFlags;
use super::output::{Output, unwritable};
use super::progress::{RecordingsBar, stop_on_ctrl_c_saying, stopped};
use super::{Status, json_text, print, tell, warn};
use crate::audio::{self, Cut, Limits};
use crate::dataset::audio::nothing_usable;
use crate::error::{Error, Result};
use crate::features::ExtractionOptions;
use crate::features::array_file::{ArrayFormat, Arrays};
use crate::features::cache::Cache;
use crate::features::extract::{Extraction, ExtractionJob, ExtractionSummary, extract};
use crate::features::spectrogram::{MelParameters, MelSpectrogram};
use crate::features::table::{Convention, FEATURE_NAMES};
use crate::recordings::{Recording, find, names};
use crate::util::shown::lines;
use crate::util::write_whole;
use console::style;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench features gtzan/genres_original -o features_30_sec.csv     the published table
  bench features music --seconds 3 -o features_3_sec.csv          ten rows for every 30 s
  bench features music --seconds 3 --hop 1.5 -o overlapping.csv   a row every 1.5 s
  bench features song.mp3 other.flac -o -                         to standard output
  bench features music --seconds 3 --mel mel.npz                  log-mel spectrograms for numpy
  bench features music --mel mel.npy --bands 40 --hop-length 256  one array; names in mel.csv

A file's genre is the name of its folder. WAV, AU, FLAC, MP3, Ogg Vorbis, AAC and M4A are read, whatever \
their rate and channels; what cannot be used is named with its reason, and the other files go on.

Exit status: 0 done; 1 the table is written, but some files could not be used; 2 no file could be used, or \
wrong usage; 130 stopped by Ctrl-C: no table, but what was computed is kept for the next time.")]
pub(super) struct Args {
    /// Audio files, and folders with audio files at any depth
    #[arg(value_name = "DIR|FILE", required = true)]
    places: Vec<PathBuf>,
    /// Table to write (CSV), whole or not at all; `-` for standard output
    #[arg(long, short, value_name = "FILE", required_unless_present = "mel")]
    output: Option<PathBuf>,
    /// Mel spectrograms to write instead: one array (examples, bands, frames) of f32 as .npz, .npy or .safetensors.
    /// All have the frames of --seconds; longer tracks are cut, shorter ones filled with their quietest value
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    mel: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Spectrograms (with --mel)")]
    spectrogram: SpectrogramFlags,
    /// Length of an example: 30 (a whole track of 27 to 45 s), 10, 3, 1 or any number of seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    seconds: f64,
    /// From the start of an example to the start of the next, in seconds [default: its length]
    #[arg(long, value_name = "SECONDS")]
    hop: Option<f64>,
    /// Longest recording that is read; a longer one is named and left out
    #[arg(
        long, value_name = "SECONDS", default_value_t = Limits::DEFAULT_SECONDS,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Limits::MOST_SECONDS))
    )]
    max_seconds: u32,
    /// What stands beyond an example's ends [default: as in the published table of that length: zero-padded
    /// for 10 s, else reflected]
    #[arg(long, value_enum)]
    convention: Option<ConventionChoice>,
    #[command(flatten)]
    cache: CacheFlags,
    /// Files at a time [default: number of CPU cores]; changes no number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Print errors and nothing else
    #[arg(long, short)]
    quiet: bool,
    /// Print one JSON object about what was done
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct SpectrogramFlags {
    /// Samples a frame [default: 2048]
    #[arg(long, value_name = "SAMPLES", conflicts_with = "output")]
    n_fft: Option<usize>,
    /// Samples from a frame to the next [default: 512]
    #[arg(long, value_name = "SAMPLES", conflicts_with = "output")]
    hop_length: Option<usize>,
    /// Mel bands [default: 128]
    #[arg(long, value_name = "N", conflicts_with = "output")]
    bands: Option<usize>,
    /// Lowest frequency [default: 0]
    #[arg(long, value_name = "HZ", conflicts_with = "output")]
    fmin: Option<f64>,
    /// Highest frequency [default: 11025]
    #[arg(long, value_name = "HZ", conflicts_with = "output")]
    fmax: Option<f64>,
    /// Decibels, at most 80 below an example's loudest, or with false power [default: true]
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true,
        conflicts_with = "output"
    )]
    log: Option<bool>,
}

impl SpectrogramFlags {
    fn parameters(&self, convention: Convention) -> MelParameters {
        let default = MelParameters::default();
        MelParameters {
            n_fft: self.n_fft.unwrap_or(default.n_fft),
            hop: self.hop_length.unwrap_or(default.hop),
            bands: self.bands.unwrap_or(default.bands),
            fmin: self.fmin.unwrap_or(default.fmin),
            fmax: self.fmax.unwrap_or(default.fmax),
            log: self.log.unwrap_or(default.log),
            pad: convention.pad(),
        }
    }
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

impl Told {
    fn fault(&mut self, error: &audio::AudioError) {
        let (kind, reason) = (error.fault.kind(), error.to_string());
        self.faults.push(json!({ "file": error.path, "kind": kind, "reason": reason }));
    }
}

/// Runs `bench features`.
pub(super) fn run(args: &Args) -> Result<u8> {
    let target = args.output.as_ref().or(args.mel.as_ref());
    let target = target.ok_or_else(|| Error::new("--output", "is missing", "-o FILE"))?;
    let to_stdout = args.output.as_deref() == Some(Path::new("-"));
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
    let options = ExtractionOptions {
        convention: match args.convention {
            None => Convention::of_published(args.seconds),
            Some(ConventionChoice::Reflected) => Convention::Reflected,
            Some(ConventionChoice::ZeroPadded) => Convention::ZeroPadded,
        },
        limits: Limits::of_seconds(args.max_seconds),
        ..ExtractionOptions::new(cut)
    };
    stop_on_ctrl_c_saying(
        "stopping after the files at work; what was computed is kept (Ctrl-C again stops at once)",
    );
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs.map_or(0, usize::from))
        .build()
        .map_err(|e| Error::new("--jobs", e, "fewer jobs"))?;
    let arrays = args.mel.as_ref().map(|path| MelArrays::new(path, args, &options)).transpose()?;
    let mut output = Output::create(target)?;
    let mut told = Told::default();
    told.notes.extend(names::segments_note(recordings.iter().map(Recording::said)));
    let bar = RecordingsBar::new(args.quiet);
    let written = pool.install(|| match arrays {
        None => write_table(&mut output, &recordings, options, cache.as_ref(), &mut told, &bar),
        Some(arrays) => arrays.write(&mut output, &recordings, options, &mut told, &bar),
    });
    bar.finish();
    let summary = match written {
        Err(_) if stopped() => return Ok(Status::INTERRUPTED),
        // A reader that has had enough, as in `bench features … -o - | head`, is no error.
        Err(e) if to_stdout && e.kind() == io::ErrorKind::BrokenPipe => return Ok(Status::DONE),
        Err(e) => {
            return Err(Error::unwritable(target, &e, "is the disk full?"));
        }
        Ok(summary) => summary,
    };
    for fault in &told.faults {
        let reason = fault["reason"].as_str().unwrap_or_default();
        tell(format!("{} {}", style("faulty:").for_stderr().red(), lines(reason)));
    }
    if summary.rows == 0 {
        return Err(nothing_usable(&args.places[0], &summary));
    }
    output.finish()?;
    if !args.quiet {
        told.notes.iter().for_each(|note| tell(format!("note: {note}")));
        tell(format!("{} rows from {} recordings", summary.rows, summary.files));
        if !told.faults.is_empty() {
            tell(format!("{} could not be used", summary.faults_in_words()));
        }
    }
    let damaged: Vec<String> =
        cache.iter().flat_map(Cache::take_damaged).map(|damage| damage.to_string()).collect();
    damaged.iter().for_each(warn);
    if let Some(reason) = cache.and_then(|cache| cache.trouble()) {
        warn(format!("features could not be cached: {reason}"));
    }
    if args.json {
        print(json_text(&json!({
            "file": target,
            "rows": summary.rows,
            "recordings": summary.files,
            "notes": told.notes,
            "warnings": damaged,
            "faults": told.faults,
        })))?;
    }
    Ok(if told.faults.is_empty() { Status::DONE } else { Status::PARTLY_FAILED })
}

/// Writes the table in the published layout: `filename`, `length`, the 57 columns, `label`.
fn write_table(
    output: &mut Output,
    recordings: &[Recording],
    options: ExtractionOptions,
    cache: Option<&Cache>,
    told: &mut Told,
    bar: &RecordingsBar,
) -> io::Result<ExtractionSummary> {
    let mut csv = csv::Writer::from_writer(output);
    csv.write_record(["filename", "length"].iter().chain(&FEATURE_NAMES).chain(&["label"]))?;
    let files: Vec<PathBuf> = recordings.iter().map(|recording| recording.path.clone()).collect();
    bar.show(0, files.len());
    let job = ExtractionJob { cache, ..ExtractionJob::table(options) };
    let summary = extract(&files, &job, |file, outcome| {
        if stopped() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let recording = &recordings[file];
        match outcome {
            Extraction::Rows { rows, note } => {
                told.notes.extend(note);
                for row in rows {
                    csv.write_field(recording.example_name(row.segment, "wav"))?;
                    csv.write_field(row.length.to_string())?;
                    for value in row.values {
                        csv.write_field(value.to_string())?;
                    }
                    csv.write_field(&recording.genre)?;
                    csv.write_record(None::<&[u8]>)?;
                }
            }
            Extraction::Fault(error) => told.fault(&error),
        }
        bar.show(file + 1, files.len());
        Ok(())
    })?;
    csv.flush()?;
    Ok(summary)
}

/// What `--mel` asks for.
struct MelArrays {
    mel: MelSpectrogram,
    format: ArrayFormat,
    arrays: Arrays,
    /// Where names and labels go that the format has no place for.
    names: Option<PathBuf>,
}

impl MelArrays {
    fn new(path: &Path, args: &Args, options: &ExtractionOptions) -> Result<Self> {
        let format = ArrayFormat::of_extension(path).ok_or_else(|| {
            let reason = "the name does not say which format to write";
            Error::at(path, reason, "a name such as mel.npz, mel.npy or mel.safetensors")
        })?;
        let parameters = args.spectrogram.parameters(options.convention);
        let mel = MelSpectrogram::new(&parameters, options.cut.samples())
            .map_err(|e| Error::new("--mel", e, "bench features --help"))?;
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let arrays = Arrays::new(mel.shape(), folder).map_err(|e| unwritable(path, &e))?;
        let names = (format == ArrayFormat::Npy).then(|| path.with_extension("csv"));
        Ok(Self { mel, format, arrays, names })
    }

    fn write(
        mut self,
        output: &mut Output,
        recordings: &[Recording],
        options: ExtractionOptions,
        told: &mut Told,
        bar: &RecordingsBar,
    ) -> io::Result<ExtractionSummary> {
        let files: Vec<PathBuf> = recordings.iter().map(|recording| recording.path.clone()).collect();
        bar.show(0, files.len());
        let mel = |samples: &[f32]| self.mel.of(samples);
        let job = ExtractionJob { options, table: false, cache: None, also: Some(&mel) };
        let summary = extract(&files, &job, |file, outcome| {
            if stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let recording = &recordings[file];
            match outcome {
                Extraction::Fault(error) => told.fault(&error),
                Extraction::Rows { rows, note } => {
                    told.notes.extend(note);
                    for row in rows {
                        let name = recording.example_name(row.segment, "wav");
                        row.also.iter().try_for_each(|mel| self.arrays.push(mel, &name, &recording.genre))?;
                    }
                }
            }
            bar.show(file + 1, files.len());
            Ok(())
        })?;
        if summary.rows > 0 {
            if let Some(path) = &self.names {
                let mut csv = csv::Writer::from_writer(Vec::new());
                csv.write_record(["filename", "label"])?;
                self.arrays.rows().try_for_each(|row| csv.write_record(row))?;
                write_whole(path, &csv.into_inner().map_err(|e| io::Error::other(e.to_string()))?)?;
            }
            self.arrays.write(self.format, output)?;
        }
        Ok(summary)
    }
}
