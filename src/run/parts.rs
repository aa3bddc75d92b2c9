//! A fold's examples as models get them.

use super::{PlannedModel, Standardiser};
use crate::dataset::{Dataset, Embeddings};
use crate::protocol::{Fold, Split};
use genre_bench_api::{BLOCK, Device, Error, Examples, FitShape, Inputs, Result, Spectrograms, try_zeros};
use ndarray::{Array2, Axis};
use std::sync::Arc;

/// Numbers of the table that models are asked to score at one time, at most.
const SCORED_NUMBERS: usize = 1 << 23;

/// Rows that are standardised between two looks at whether to go on.
const ROWS: usize = 64;

/// The size of a [`FoldParts`], before there is one.
pub(super) struct PartsSize {
    train: usize,
    valid: usize,
    test: usize,
    columns: usize,
    classes: usize,
    spectrogram: (usize, usize),
}

/// The table that a model reads: the dataset's, or embeddings of its examples.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub columns: &'a Arc<[String]>,
    pub values: &'a Array2<f64>,
}

impl<'a> Table<'a> {
    /// The one that a planned model reads.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn of(dataset: &'a Dataset, planned: &PlannedModel) -> std::result::Result<Self, String> {
        match &planned.encoder {
            None => Ok(Self { columns: &dataset.columns, values: &dataset.table }),
            Some(encoder) => {
                let Embeddings { columns, table } = dataset.embeddings_of(encoder)?;
                Ok(Self { columns, values: table })
            }
        }
    }
}

impl PartsSize {
    pub fn of(
        dataset: &Dataset,
        table: Table,
        fold: &Fold,
        without: &[&String],
        spectrograms: Option<&Spectrograms>,
    ) -> Self {
        Self {
            train: fold.train.len(),
            valid: fold.valid.len(),
            test: fold.test.len(),
            columns: table.columns.iter().filter(|name| !without.contains(name)).count(),
            classes: dataset.catalogue.classes.len(),
            spectrogram: spectrograms.map_or((0, 0), Spectrograms::shape),
        }
    }

    /// As models are told.
    pub fn shape(&self, threads: usize, device: Device) -> FitShape {
        let most = self.train.max(self.valid).max(self.test).max(1);
        FitShape {
            rows: self.train,
            scored: (SCORED_NUMBERS / self.columns.max(1)).clamp(BLOCK.min(most), most),
            columns: self.columns,
            classes: self.classes,
            spectrogram: self.spectrogram,
            threads,
            device,
        }
    }

    /// Bytes of the tables, of a part in double precision while it is standardised, and of the scores, calibrated
    /// and as they are stored.
    pub fn bytes(&self) -> u64 {
        let all = (self.train + self.valid + self.test) as u64;
        let largest = self.train.max(self.valid).max(self.test) as u64;
        let table = (4 * all + 8 * largest) * self.columns as u64;
        table + 4 * self.classes as u64 * (2 * all + 4 * largest)
    }
}

/// A fold's examples as models get them, standardised on its training part.
pub(super) struct FoldParts {
    pub train: Examples,
    pub valid: Examples,
    pub test: Inputs,
    pub test_labels: Vec<usize>,
    /// What their tables were standardised with, and the rows of their spectrograms.
    pub standardiser: Standardiser,
    pub scaling: Vec<(f32, f32)>,
}

impl FoldParts {
    /// The parts of a fold, without some columns, and with spectrograms if the model reads them.
    ///
    /// # Errors
    ///
    /// Parts that do not fit into memory, and [`Error::Cancelled`].
    pub fn of(
        dataset: &Dataset,
        table: Table,
        split: &Split,
        fold: &Fold,
        without: &[&String],
        spectrograms: Option<&Spectrograms>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Self> {
        let columns = table.columns.iter().enumerate();
        let kept: Vec<usize> =
            columns.filter(|(_, name)| !without.contains(name)).map(|(column, _)| column).collect();
        let names = match kept.len() == table.columns.len() {
            true => Arc::clone(table.columns),
            false => kept.iter().map(|&column| table.columns[column].clone()).collect(),
        };
        let gathered = |part: &[usize]| -> Result<Array2<f64>> {
            let mut rows = try_zeros((part.len(), kept.len()), "a part of the table")?;
            for (mut row, &example) in rows.rows_mut().into_iter().zip(part) {
                let example = table.values.row(example);
                row.iter_mut().zip(&kept).for_each(|(value, &column)| *value = example[column]);
            }
            Ok(rows)
        };
        let go_on = || if cancelled() { Err(Error::Cancelled) } else { Ok(()) };
        go_on()?;
        let standardiser = Standardiser::fit(gathered(&fold.train)?.view());
        go_on()?;
        let spectrograms = spectrograms.map(|all| all.standardised_on(&all.select(&fold.train)));
        let inputs = |part: &[usize]| -> Result<Inputs> {
            let mut table = try_zeros((part.len(), kept.len()), "a part of the table")?;
            for (mut rows, part) in table.axis_chunks_iter_mut(Axis(0), ROWS).zip(part.chunks(ROWS)) {
                go_on()?;
                rows.assign(&standardiser.apply(gathered(part)?.view()));
            }
            Ok(Inputs {
                table,
                columns: Arc::clone(&names),
                spectrograms: spectrograms.as_ref().map(|all| all.select(part)).unwrap_or_default(),
            })
        };
        let catalogue = &dataset.catalogue;
        let labels = |part: &[usize]| part.iter().map(|&e| catalogue.examples[e].label).collect();
        let examples = |part: &[usize]| -> Result<Examples> {
            Ok(Examples {
                inputs: inputs(part)?,
                labels: labels(part),
                tracks: part.iter().map(|&e| catalogue.examples[e].track).collect(),
                groups: part.iter().map(|&e| split.groups[e]).collect(),
                classes: catalogue.classes.clone().into(),
            })
        };
        Ok(Self {
            train: examples(&fold.train)?,
            valid: examples(&fold.valid)?,
            test: inputs(&fold.test)?,
            test_labels: labels(&fold.test),
            scaling: spectrograms.as_ref().map_or_else(Vec::new, |all| all.scaling().to_vec()),
            standardiser,
        })
    }
}
