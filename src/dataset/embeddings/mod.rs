//! Embeddings of the examples: what encoders make of recordings or images, as tables that every model can read.
//!
//! An encoder is frozen, so its embeddings are computed once for a dataset, whatever the split. They are kept in the
//! [cache](crate::features::cache) by the content of the recording and the identity of the encoder.

mod batch;
mod compute;
mod planned;
mod pooled;
mod prepare;

pub use planned::PlannedEncoder;

use super::Dataset;
use super::audio::fault_notes;
use super::example_source::SourceFile;
use super::spectrograms::SpectrogramSource;
use crate::error::{Error, Result};
use crate::features::cache::Cache;
use compute::{Embedder, Stop};
use genre_bench_api::{Encoder, EncoderInput, Observer};
use ndarray::{Array2, Axis};
use std::sync::Arc;

/// A table of embeddings.
#[derive(Debug, Clone)]
pub struct Embeddings {
    /// Names of the columns: the encoder's and a number.
    pub columns: Arc<[String]>,
    /// Shape `(examples, columns)`.
    pub table: Array2<f64>,
}

/// An encoder whose embeddings are wanted.
#[derive(Clone)]
pub struct WantedEncoder<'a> {
    /// What it is given and told.
    pub planned: PlannedEncoder,
    /// What computes them.
    pub encoder: &'a dyn Encoder,
}

/// The embeddings of one encoder, a row an example or why it has none.
type Rows = Vec<std::result::Result<Vec<f32>, String>>;

impl Dataset {
    /// Why an encoder cannot read the examples, if so: a sentence without its subject.
    pub fn lacks(&self, encoder: &PlannedEncoder) -> Option<String> {
        let needs = match encoder.input {
            EncoderInput::Picture(_) => "recordings or images",
            EncoderInput::Samples { .. } | EncoderInput::Mel { .. } => "recordings",
        };
        let files = || self.sources.iter().flatten().map(|source| &source.file);
        if files().next().is_none() {
            let why = match &self.spectrograms {
                SpectrogramSource::None(why) => why.as_str(),
                SpectrogramSource::Images(_) | SpectrogramSource::Computed(_) => "there are none",
            };
            return Some(format!("reads {needs}, but {why}"));
        }
        let is_image = |file: &SourceFile| matches!(file, SourceFile::Image(_));
        (encoder.rate().is_some() && files().any(is_image))
            .then(|| "reads recordings, but there are only images".to_owned())
    }

    /// The embeddings of the examples by an encoder.
    ///
    /// # Errors
    ///
    /// Why there are none.
    pub fn embeddings_of(&self, encoder: &PlannedEncoder) -> std::result::Result<&Embeddings, String> {
        match self.embeddings.get(&encoder.identity()) {
            Some(Ok(embeddings)) => Ok(embeddings),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(format!("there are no embeddings of `{}`", encoder.name)),
        }
    }

    /// How many recordings or images an encoder reads, and of how many the cache has the embeddings.
    pub fn cached(&self, encoder: &PlannedEncoder, cache: Option<&Cache>) -> (usize, usize) {
        compute::cached(encoder, &self.sources, cache)
    }

    /// Bytes of all embeddings.
    pub(super) fn embedding_bytes(&self) -> u64 {
        let numbers = self.embeddings.values().flatten().map(|embeddings| embeddings.table.len());
        (numbers.sum::<usize>() * size_of::<f64>()) as u64
    }

    /// The dataset with the embeddings of these encoders, as far as they can read it. Examples without an embedding are
    /// left out for all models, so that all are tested on the same, and told in a note; an encoder that fails for most
    /// has none at all, which is told in the rows of the models that read it.
    ///
    /// `observer` is asked for each encoder, by name, for who is told how many recordings are done.
    ///
    /// # Errors
    ///
    /// The user stopped it, or too little is left.
    pub fn embedded<'o>(
        mut self,
        wanted: &[WantedEncoder],
        cache: Option<&Cache>,
        observer: &dyn Fn(&str) -> Box<dyn Observer + 'o>,
    ) -> Result<Self> {
        let mut failed = vec![false; self.catalogue.examples.len()];
        for WantedEncoder { planned, encoder } in wanted {
            let identity = planned.identity();
            if self.embeddings.contains_key(&identity) || self.lacks(planned).is_some() {
                continue;
            }
            let observer = observer(&planned.name);
            let computed =
                Embedder::new(planned, *encoder, cache, &self.limits).rows(&self.sources, observer.as_ref());
            let embeddings = match computed {
                Ok(rows) => self.table_of(planned, rows, &mut failed),
                Err(Stop::Failed(reason)) => Err(reason),
                Err(Stop::Cancelled) => {
                    let hint = "the same command goes on";
                    return Err(Error::new(&planned.name, "stopped: what is done is kept", hint));
                }
            };
            self.embeddings.insert(identity, embeddings);
        }
        let trouble = cache.and_then(Cache::trouble).filter(|_| !wanted.is_empty());
        self.notes.extend(trouble.map(|reason| format!("the embeddings could not be cached: {reason}")));
        if failed.contains(&true) {
            let kept: Vec<usize> = (0..failed.len()).filter(|&example| !failed[example]).collect();
            self = self.select(&kept);
            if self.catalogue.classes.len() < 2 {
                let reason = "without the examples that have no embedding fewer than two genres are left";
                return Err(Error::new(
                    &self.info.name,
                    reason,
                    "see the reasons with --models of one encoder",
                ));
            }
        }
        Ok(self)
    }

    /// The table of an encoder's rows. Examples without one are marked as failed and told in a note, unless they are more
    /// than half.
    fn table_of(
        &mut self,
        planned: &PlannedEncoder,
        rows: Rows,
        failed: &mut [bool],
    ) -> std::result::Result<Embeddings, String> {
        let name = &planned.name;
        let faults: Vec<(usize, &String)> =
            rows.iter().enumerate().filter_map(|(at, row)| Some((at, row.as_ref().err()?))).collect();
        if let [(at, reason), ..] = faults[..]
            && 2 * faults.len() > rows.len()
        {
            let example = &self.catalogue.examples[at].name;
            let count = faults.len();
            return Err(format!(
                "{count} of {} examples have no embedding of `{name}`, such as {example}: {reason}",
                rows.len()
            ));
        }
        let width = rows.iter().flatten().map(Vec::len).next().unwrap_or(0);
        if let Some(other) = rows.iter().flatten().map(Vec::len).find(|other| *other != width) {
            return Err(format!("the embeddings of `{name}` have {width} numbers, and {other}"));
        }
        let told = format!("{} of {} examples have no embedding of {name}", faults.len(), rows.len());
        let named =
            faults.iter().map(|(at, reason)| format!("{}: {reason}", self.catalogue.examples[*at].name));
        self.notes.extend(prepare::note(planned, self.sources.iter().flatten().map(|source| &source.file)));
        self.notes.extend(fault_notes(&told, named.collect()));
        faults.iter().for_each(|(at, _)| failed[*at] = true);
        let mut table = Array2::zeros((rows.len(), width));
        for (mut to, row) in table.axis_iter_mut(Axis(0)).zip(&rows) {
            to.iter_mut().zip(row.iter().flatten()).for_each(|(to, &value)| *to = f64::from(value));
        }
        Ok(Embeddings { columns: (0..width).map(|column| format!("{name}_{column:04}")).collect(), table })
    }
}
