use crate::layers::kernels::upload;
use candle_core::{DType, Device, Result, Tensor, bail};

/// What a network reads of some examples, in memory.
#[derive(Debug, Clone)]
pub struct Samples {
    values: Vec<f32>,
    shape: Vec<usize>,
    count: usize,
}

impl Samples {
    /// `count` examples of a shape such as `[1, rows, columns]`, one after the other in row-major order.
    ///
    /// # Errors
    ///
    /// There are more or fewer values than that.
    pub fn new(values: Vec<f32>, count: usize, shape: &[usize]) -> Result<Self> {
        if values.len() != count * shape.iter().product::<usize>() {
            bail!("{} values are not {count} examples of shape {shape:?}", values.len());
        }
        Ok(Self { values, shape: shape.to_vec(), count })
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

    /// The values of the examples at `rows`, one after the other.
    ///
    /// # Panics
    ///
    /// Where a row does not exist.
    pub(crate) fn gather(&self, rows: impl ExactSizeIterator<Item = usize>) -> Vec<f32> {
        let size: usize = self.shape.iter().product();
        let mut values = Vec::with_capacity(rows.len() * size);
        for row in rows {
            values.extend_from_slice(&self.values[row * size..(row + 1) * size]);
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
