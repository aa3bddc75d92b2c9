//! The features of many recordings, in their order, each decoded once, in bounded memory.

use super::ExtractionOptions;
use super::cache::{Cache, CachedColumns};
use super::table::{COLUMNS, Extractor};
use crate::audio::{self, Audio, Container, Limits, Segment};
use crate::util::{content_of, in_order};
use std::io;
use std::path::{Path, PathBuf};

/// Computes something of an example's samples.
pub type OfSamples<'a, T> = dyn Fn(&[f32]) -> T + Sync + 'a;

/// What to compute of every example of the recordings, and how.
pub struct ExtractionJob<'a, T = ()> {
    /// How recordings are read and cut.
    pub options: ExtractionOptions,
    /// Whether the 57 columns are wanted. Without them, each example's samples are hashed, so that it can be told what
    /// was read.
    pub table: bool,
    /// Where columns are looked for and stored; nowhere without it.
    pub cache: Option<&'a Cache>,
    /// What else is computed of an example's samples, such as spectrograms.
    pub also: Option<&'a OfSamples<'a, T>>,
}

impl ExtractionJob<'_> {
    /// The 57 columns and nothing else, without a cache.
    pub fn table(options: ExtractionOptions) -> Self {
        Self { options, table: true, cache: None, also: None }
    }
}

/// What was computed of one example.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow<T = ()> {
    /// Number of the segment in its recording; `None` of a whole track.
    pub segment: Option<usize>,
    /// Samples.
    pub length: usize,
    /// The columns, in the order of [`super::table::FEATURE_NAMES`]; zeros where they were not asked for.
    pub values: [f64; COLUMNS],
    /// SHA-256 of the samples (little-endian `f32`) where the columns were not asked for.
    pub content: Option<[u8; 32]>,
    /// What else was asked for.
    pub also: Option<T>,
}

/// What became of one recording.
#[derive(Debug)]
pub enum Extraction<T = ()> {
    /// Its rows.
    Rows {
        /// One row an example, in the order of time.
        rows: Vec<FeatureRow<T>>,
        /// Something odd that did not keep the recording from being used.
        note: Option<String>,
    },
    /// Why it has none.
    Fault(audio::AudioError),
}

/// What a run over many recordings came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtractionSummary {
    /// Recordings that gave rows.
    pub files: usize,
    /// Rows.
    pub rows: usize,
    /// Recordings with a note.
    pub notes: usize,
    /// Recordings that could not be used, counted by [`audio::Fault::kind`], in order of first sight.
    pub faults: Vec<(&'static str, usize)>,
}

impl ExtractionSummary {
    fn count<T>(&mut self, outcome: &Extraction<T>) {
        match outcome {
            Extraction::Rows { rows, note } => {
                self.files += 1;
                self.rows += rows.len();
                self.notes += usize::from(note.is_some());
            }
            Extraction::Fault(error) => {
                let kind = error.fault.kind();
                match self.faults.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, count)) => *count += 1,
                    None => self.faults.push((kind, 1)),
                }
            }
        }
    }

    /// What could not be used, for people: `3 of 100 recordings (2 broken, 1 silent)`.
    pub fn faults_in_words(&self) -> String {
        let kinds: Vec<String> = self.faults.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let faulty: usize = self.faults.iter().map(|(_, count)| count).sum();
        format!("{faulty} of {} recordings ({})", self.files + faulty, kinds.join(", "))
    }
}

/// Extracts what `job` asks for of all examples of `files`, and gives each recording's outcome to `each`, with its
/// index, in the order of `files`.
///
/// A recording is decoded once, whatever is computed of it, and not at all if nothing but columns is asked for and
/// they are in the cache. Recordings are worked on in parallel on the current rayon pool, a few at a time, so memory is
/// that of the recordings in work — about 30 MB a thread for 30 s of audio — however many there are. Rows do not
/// depend on the number of threads. A recording that cannot be used is an [`Extraction::Fault`], and the others go on.
///
/// # Errors
///
/// The first that `each` returns, which ends the run: [`io::ErrorKind::Interrupted`] to cancel it, or
/// whatever keeps the rows from being written.
pub fn extract<T: Send>(
    files: &[PathBuf],
    job: &ExtractionJob<T>,
    each: impl FnMut(usize, Extraction<T>) -> io::Result<()>,
) -> io::Result<ExtractionSummary> {
    extract_reading(files, job, &audio::read_within, each)
}

