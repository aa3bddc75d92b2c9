//! The feature table of many recordings, in their order and in bounded memory.

use super::cache::{Cache, Extracted};
use super::table::{COLUMNS, Convention, Extractor};
use crate::audio::{self, Audio, Container, Cut, Limits, Segment};
use rayon::prelude::*;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// One row of a feature table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Index of the recording in the list that was given.
    pub file: usize,
    /// Name as the published tables have it: `blues.00000.wav` of a whole clip, `blues.00000.7.wav` of
    /// its segment 7.
    pub name: String,
    /// Number of the segment in its recording; `None` of a whole clip.
    pub segment: Option<usize>,
    /// Samples the columns were computed from.
    pub length: usize,
    /// The columns, in the order of [`super::table::FEATURE_NAMES`].
    pub values: [f64; COLUMNS],
}

/// What became of one recording.
#[derive(Debug)]
pub enum Outcome {
    /// Its rows.
    Rows {
        /// One row an example.
        rows: Vec<Row>,
        /// Something odd that did not keep the recording from being used.
        note: Option<String>,
    },
    /// Why it has none.
    Fault(audio::Error),
}

/// What a run over many recordings came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Recordings that gave rows.
    pub files: usize,
    /// Rows.
    pub rows: usize,
    /// Recordings with a note.
    pub notes: usize,
    /// Recordings that could not be used, counted by [`audio::Fault::kind`], in order of first sight.
    pub faults: Vec<(&'static str, usize)>,
}

impl Summary {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Rows { rows, note } => {
                self.files += 1;
                self.rows += rows.len();
                self.notes += usize::from(note.is_some());
            }
            Outcome::Fault(error) => self.count_fault(error),
        }
    }

    fn count_fault(&mut self, error: &audio::Error) {
        let kind = error.fault.kind();
        match self.faults.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.faults.push((kind, 1)),
        }
    }
}

/// What to extract.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// How recordings are cut into examples.
    pub cut: Cut,
    /// What recordings are accepted.
    pub limits: Limits,
    /// How an example's ends are treated.
    pub convention: Convention,
    /// Where features are looked for and stored; nowhere without it.
    pub cache: Option<&'a Cache>,
}

impl Settings<'_> {
    /// The default limits and convention, and no cache.
    pub fn new(cut: Cut) -> Self {
        Self { cut, limits: Limits::default(), convention: Convention::default(), cache: None }
    }
}

/// Extracts the 57 columns of all examples of `files`, and gives each recording's
/// outcome to `each`, with its index, in the order of `files`.
///
/// Recordings are read and extracted in parallel on the current rayon pool. They are taken a few at a
/// time, so memory is that of the recordings in work — about 30 MB a thread for a 30 s clip — however
/// many there are. Rows do not depend on the number of threads. A recording that cannot be used is an
/// [`Outcome::Fault`], and the others go on.
///
/// # Errors
///
/// The first that `each` returns, which ends the run: [`io::ErrorKind::Interrupted`] to cancel it, or
/// whatever keeps the rows from being written.
pub fn extract(
    files: &[PathBuf],
    settings: &Settings,
    mut each: impl FnMut(usize, Outcome) -> io::Result<()>,
) -> io::Result<Summary> {
    let first = Extractor::new(settings.convention).map_err(io::Error::other)?;
    let idle = Idle::default();
    let mut summary = Summary::default();
    let work = |i: usize, file: &Path| {
        let mut extractor = idle.take().unwrap_or_else(|| first.clone());
        let outcome = one(&mut extractor, i, file, settings);
        idle.put(extractor);
        outcome
    };
    // Enough recordings at once that threads seldom wait for the slowest, few enough to hear of the
    // first soon.
    in_order(files, 8, work, |i, outcome| {
        summary.count(&outcome);
        each(i, outcome)
    })?;
    Ok(summary)
}

/// Computes something of the samples of all examples of `files`, such as spectrograms, and gives each recording's
/// names and results, or what is wrong with it, to `each`, with its index, in the order of `files`. Otherwise as
/// [`extract`], without a cache.
///
/// # Errors
///
/// The first that `each` returns, which ends the run.
pub fn of_examples<T: Send>(
    files: &[PathBuf],
    settings: &Settings,
    of: impl Fn(&[f32]) -> T + Sync,
    mut each: impl FnMut(usize, Result<Vec<(String, T)>, audio::Error>) -> io::Result<()>,
) -> io::Result<Summary> {
    let work = |_: usize, path: &Path| {
        let (audio, segments) = segments(path, settings)?;
        let of = |(segment, range): Segment| (name(path, segment), of(&audio.samples[range]));
        Ok(segments.into_iter().map(of).collect::<Vec<_>>())
    };
    let mut summary = Summary::default();
    // Spectrograms are large, so fewer at once.
    in_order(files, 2, work, |i, outcome| {
        match &outcome {
            Ok(examples) => {
                summary.files += 1;
                summary.rows += examples.len();
            }
            Err(error) => summary.count_fault(error),
        }
        each(i, outcome)
    })?;
    Ok(summary)
}

