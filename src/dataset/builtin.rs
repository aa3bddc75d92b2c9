//! The examples of the built-in music.

use super::assemble::ExampleFacts;
use super::computed::{Collector, Features};
use super::example_source::{ExampleSource, SourceFile, SourcePart, synth_samples};
use super::source::Source;
use super::spectrograms::{Spectrogram, SpectrogramExtractor};
use super::{Dataset, Info};
use crate::audio::{Container, Cut};
use crate::error::{Error, Result};
use crate::features::ExtractionOptions;
use crate::features::cache::Cache;
use crate::features::extract::{ExtractionJob, FeatureRow, rows_of};
use crate::features::table::{COLUMNS, Convention, Extractor, FEATURE_NAMES};
use crate::recordings::example_name;
use crate::recordings::synth::{self as corpus, SyntheticRecording};
use crate::util::in_order;
use std::path::Path;

/// Length of a segment when nobody asks for another: three segments a recording, so that the
/// protocols differ.
const DEFAULT_SECONDS: u32 = 10;

/// Recordings a thread that are in memory at once.
const AT_ONCE: usize = 8;

/// What is computed of an example.
type Computed = (ExampleFacts, Features, Vec<Spectrogram>);

/// Makes the music of `source.seed` and computes the 57 columns of its segments. `progress` is told how many
/// recordings of how many are done.
///
/// # Errors
///
/// A segment length that does not go into a recording, or a list of artists, who are known here.
pub fn dataset(source: &Source, progress: &dyn Fn(usize, usize)) -> Result<Dataset> {
    if let Some(path) = &source.artists {
        let reason = "the built-in music has artists of its own";
        return Err(Error::new(
            format!("--artists {}", path.display()),
            reason,
            "leave it out, or give --data too",
        ));
    }
    let seconds = source.seconds.unwrap_or(DEFAULT_SECONDS);
    let cut = cut(seconds)?;
    let recordings: Vec<_> = corpus::recordings(source.seed).into_iter().enumerate().collect();
    let convention = Convention::of_published(seconds.into());
    let options = ExtractionOptions { convention, ..ExtractionOptions::new(cut) };
    let first = Extractor::new(convention).map_err(|e| Error::bug("the built-in music", e))?;
    let spectrograms =
        SpectrogramExtractor::new(&source.representations, cut.samples(), source.spectrogram_size)?;
    let columns = if source.table { FEATURE_NAMES.map(str::to_owned).to_vec() } else { Vec::new() };
    let mut collector = Collector::new(columns, spectrograms.count());
    let job = ExtractionJob {
        options,
        table: source.table,
        cache: source.cache.as_ref(),
        also: if spectrograms.count() == 0 { None } else { Some(&spectrograms) },
    };
    let work = |extractor: &mut Extractor, (number, recording): &(usize, SyntheticRecording)| {
        examples(extractor, &job, recording, &SourceFile::BuiltIn(source.seed, *number))
    };
    progress(0, recordings.len());
    in_order(
        &recordings,
        AT_ONCE,
        || first.clone(),
        work,
        |done, examples| {
            for (facts, features, spectrograms) in examples? {
                collector.push(facts, features, spectrograms);
            }
            progress(done + 1, recordings.len());
            Ok::<_, Error>(())
        },
    )?;
    let mut parts = collector.parts(|all| spectrograms.source(all))?;
    parts.notes.extend(source.cache.as_ref().and_then(Cache::trouble_in_words));
    let mut dataset = parts.dataset(Path::new(&name(seconds, source.seed)), Some(seconds))?;
    dataset.info.synthetic = true;
    Ok(dataset)
}

/// What [`dataset`] would give for seed 0 and its usual segments, without making any music; so it has no
/// fingerprint.
pub fn info() -> Result<Info> {
    let recordings = corpus::recordings(0);
    let mut classes: Vec<String> = recordings.iter().map(|r| r.genre().to_owned()).collect();
    classes.dedup();
    Ok(Info {
        name: name(DEFAULT_SECONDS, 0),
        synthetic: true,
        seconds: Some(DEFAULT_SECONDS),
        examples: recordings.len() * segments(DEFAULT_SECONDS)?,
        tracks: recordings.len(),
        features: COLUMNS,
        classes,
        fingerprint: String::new(),
        spectrograms: None,
    })
}

fn name(seconds: u32, seed: u64) -> String {
    format!("built-in music (synthetic, {seconds} s, seed {seed})")
}

fn cut(seconds: u32) -> Result<Cut> {
    let cut = Cut::new(seconds.into(), None).map_err(|e| refused(seconds, e))?;
    cut.ranges(corpus::SAMPLES).map_err(|e| refused(seconds, e))?;
    Ok(cut)
}

/// How many segments of this length a recording has.
fn segments(seconds: u32) -> Result<usize> {
    Ok(cut(seconds)?.ranges(corpus::SAMPLES).map_err(|e| refused(seconds, e))?.len())
}

fn refused(seconds: u32, reason: impl std::fmt::Display) -> Error {
    Error::new(
        format!("--segment {seconds}"),
        reason,
        "30, 10 or 3; a recording of the built-in music has 30 s",
    )
}

/// The examples of a recording. It is not played if nothing has to be computed of it.
fn examples(
    extractor: &mut Extractor,
    job: &ExtractionJob<Vec<Spectrogram>>,
    recording: &SyntheticRecording,
    file: &SourceFile,
) -> Result<Vec<Computed>> {
    let play = || Ok((Container::Wav, synth_samples(recording)));
    let (_, rows) = rows_of(extractor, job, || Some(recording.content()), play)
        .map_err(|e| Error::bug(recording.name(), e))?;
    let example = |row: FeatureRow<Vec<Spectrogram>>| {
        let start = job.options.cut.start(row.segment);
        let facts = ExampleFacts {
            name: Some(example_name(&recording.name(), row.segment, "wav")),
            track: Some(recording.name()),
            segment: row.segment,
            genre: recording.genre().to_owned(),
            artist: Some(recording.artist()),
            source: Some(ExampleSource {
                file: file.clone(),
                part: SourcePart::Samples(start..start + row.length),
            }),
            ..ExampleFacts::default()
        };
        (facts, (&row).into(), row.also.unwrap_or_default())
    };
    Ok(rows.into_iter().map(example).collect())
}