/// Reads and decodes a recording.
type Reader<'a> = dyn Fn(&Path, &Limits) -> Result<Audio, audio::AudioError> + Sync + 'a;

/// [`extract`] with a reader of its own, so that tests can count what is read.
pub(super) fn extract_reading<T: Send>(
    files: &[PathBuf],
    job: &ExtractionJob<T>,
    read: &Reader,
    mut each: impl FnMut(usize, Extraction<T>) -> io::Result<()>,
) -> io::Result<ExtractionSummary> {
    let first = Extractor::new(job.options.convention).map_err(io::Error::other)?;
    let mut summary = ExtractionSummary::default();
    // Spectrograms are large, so fewer at once.
    let at_once = if job.also.is_some() { 2 } else { 8 };
    let work = |extractor: &mut Extractor, path: &PathBuf| {
        rows(extractor, path, job, read).unwrap_or_else(Extraction::Fault)
    };
    in_order(
        files,
        at_once,
        || first.clone(),
        work,
        |i, outcome| {
            summary.count(&outcome);
            each(i, outcome)
        },
    )?;
    Ok(summary)
}

/// The rows of one recording.
fn rows<T>(
    extractor: &mut Extractor,
    path: &Path,
    job: &ExtractionJob<T>,
    read: &Reader,
) -> Result<Extraction<T>, audio::AudioError> {
    let cache = job.cache.filter(|_| job.table);
    let keyed = cache.and_then(|cache| Some((cache, Cache::key(path, &job.options)?)));
    let known = keyed.as_ref().and_then(|(cache, key)| cache.get(key));
    if let (Some(known), None) = (&known, job.also) {
        let row = |&(segment, length, values): &_| FeatureRow {
            segment,
            length,
            values,
            content: None,
            also: None,
        };
        let rows = known.examples.iter().map(row).collect();
        return Ok(Extraction::Rows { rows, note: note(path, known.container) });
    }

    let audio = read(path, &job.options.limits)?;
    let ranges = job.options.cut.ranges(audio.samples.len());
    let segments: Vec<Segment> =
        ranges.map_err(|fault| audio::AudioError { path: path.to_owned(), fault })?;
    // Hashed again: columns belong to a content, and the file may have been written to meanwhile.
    let keyed = keyed.filter(|(_, key)| Cache::key(path, &job.options).as_ref() == Some(key));
    let known = known.filter(|known| keyed.is_some() && known.examples.len() == segments.len());
    let mut row = |(at, (segment, range)): (usize, &Segment)| {
        let samples = &audio.samples[range.clone()];
        let values = match &known {
            _ if !job.table => [0.0; COLUMNS],
            Some(known) => known.examples[at].2,
            None => extractor.extract(samples),
        };
        FeatureRow {
            segment: *segment,
            length: samples.len(),
            values,
            content: (!job.table).then(|| content_of(samples)),
            also: job.also.map(|also| also(samples)),
        }
    };
    let rows: Vec<FeatureRow<T>> = segments.iter().enumerate().map(&mut row).collect();
    if let (Some((cache, key)), None) = (keyed, known) {
        let examples = rows.iter().map(|row| (row.segment, row.length, row.values)).collect();
        cache.put(&key, &CachedColumns { container: audio.container, examples });
    }
    Ok(Extraction::Rows { rows, note: note(path, audio.container) })
}

fn note(path: &Path, container: Container) -> Option<String> {
    let is = container.name();
    container.contradicts(path).then(|| format!("{}: is a {is} file by its content", path.display()))
}