/// Does `work` on all files, `per_thread` times the number of threads at once, and gives what came of each to
/// `each` in the order of `files`.
fn in_order<T: Send>(
    files: &[PathBuf],
    per_thread: usize,
    work: impl Fn(usize, &Path) -> T + Sync,
    mut each: impl FnMut(usize, T) -> io::Result<()>,
) -> io::Result<()> {
    let batch = per_thread * rayon::current_num_threads();
    for (start, files) in (0..).step_by(batch).zip(files.chunks(batch)) {
        let outcomes: Vec<T> =
            files.par_iter().enumerate().with_max_len(1).map(|(i, file)| work(start + i, file)).collect();
        for (i, outcome) in outcomes.into_iter().enumerate() {
            each(start + i, outcome)?;
        }
    }
    Ok(())
}

/// Extractors that no thread is using, with the memory they have: as many as there were threads at
/// work at once.
#[derive(Default)]
struct Idle(Mutex<Vec<Extractor>>);

impl Idle {
    fn take(&self) -> Option<Extractor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, extractor: Extractor) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(extractor);
    }
}

/// The rows of one recording.
fn one(extractor: &mut Extractor, file: usize, path: &Path, settings: &Settings) -> Outcome {
    let extracted = match settings.cache {
        None => extracted(extractor, path, settings),
        Some(cache) => cached(cache, extractor, path, settings),
    };
    match extracted {
        Err(error) => Outcome::Fault(error),
        Ok(Extracted { container, examples }) => {
            let rows = examples.into_iter().map(|(segment, length, values)| Row {
                file,
                name: name(path, segment),
                segment,
                length,
                values,
            });
            Outcome::Rows { rows: rows.collect(), note: note(path, container) }
        }
    }
}

fn cached(
    cache: &Cache,
    extractor: &mut Extractor,
    path: &Path,
    settings: &Settings,
) -> Result<Extracted, audio::Error> {
    let key = Cache::key(path, settings);
    if let Some(extracted) = key.as_ref().and_then(|key| cache.get(key)) {
        return Ok(extracted);
    }
    let extracted = extracted(extractor, path, settings)?;
    // Hashed again: a file that was written to meanwhile must not give its new features to its old content.
    if let Some(key) = key.filter(|key| Cache::key(path, settings).as_ref() == Some(key)) {
        cache.put(&key, &extracted);
    }
    Ok(extracted)
}

fn extracted(extractor: &mut Extractor, path: &Path, settings: &Settings) -> Result<Extracted, audio::Error> {
    let (audio, ranges) = segments(path, settings)?;
    let examples = ranges
        .into_iter()
        .map(|(segment, range)| (segment, range.len(), extractor.extract(&audio.samples[range])));
    Ok(Extracted { container: audio.container, examples: examples.collect() })
}

/// A recording and where its examples are.
fn segments(path: &Path, settings: &Settings) -> Result<(Audio, Vec<Segment>), audio::Error> {
    let audio = audio::read_within(path, &settings.limits)?;
    let ranges = settings.cut.ranges(audio.samples.len());
    let ranges = ranges.map_err(|fault| audio::Error { path: path.to_owned(), fault })?;
    Ok((audio, ranges))
}

fn name(path: &Path, segment: Option<usize>) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match segment {
        None => format!("{stem}.wav"),
        Some(segment) => format!("{stem}.{segment}.wav"),
    }
}

fn note(path: &Path, container: Container) -> Option<String> {
    let is = container.name();
    container.contradicts(path).then(|| format!("{}: is a {is} file by its content", path.display()))
}

/// The recordings under `root`, and for each the name of its genre: [`by_genre`] of all names with an extension of a
/// known [`Container`].
///
/// # Errors
///
/// Whatever keeps a folder from being listed.
pub fn recordings(root: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    by_genre(root, Container::known_extension)
}

/// The wanted files under `root`, and for each the name of its genre, which is that of the folder it
/// lies in: `GENRE/file`, directly under `root` or anywhere below it, as in `genres_original/GENRE/`.
///
/// Sorted by path; links to folders are not followed, so a loop of links does no harm.
///
/// # Errors
///
/// Whatever keeps a folder from being listed.
pub fn by_genre(root: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let genre = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if wanted(&entry.path()) {
                found.push((entry.path(), genre.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}
