use crate::ops::upload;
use candle_core::{DType, Device, Result, Tensor, bail};
use genre_bench_api::{Inputs, Reads, Spectrograms};

/// What a network reads of some examples: a spectrogram, a row of numbers, or both, of each.
#[derive(Debug, Clone)]
pub struct Samples {
    spectrograms: Spectrograms,
    /// The rows of numbers, one after the other.
    values: Vec<f32>,
    shape: Vec<usize>,
    /// Channels, rows and columns of the spectrogram that an example begins with.
    spectrogram: Option<[usize; 3]>,
    count: usize,
}

impl Samples {
    /// `count` examples of a shape such as `[channels, rows, columns]`, one after the other in row-major order.
    ///
    /// # Errors
    ///
    /// There are more or fewer values than that.
    pub fn new(values: Vec<f32>, count: usize, shape: &[usize]) -> Result<Self> {
        if values.len() != count * shape.iter().product::<usize>() {
            bail!("{} values are not {count} examples of shape {shape:?}", values.len());
        }
        let spectrogram = match *shape {
            [channels, rows, columns] => Some([channels, rows, columns]),
            _ => None,
        };
        let spectrograms = Spectrograms::default();
        Ok(Self { spectrograms, values, shape: shape.to_vec(), spectrogram, count })
    }

    /// What a model reads of its inputs: spectrograms of shape `[channels, rows, columns]`, which are not copied; rows of the
    /// table, `[columns]`; or both in one row of numbers, the spectrogram first.
    pub fn of(inputs: &Inputs, reads: Reads) -> Self {
        let table = || inputs.table.iter().copied().collect();
        let (channels, (rows, columns)) = (inputs.spectrograms.channels(), inputs.spectrograms.shape());
        let (spectrograms, values, shape) = match reads {
            Reads::Table => (Spectrograms::default(), table(), vec![inputs.table.ncols()]),
            Reads::Spectrograms(_) => {
                (inputs.spectrograms.clone(), Vec::new(), vec![channels, rows, columns])
            }
            Reads::TableAndSpectrograms(_) => {
                let numbers = channels * rows * columns + inputs.table.ncols();
                (inputs.spectrograms.clone(), table(), vec![numbers])
            }
        };
        let spectrogram = reads.spectrograms().map(|_| [channels, rows, columns]);
        Self { spectrograms, values, shape, spectrogram, count: inputs.len() }
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Shape of one example.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Channels, rows and columns of the spectrogram that an example begins with, if it does.
    pub(crate) fn spectrogram_size(&self) -> Option<[usize; 3]> {
        self.spectrogram
    }

    /// The values of the examples at `rows`, one after the other.
    ///
    /// # Panics
    ///
    /// Where a row does not exist.
    pub(crate) fn gather(&self, rows: impl ExactSizeIterator<Item = usize>) -> Vec<f32> {
        let size = self.shape.iter().product::<usize>();
        let width = self.values.len() / self.count.max(1);
        let mut values = Vec::with_capacity(rows.len() * size);
        for row in rows {
            if !self.spectrograms.is_empty() {
                self.spectrograms.append_to(&mut values, row);
            }
            values.extend_from_slice(&self.values[row * width..(row + 1) * width]);
        }
        values
    }

    /// Values that were gathered as a tensor of shape `(examples, …)`.
    pub(crate) fn tensor(&self, values: Vec<f32>, device: &Device, dtype: DType) -> Result<Tensor> {
        let size: usize = self.shape.iter().product();
        let mut shape = vec![values.len() / size.max(1)];
        shape.extend(&self.shape);
        upload(values, shape, device)?.to_dtype(dtype)
    }
}

/// Examples and their classes.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// What the network reads.
    pub samples: &'a Samples,
    /// Class of each example.
    pub labels: &'a [usize],
}
