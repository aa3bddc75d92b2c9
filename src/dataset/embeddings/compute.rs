//! The embeddings of all examples by one encoder, from the cache or computed, some recordings at a time.

use super::batch::{Answer, BATCH, Batch, ask, batches, said};
use super::pooled::pooled;
use super::prepare::Preparer;
use super::{PlannedEncoder, Rows};
use crate::audio::Limits;
use crate::dataset::example_source::{ExampleSource, SourceFile, SourcePart};
use crate::features::cache::{Cache, CacheKey};
use genre_bench_api::{Encoder, Error, LoadedEncoder, Observer};
use ndarray::{Array2, ArrayD, ArrayViewD, Axis};
use rayon::prelude::*;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Recordings whose windows may go through the encoder together, and recordings a thread that are in memory at once.
const GROUP: usize = 4;

/// Why there are no rows.
#[derive(Debug)]
pub(super) enum Stop {
    /// The user stopped it.
    Cancelled,
    /// The encoder cannot be used at all.
    Failed(String),
}

/// An encoder at work.
pub(super) struct Embedder<'a> {
    planned: &'a PlannedEncoder,
    encoder: &'a dyn Encoder,
    cache: Option<&'a Cache>,
    limits: &'a Limits,
    /// Once the first recording was not in the cache: weights may take long to read.
    loaded: Option<Box<dyn LoadedEncoder>>,
}

/// A recording or image with those of its parts that are examples.
struct Recording<'s> {
    file: &'s SourceFile,
    parts: Vec<&'s SourcePart>,
    examples: Vec<usize>,
}

/// What is known of a recording before the encoder is asked.
enum Prepared {
    /// Its rows were in the cache.
    Known(Vec<Vec<f32>>),
    /// The windows of each part, and under which name the rows are kept.
    Fresh(Vec<Result<ArrayD<f32>, String>>, Option<CacheKey>),
    /// It cannot be read.
    Fault(String),
}

impl<'a> Embedder<'a> {
    /// An encoder that was not asked for anything yet.
    pub fn new(
        planned: &'a PlannedEncoder,
        encoder: &'a dyn Encoder,
        cache: Option<&'a Cache>,
        limits: &'a Limits,
    ) -> Self {
        Self { planned, encoder, cache, limits, loaded: None }
    }

    /// The embedding of every example, or why it has none. Every recording's are kept as soon as they are there.
    ///
    /// # Errors
    ///
    /// The user stopped it, or the encoder cannot be used.
    pub fn rows(mut self, sources: &[Option<ExampleSource>], observer: &dyn Observer) -> Result<Rows, Stop> {
        let failed = |reason: String| Stop::Failed(format!("encoder `{}`: {reason}", self.planned.name));
        let preparer = Preparer::new(self.planned).map_err(failed)?;
        let identity = self.planned.identity();
        let mut rows: Rows = vec![Err("it has no recording".to_owned()); sources.len()];
        let recordings = recordings(sources);
        let mut done = 0;
        for some in recordings.chunks(GROUP * rayon::current_num_threads()) {
            if observer.cancelled() {
                return Err(Stop::Cancelled);
            }
            observer.progress(done, recordings.len(), "");
            let prepared: Vec<Prepared> = some
                .par_iter()
                .with_max_len(1)
                .map(|recording| self.prepare(&preparer, recording, &identity))
                .collect();
            if prepared.iter().any(|prepared| matches!(prepared, Prepared::Fresh(..))) {
                self.load()?;
            }
            let embedded = self.embed(&prepared, observer)?;
            for ((recording, prepared), embedded) in some.iter().zip(prepared).zip(embedded) {
                let of_parts = match prepared {
                    Prepared::Known(rows) => rows.into_iter().map(Ok).collect(),
                    Prepared::Fault(reason) => vec![Err(reason); recording.examples.len()],
                    Prepared::Fresh(_, key) => {
                        self.keep(key, &embedded);
                        embedded
                    }
                };
                for (&example, row) in recording.examples.iter().zip(of_parts) {
                    rows[example] = row;
                }
            }
            done += some.len();
        }
        observer.progress(recordings.len(), recordings.len(), "");
        Ok(rows)
    }

    fn load(&mut self) -> Result<(), Stop> {
        if self.loaded.is_some() {
            return Ok(());
        }
        let load = || self.encoder.load(&self.planned.params);
        match catch_unwind(AssertUnwindSafe(load)).unwrap_or_else(|panic| Err(Error::failed(said(&*panic)))) {
            Ok(loaded) => self.loaded = Some(loaded),
            Err(Error::Cancelled) => return Err(Stop::Cancelled),
            Err(e) => return Err(Stop::Failed(format!("encoder `{}`: {e}", self.planned.name))),
        }
        Ok(())
    }

    fn prepare(&self, preparer: &Preparer, recording: &Recording, identity: &str) -> Prepared {
        let key = || recording.key(identity);
        let keyed = self.cache.and_then(|cache| Some((cache, key()?)));
        if let Some((cache, key)) = &keyed
            && let Some(rows) = cache.embeddings(key)
            && rows.len() == recording.parts.len()
        {
            return Prepared::Known(rows);
        }
        match preparer.windows(recording.file, &recording.parts, self.limits) {
            Err(reason) => Prepared::Fault(reason),
            // Named again: embeddings belong to a content, and the file may have been written to meanwhile.
            Ok(windows) => {
                let key = keyed.map(|(_, key)| key).filter(|before| Some(before) == key().as_ref());
                Prepared::Fresh(windows, key)
            }
        }
    }

