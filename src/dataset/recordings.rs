//! Tables computed from audio.

use super::spectrograms::{Painter, SpectrogramSource};
use super::table::RawTable;
use super::{Source, folder};
use crate::audio::Cut;
use crate::error::{Error, Result};
use crate::features::folder::{Outcome, Settings, Summary, extract, of_examples, recordings};
use crate::features::table::{Convention, FEATURE_NAMES};
use crate::recordings::track_of;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// Length of an example in seconds when nobody asks for another.
pub const DEFAULT_SECONDS: u32 = 30;

/// Faulty files that are named one by one in a dataset's notes.
const SHOWN_FAULTS: usize = 10;

/// An audio file to compute examples from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// Its genre: the name of the folder it lies in.
    pub genre: String,
    /// What stands before its rows' names: nothing, or its genre where two genres share a file name.
    pub prefix: String,
}

/// The recordings that `places` name: audio files, and folders with audio files at any depth, sorted by path in each
/// folder, no file twice.
///
/// Tables tell recordings by name alone, so where files of two genres go by one (`blues/01.mp3` and
/// `rock/01.mp3`), the genre becomes part of it: `blues-01`.
///
/// # Errors
///
/// A place that is not there or cannot be listed.
pub fn find(places: &[PathBuf]) -> Result<Vec<Recording>> {
    let mut found = Vec::new();
    for place in places {
        let unreadable =
            |e| Error::at(place, format!("cannot be read: {e}"), "check the path and its permissions");
        if std::fs::metadata(place).map_err(unreadable)?.is_dir() {
            found.extend(recordings(place).map_err(unreadable)?);
        } else {
            found.push((place.clone(), String::new()));
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|(path, _)| seen.insert(path.clone()));
    let mut genres: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, genre) in &mut found {
        if genre.is_empty() {
            *genre = folder_name(path);
        }
        genres.entry(track(path)).or_default().insert(genre.clone());
    }
    let recording = |(path, genre): (PathBuf, String)| {
        let shared = genres.get(&track(&path)).is_some_and(|genres| genres.len() > 1);
        let prefix = if shared { format!("{genre}-") } else { String::new() };
        Recording { path, genre, prefix }
    };
    Ok(found.into_iter().map(recording).collect())
}

fn track(path: &Path) -> String {
    track_of(&path.file_name().unwrap_or_default().to_string_lossy()).to_owned()
}

/// Name of the folder that a file lies in, also where the path does not say it, as `song.mp3` does not.
fn folder_name(file: &Path) -> String {
    let whole = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = whole.parent().and_then(Path::file_name).unwrap_or_default();
    folder.to_string_lossy().into_owned()
}

/// What a folder without tables amounts to.
pub(super) struct DatasetParts {
    /// One row an example.
    pub table: RawTable,
    /// What to note about it.
    pub notes: Vec<String>,
    /// The list of artists that belongs to it.
    pub artists: Option<PathBuf>,
}

