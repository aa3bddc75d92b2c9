//! Examples that are computed and not read from a table.

use super::assemble::{DatasetParts, ExampleFacts};
use super::spectrograms::{Spectrogram, SpectrogramSource, SpectrogramStack};
use crate::error::{Error, Result};
use crate::features::extract::FeatureRow;
use genre_bench_api::Spectrograms;
use ndarray::Array2;

/// What a row of the table holds.
pub(super) enum Features {
    /// One value a column.
    Columns(Vec<f64>),
    /// No columns, because nobody reads them, but SHA-256 of what they would have been computed from.
    Content([u8; 32]),
}

impl<T> From<&FeatureRow<T>> for Features {
    fn from(row: &FeatureRow<T>) -> Self {
        match row.content {
            Some(content) => Self::Content(content),
            None => Self::Columns(row.values.to_vec()),
        }
    }
}

/// Collects computed examples, in the order they come.
pub(super) struct Collector {
    columns: Vec<String>,
    examples: Vec<ExampleFacts>,
    values: Vec<f64>,
    contents: Vec<[u8; 32]>,
    stacks: Vec<SpectrogramStack>,
}

impl Collector {
    /// For a table with these columns, none if it is not wanted, and so many spectrograms of each example.
    pub fn new(columns: Vec<String>, spectrograms: usize) -> Self {
        let (examples, values, contents) = Default::default();
        let stacks = (0..spectrograms).map(|_| SpectrogramStack::default()).collect();
        Self { columns, examples, values, contents, stacks }
    }

    /// All spectrograms will have the sizes of these, and not those of the first.
    pub fn sized_as(&mut self, spectrograms: &[Spectrogram]) {
        self.stacks.iter_mut().zip(spectrograms).for_each(|(stack, spectrogram)| stack.sized_as(spectrogram));
    }

    /// Adds an example.
    pub fn push(&mut self, facts: ExampleFacts, features: Features, spectrograms: Vec<Spectrogram>) {
        self.examples.push(facts);
        match features {
            Features::Columns(values) => self.values.extend(values),
            Features::Content(content) => self.contents.push(content),
        }
        self.stacks.iter_mut().zip(spectrograms).for_each(|(stack, spectrogram)| stack.push(spectrogram));
    }

    /// Whether there is no example yet.
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// All examples, without notes; `source` says what their spectrograms are.
    ///
    /// # Errors
    ///
    /// Only if the numbers do not fill the rows, which would be a bug.
    pub fn parts(self, source: impl FnOnce(Vec<Spectrograms>) -> SpectrogramSource) -> Result<DatasetParts> {
        let shape = (self.examples.len(), self.columns.len());
        let stacks: Result<Vec<Spectrograms>> =
            self.stacks.into_iter().map(SpectrogramStack::spectrograms).collect();
        Ok(DatasetParts {
            features: Array2::from_shape_vec(shape, self.values)
                .map_err(|e| Error::bug("the computed table", e))?,
            examples: self.examples,
            columns: self.columns,
            contents: self.contents,
            spectrograms: source(stacks?),
            joined: None,
            median_length: None,
            notes: Vec::new(),
        })
    }
}