    /// Keeps the rows of a recording, if there are all.
    fn keep(&self, key: Option<CacheKey>, rows: &[Result<Vec<f32>, String>]) {
        let all: Option<Vec<Vec<f32>>> = rows.iter().map(|row| row.as_ref().ok().cloned()).collect();
        if let (Some(cache), Some(key), Some(all)) = (self.cache, key, all) {
            cache.put_embeddings(&key, &all);
        }
    }

    /// The rows of the fresh ones among some recordings; none of the others. Windows of several examples of a group go
    /// through the encoder together, whatever the number of threads; where that fails, those of each example alone, so
    /// that none fails for another's sake.
    fn embed(&self, prepared: &[Prepared], observer: &dyn Observer) -> Result<Vec<Rows>, Stop> {
        let Some(loaded) = self.loaded.as_deref() else { return Ok(vec![Vec::new(); prepared.len()]) };
        let mut examples: Vec<(usize, &ArrayD<f32>)> = Vec::new();
        for (at, prepared) in prepared.iter().enumerate() {
            if let Prepared::Fresh(windows, _) = prepared {
                examples.extend(windows.iter().flatten().map(|windows| (at / GROUP, windows)));
            }
        }
        let batches = batches(&examples);
        let one = |batch: &Batch| {
            let (of, windows): (Vec<usize>, Vec<ArrayViewD<f32>>) = batch.iter().cloned().unzip();
            (of, ask(loaded, &windows, observer))
        };
        let answers: Vec<(Vec<usize>, Answer)> = batches.par_iter().with_max_len(1).map(one).collect();
        let mut of_examples: Vec<Result<Vec<Vec<f32>>, String>> = vec![Ok(Vec::new()); examples.len()];
        let mut again: Vec<usize> = Vec::new();
        for (of, answer) in answers {
            match answer {
                Ok(rows) => {
                    for (example, row) in of.into_iter().zip(rows.rows()) {
                        if let Ok(rows) = &mut of_examples[example] {
                            rows.push(row.to_vec());
                        }
                    }
                }
                Err(Error::Cancelled) => return Err(Stop::Cancelled),
                Err(_) => again.extend(of),
            }
        }
        again.sort_unstable();
        again.dedup();
        for example in again {
            let windows: Vec<ArrayViewD<f32>> =
                examples[example].1.axis_chunks_iter(Axis(0), BATCH).collect();
            let mut rows = Ok(Vec::new());
            for some in &windows {
                match ask(loaded, std::slice::from_ref(some), observer) {
                    Ok(answer) => {
                        if let Ok(rows) = &mut rows {
                            rows.extend(answer.rows().into_iter().map(|row| row.to_vec()));
                        }
                    }
                    Err(Error::Cancelled) => return Err(Stop::Cancelled),
                    Err(e) => rows = Err(e.to_string()),
                }
            }
            of_examples[example] = rows;
        }
        let pooled_row = |rows: Vec<Vec<f32>>| {
            let width = rows.first().map_or(0, Vec::len);
            let count = rows.len();
            let windows = Array2::from_shape_vec((count, width), rows.concat())
                .map_err(|_| "its windows have embeddings of several widths".to_owned())?;
            pooled(windows.view(), self.planned.pooling)
        };
        let mut of_examples = of_examples.into_iter().map(|rows| rows.and_then(pooled_row));
        let rows = prepared.iter().map(|prepared| match prepared {
            Prepared::Fresh(windows, _) => windows
                .iter()
                .map(|windows| match windows {
                    Ok(_) => of_examples.next().unwrap_or_else(|| Err("it was not embedded".to_owned())),
                    Err(reason) => Err(reason.clone()),
                })
                .collect(),
            Prepared::Known(_) | Prepared::Fault(_) => Vec::new(),
        });
        Ok(rows.collect())
    }
}

/// How many recordings an encoder reads, and of how many the cache has the embeddings.
pub(super) fn cached(
    planned: &PlannedEncoder,
    sources: &[Option<ExampleSource>],
    cache: Option<&Cache>,
) -> (usize, usize) {
    let (recordings, identity) = (recordings(sources), planned.identity());
    let is_cached = |recording: &&Recording| {
        let rows = cache.and_then(|cache| cache.embeddings(&recording.key(&identity)?));
        rows.is_some_and(|rows| rows.len() == recording.parts.len())
    };
    (recordings.len(), recordings.par_iter().filter(is_cached).count())
}

impl Recording<'_> {
    /// The name in the cache of what an encoder makes of it as it is now; none where it cannot be hashed.
    fn key(&self, identity: &str) -> Option<CacheKey> {
        Some(Cache::embeddings_key(&self.file.content()?, &format!("{identity} {:?}", self.parts)))
    }
}

/// The recordings of all examples, in the order of their first.
fn recordings(sources: &[Option<ExampleSource>]) -> Vec<Recording<'_>> {
    let mut recordings: Vec<Recording> = Vec::new();
    let mut place: HashMap<&SourceFile, usize> = HashMap::new();
    for (example, ExampleSource { file, part }) in
        sources.iter().enumerate().filter_map(|(example, source)| Some((example, source.as_ref()?)))
    {
        let at = *place.entry(file).or_insert_with(|| {
            recordings.push(Recording { file, parts: Vec::new(), examples: Vec::new() });
            recordings.len() - 1
        });
        recordings[at].parts.push(part);
        recordings[at].examples.push(example);
    }
    recordings
}
