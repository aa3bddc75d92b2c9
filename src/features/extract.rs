//! The features of many recordings, in their order, each decoded once, in bounded memory.

use super::ExtractionOptions;
use super::cache::{Cache, CachedColumns};
use super::table::{COLUMNS, Extractor};
use crate::audio::{self, Audio, Container, Fault, Limits, Segment};
use crate::util::{content_of, in_order};
use std::io;
use std::path::{Path, PathBuf};

/// Something that is computed of an example's samples besides the columns, such as spectrograms.
pub trait Also<T>: Sync {
    /// Of the samples of one example.
    fn of(&self, samples: &[f32]) -> T;

    /// What was kept of a recording whose content has this SHA-256, if all is there.
    fn kept(&self, _: &Cache, _content: &[u8; 32], _: &ExtractionOptions) -> Option<Kept<T>> {
        None
    }

    /// Keeps what was computed of it, if that is worth it.
    fn keep(&self, _: &Cache, _content: &[u8; 32], _: &ExtractionOptions, _computed: &Kept<&T>) {}
}

/// A function of the samples, nothing of which is kept.
impl<T, F: Fn(&[f32]) -> T + Sync> Also<T> for F {
    fn of(&self, samples: &[f32]) -> T {
        self(samples)
    }
}

/// What was computed of a recording before, whatever its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<T> {
    /// What the file really is.
    pub container: Container,
    /// Its examples, in the order of time.
    pub examples: Vec<KeptExample<T>>,
}

/// What was computed of an example before.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptExample<T> {
    /// Number of the segment in its recording; `None` of a whole track.
    pub segment: Option<usize>,
    /// Samples.
    pub length: usize,
    /// SHA-256 of the samples (little-endian `f32`).
    pub content: [u8; 32],
    /// What was computed.
    pub value: T,
}

/// What to compute of every example of the recordings, and how.
pub struct ExtractionJob<'a, T = ()> {
    /// How recordings are read and cut.
    pub options: ExtractionOptions,
    /// Whether the 57 columns are wanted. Without them, each example's samples are hashed, so that it can be told what
    /// was read.
    pub table: bool,
    /// Where what is computed is looked for and stored; nowhere without it.
    pub cache: Option<&'a Cache>,
    /// What else is computed of an example's samples.
    pub also: Option<&'a dyn Also<T>>,
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
/// A recording is decoded once, whatever is computed of it, and not at all if all that is asked for is in the cache. Recordings are worked on in parallel on the current rayon pool, a few at a time, so memory is
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
    let decode = || {
        let audio = read(path, &job.options.limits).map_err(|error| error.fault)?;
        Ok((audio.container, audio.samples))
    };
    let (container, rows) = rows_of(extractor, job, || Cache::content_of(path), decode)
        .map_err(|fault| audio::AudioError { path: path.to_owned(), fault })?;
    let is = container.name();
    let note =
        container.contradicts(path).then(|| format!("{}: is a {is} file by its content", path.display()));
    Ok(Extraction::Rows { rows, note })
}

/// What a recording is and its rows. `content` is a SHA-256 that stands for it, if there is one; its samples are asked for only if
/// something has to be computed of them.
///
/// # Errors
///
/// Those of `decode`, or that it cannot be cut as asked for.
pub fn rows_of<T>(
    extractor: &mut Extractor,
    job: &ExtractionJob<T>,
    content: impl Fn() -> Option<[u8; 32]>,
    decode: impl FnOnce() -> Result<(Container, Vec<f32>), Fault>,
) -> Result<(Container, Vec<FeatureRow<T>>), Fault> {
    let keyed = job.cache.and_then(|cache| Some((cache, content()?)));
    let columns = keyed.as_ref().filter(|_| job.table);
    let columns =
        columns.and_then(|(cache, content)| cache.get(&Cache::key_of_content(content, &job.options)));
    let also = keyed.as_ref().zip(job.also);
    let also = also.and_then(|((cache, content), also)| also.kept(cache, content, &job.options));
    let has_also = also.is_some();
    let columns = match known_rows(job, columns, also) {
        Ok(known) => return Ok(known),
        Err(columns) => columns,
    };

    let (container, samples) = decode()?;
    let segments: Vec<Segment> = job.options.cut.ranges(samples.len())?;
    // Hashed again: columns belong to a content, and the file may have been written to meanwhile.
    let keyed = keyed.filter(|(_, before)| content().as_ref() == Some(before));
    let columns = columns.filter(|known| keyed.is_some() && known.examples.len() == segments.len());
    let mut row = |(at, (segment, range)): (usize, &Segment)| {
        let samples = &samples[range.clone()];
        let values = match &columns {
            _ if !job.table => [0.0; COLUMNS],
            Some(known) => known.examples[at].2,
            None => extractor.extract(samples),
        };
        FeatureRow {
            segment: *segment,
            length: samples.len(),
            values,
            content: (!job.table).then(|| content_of(samples)),
            also: job.also.map(|also| also.of(samples)),
        }
    };
    let rows: Vec<FeatureRow<T>> = segments.iter().enumerate().map(&mut row).collect();
    if let Some((cache, content)) = &keyed {
        if job.table && columns.is_none() {
            let examples = rows.iter().map(|row| (row.segment, row.length, row.values)).collect();
            let key = Cache::key_of_content(content, &job.options);
            cache.put(&key, &CachedColumns { container, examples });
        }
        if let Some(also) = job.also.filter(|_| !has_also) {
            let example = |(row, (_, range)): (_, &Segment)| {
                let FeatureRow { segment, length, content, also, .. }: &FeatureRow<T> = row;
                let content = content.unwrap_or_else(|| content_of(&samples[range.clone()]));
                Some(KeptExample { segment: *segment, length: *length, content, value: also.as_ref()? })
            };
            if let Some(examples) = rows.iter().zip(&segments).map(example).collect() {
                also.keep(cache, content, &job.options, &Kept { container, examples });
            }
        }
    }
    Ok((container, rows))
}

/// The rows of a recording of which all that is asked for was computed before; else its columns, if they were.
fn known_rows<T>(
    job: &ExtractionJob<T>,
    columns: Option<CachedColumns>,
    also: Option<Kept<T>>,
) -> Result<(Container, Vec<FeatureRow<T>>), Option<CachedColumns>> {
    let of_columns =
        |&(segment, length, values): &_| FeatureRow { segment, length, values, content: None, also: None };
    match (columns, also) {
        (Some(columns), None) if job.also.is_none() => {
            Ok((columns.container, columns.examples.iter().map(of_columns).collect()))
        }
        (Some(columns), Some(also)) if columns.examples.len() == also.examples.len() => {
            let rows = columns.examples.iter().zip(also.examples);
            let rows =
                rows.map(|(columns, kept)| FeatureRow { also: Some(kept.value), ..of_columns(columns) });
            Ok((columns.container, rows.collect()))
        }
        (None, Some(also)) if !job.table => {
            let row = |KeptExample { segment, length, content, value }| FeatureRow {
                segment,
                length,
                values: [0.0; COLUMNS],
                content: Some(content),
                also: Some(value),
            };
            Ok((also.container, also.examples.into_iter().map(row).collect()))
        }
        (columns, _) => Err(columns),
    }
}