/// The table of all recordings in `folder`; `None` where there are none.
///
/// Features are computed in the convention of the published table of that length, so they are the
/// published ones for the tracks that those tables have.
///
/// # Errors
///
/// A folder that cannot be listed, a length that makes no sense, or not one usable recording.
pub(super) fn table(
    folder: &Path,
    source: &Source,
    progress: &dyn Fn(usize, usize),
) -> Result<Option<DatasetParts>> {
    let recordings = find(&[folder.to_owned()])?;
    if recordings.is_empty() {
        return Ok(None);
    }
    let seconds = f64::from(source.seconds.unwrap_or(DEFAULT_SECONDS));
    let cut = Cut::new(seconds, None).map_err(|e| Error::new("--segment", e, "--segment 30, 10, 3 or 1"))?;
    let settings = Settings {
        convention: Convention::of_published(seconds),
        cache: source.cache.as_ref(),
        ..Settings::new(cut)
    };
    let files: Vec<PathBuf> = recordings.iter().map(|recording| recording.path.clone()).collect();
    let (mut labels, mut filenames, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let (mut notes, mut faults) = (Vec::new(), Vec::new());
    progress(0, files.len());
    let summary = extract(&files, &settings, |file, outcome| {
        match outcome {
            Outcome::Rows { rows, note } => {
                notes.extend(note);
                for row in rows {
                    labels.push(recordings[file].genre.clone());
                    filenames.push(recordings[file].prefix.clone() + &row.name);
                    values.extend(row.values);
                }
            }
            Outcome::Fault(error) => faults.push(error.to_string()),
        }
        progress(file + 1, files.len());
        Ok(())
    })
    .map_err(|e| Error::at(folder, e, "report this as a bug"))?;
    if labels.is_empty() {
        return Err(nothing_usable(folder, files.len(), &summary));
    }
    notes.extend(fault_notes(
        &format!("{} could not be used", faults_in_words(files.len(), &summary)),
        faults,
    ));
    let trouble = source.cache.as_ref().and_then(|cache| cache.trouble());
    notes.extend(trouble.map(|reason| format!("the features could not be cached: {reason}")));
    let spectrograms = spectrograms(folder, source, &recordings, &settings, &filenames, progress)?;
    let columns = FEATURE_NAMES.map(str::to_owned).to_vec();
    let table = RawTable::computed(columns, labels, filenames, values)?.with(spectrograms);
    Ok(Some(DatasetParts { table, notes, artists: artists_of(folder) }))
}

/// The spectrograms of all examples, which the table has named already.
///
/// The recordings are decoded again: features come from the cache, and spectrograms take less time than keeping them.
fn spectrograms(
    folder: &Path,
    source: &Source,
    recordings: &[Recording],
    settings: &Settings,
    names: &[String],
    progress: &dyn Fn(usize, usize),
) -> Result<SpectrogramSource> {
    let painter = Painter::new(&source.representations, settings.cut.samples(), source.spectrogram_size)?;
    if painter.is_idle() {
        return painter.collect(std::iter::empty());
    }
    let files: Vec<PathBuf> = recordings.iter().map(|recording| recording.path.clone()).collect();
    let mut paintings = Vec::with_capacity(names.len());
    progress(0, files.len());
    of_examples(
        &files,
        settings,
        |samples| painter.of(samples),
        |file, outcome| {
            // What is faulty was told with the table.
            for (name, painting) in outcome.into_iter().flatten() {
                if names.get(paintings.len()) != Some(&(recordings[file].prefix.clone() + &name)) {
                    return Err(io::Error::other(format!("{name} was changed while it was read")));
                }
                paintings.push(painting);
            }
            progress(file + 1, files.len());
            Ok(())
        },
    )
    .and_then(|_| match paintings.len() == names.len() {
        true => Ok(()),
        false => Err(io::Error::other("a recording was changed while it was read")),
    })
    .map_err(|e| Error::at(folder, e, "run it again"))?;
    painter.collect(paintings.into_iter())
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
pub fn nothing_usable(subject: &Path, files: usize, summary: &Summary) -> Error {
    let hint = match summary.faults[..] {
        [("too-short", _)] => "shorter examples: --segment or --seconds 10, 3 or 1",
        _ => "`bench features` names each file and what is wrong with it",
    };
    Error::at(subject, format!("{} could not be used", faults_in_words(files, summary)), hint)
}

/// `3 of 100 recordings (2 broken, 1 silent)`.
pub fn faults_in_words(files: usize, summary: &Summary) -> String {
    let kinds: Vec<String> = summary.faults.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let faulty: usize = summary.faults.iter().map(|(_, count)| count).sum();
    format!("{faulty} of {files} recordings ({})", kinds.join(", "))
}

/// The list of artists that belongs to a folder of recordings or images: in it, or beside it as in the Kaggle layout.
pub(super) fn artists_of(folder: &Path) -> Option<PathBuf> {
    // The path may be `.`, which has no folder above it.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder::artists_in(&whole).or_else(|| folder::artists_in(whole.parent()?))
}
