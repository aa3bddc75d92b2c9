//! Examples computed from audio.

use super::artists::numbers_of;
use super::assemble::{DatasetParts, ExampleFacts};
use super::computed::Collector;
use super::example_source::{ExampleSource, SourceFile, SourcePart};
use super::source::Source;
use super::spectrograms::SpectrogramExtractor;
use crate::audio::Cut;
use crate::error::{Error, Result};
use crate::features::ExtractionOptions;
use crate::features::cache::Cache;
use crate::features::extract::{Extraction, ExtractionJob, ExtractionSummary, extract};
use crate::features::table::{Convention, FEATURE_NAMES};
use crate::recordings::{Recording, names};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Length of an example in seconds when nobody asks for another.
pub const DEFAULT_SECONDS: u32 = 30;

/// Faulty files that are named one by one in a dataset's notes.
pub(super) const SHOWN_FAULTS: usize = 10;

/// What recordings come to.
pub(super) struct ReadAudio {
    /// Their examples; none where not one recording could be used.
    pub parts: Option<DatasetParts>,
    /// The files that could not be used, by their place among the recordings, and why.
    pub faults: Vec<(usize, String)>,
    /// How many of what.
    pub summary: ExtractionSummary,
}

/// The examples of `recordings`, which were found in `folder`.
///
/// # Errors
///
/// A length that makes no sense, or not one usable recording.
pub(super) fn parts(
    folder: &Path,
    recordings: &[Recording],
    source: &Source,
    progress: &dyn Fn(usize, usize),
) -> Result<DatasetParts> {
    let ReadAudio { parts, faults, summary } = read(folder, recordings, source, progress)?;
    let Some(parts) = parts else { return Err(nothing_usable(folder, &summary)) };
    let mut notes = vec![];
    notes.extend(names::segments_note(recordings.iter().map(Recording::said)));
    notes.extend(parts.notes);
    let faults = faults.into_iter().map(|(_, reason)| reason).collect();
    notes.extend(fault_notes(&format!("{} could not be used", summary.faults_in_words()), faults));
    notes.extend(source.cache.as_ref().and_then(Cache::trouble_in_words));
    Ok(DatasetParts { notes, ..parts })
}

/// The examples of `recordings`, whatever could not be used beside them.
///
/// Features are computed in the convention of the published table of that length, so they are the
/// published ones for the tracks that those tables have. Each recording is decoded once, for the table and for
/// spectrograms.
///
/// # Errors
///
/// A length that makes no sense.
pub(super) fn read(
    folder: &Path,
    recordings: &[Recording],
    source: &Source,
    progress: &dyn Fn(usize, usize),
) -> Result<ReadAudio> {
    let seconds = f64::from(source.seconds.unwrap_or(DEFAULT_SECONDS));
    let cut = Cut::new(seconds, None).map_err(|e| Error::new("--segment", e, "--segment 30, 10, 3 or 1"))?;
    let spectrograms =
        SpectrogramExtractor::new(&source.representations, cut.samples(), source.spectrogram_size)?;
    let job = ExtractionJob {
        options: ExtractionOptions {
            convention: Convention::of_published(seconds),
            limits: source.limits,
            ..ExtractionOptions::new(cut)
        },
        table: source.table,
        cache: source.cache.as_ref(),
        also: if spectrograms.count() == 0 { None } else { Some(&spectrograms) },
    };
    let artists = numbers_of(recordings.iter().map(|recording| recording.artist.as_deref()));
    let files: Vec<PathBuf> = recordings.iter().map(|recording| recording.path.clone()).collect();
    let columns = if source.table { FEATURE_NAMES.map(str::to_owned).to_vec() } else { Vec::new() };
    let mut collector = Collector::new(columns, spectrograms.count());
    let (mut notes, mut faults) = (Vec::new(), Vec::new());
    progress(0, files.len());
    let summary = extract(&files, &job, |file, outcome| {
        match outcome {
            Extraction::Rows { rows, note } => {
                notes.extend(note);
                let recording = &recordings[file];
                let path: Arc<Path> = recording.path.as_path().into();
                for row in rows {
                    let start = cut.start(row.segment);
                    let source = ExampleSource {
                        file: SourceFile::Audio(Arc::clone(&path)),
                        part: SourcePart::Samples(start..start + row.length),
                    };
                    let facts = ExampleFacts {
                        name: Some(recording.example_name(row.segment, "wav")),
                        track: Some(recording.track.clone()),
                        segment: recording.segment(row.segment),
                        genre: recording.genre.clone(),
                        artist: artists[file],
                        part: recording.part.clone(),
                        source: Some(source),
                        ..ExampleFacts::default()
                    };
                    let features = (&row).into();
                    collector.push(facts, features, row.also.unwrap_or_default());
                }
            }
            Extraction::Fault(error) => faults.push((file, error.to_string())),
        }
        progress(file + 1, files.len());
        Ok(())
    })
    .map_err(|e| Error::bug(folder.display(), e))?;
    let parts = match collector.is_empty() {
        true => None,
        false => Some(DatasetParts { notes, ..collector.parts(|all| spectrograms.source(all))? }),
    };
    Ok(ReadAudio { parts, faults, summary })
}

/// Notes on files that were left out: how many, and the first of them by name.
pub(super) fn fault_notes(failed: &str, faults: Vec<String>) -> Vec<String> {
    if faults.is_empty() {
        return Vec::new();
    }
    let more = faults.len().saturating_sub(SHOWN_FAULTS);
    let mut notes = vec![format!("{failed} and were left out:")];
    notes.extend(faults.into_iter().take(SHOWN_FAULTS));
    if more > 0 {
        notes.push(format!("and {more} more"));
    }
    notes
}

/// The error of a run in which no recording could be used.
pub fn nothing_usable(subject: &Path, summary: &ExtractionSummary) -> Error {
    let hint = match summary.faults[..] {
        [("too-short", _)] => "shorter examples: --segment or --seconds 10, 3 or 1",
        [("too-long", _)] => "a larger limit, which takes more memory: --max-seconds 3600",
        _ => "`bench features` names each file and what is wrong with it",
    };
    Error::at(subject, format!("{} could not be used", summary.faults_in_words()), hint)
}
