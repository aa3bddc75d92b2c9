use super::memory::{address, address_to_write};
use candle_core::{DType, Device, Result, Tensor, bail};

/// Matrices in a contiguous tensor, as many as a product has: row after row, of which each begins `row_step`
/// numbers after the one before.
#[derive(Clone, Copy)]
pub(super) struct Matrices<'a> {
    tensor: &'a Tensor,
    /// Where the first begins.
    start: usize,
    row_step: usize,
    /// From one matrix to the next; 0 where all are the same one.
    step: usize,
    transposed: bool,
}

impl<'a> Matrices<'a> {
    /// A single one, or one for all.
    pub fn one(tensor: &'a Tensor, row_step: usize) -> Self {
        Self { tensor, start: 0, row_step, step: 0, transposed: false }
    }

    /// From another number of the tensor on.
    pub fn from(self, start: usize) -> Self {
        Self { start, ..self }
    }

    /// Several, so far apart.
    pub fn every(self, step: usize) -> Self {
        Self { step, ..self }
    }

    /// With rows for columns.
    pub fn transposed(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    fn operand(&self) -> Result<Operand> {
        self.lying_at(address(self.tensor)?)
    }

    fn operand_to_write(&self) -> Result<Operand> {
        self.lying_at(address_to_write(self.tensor)?)
    }

    /// In the tensor that lies at an address.
    fn lying_at(&self, address: u64) -> Result<Operand> {
        let dtype = self.tensor.dtype();
        self.checked(Operand {
            at: address + (self.start * dtype.size_in_bytes()) as u64,
            dtype,
            row_step: self.row_step,
            step: self.step,
            transposed: self.transposed,
        })
    }

    fn checked(&self, operand: Operand) -> Result<Operand> {
        match operand.dtype {
            DType::F32 | DType::BF16 => Ok(operand),
            other => bail!("matrix products are of f32 and bf16, not {other:?}"),
        }
    }

    /// Whether `count` matrices of `rows` rows (as they lie, not as they are read) and `columns` columns lie
    /// inside the tensor.
    fn holds(&self, count: usize, rows: usize, columns: usize) -> bool {
        let (rows, columns) = if self.transposed { (columns, rows) } else { (rows, columns) };
        let last = self.start + (count - 1) * self.step + (rows - 1) * self.row_step + columns;
        self.row_step >= columns && last <= self.tensor.elem_count()
    }
}

/// [`Matrices`] where they lie on their device.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(any(test, feature = "cuda")), expect(dead_code, reason = "nothing multiplies"))]
pub(super) struct Operand {
    pub at: u64,
    pub dtype: DType,
    pub row_step: usize,
    pub step: usize,
    pub transposed: bool,
}

/// Rows and columns of a product, what is summed over, and how many products there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProductSizes {
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
    pub count: usize,
}

/// `to = left · right`, or `to += left · right` with `add`. `left` and `right` are of one type, `to` of that or
/// f32; sums are f32.
pub(super) fn product(
    to: Matrices,
    left: Matrices,
    right: Matrices,
    sizes: ProductSizes,
    add: bool,
) -> Result<()> {
    let ProductSizes { rows, columns, depth, count } = sizes;
    if rows * columns * depth * count == 0 {
        bail!("a product of {sizes:?} has nothing to compute");
    }
    if to.transposed
        || !to.holds(count, rows, columns)
        || !left.holds(count, rows, depth)
        || !right.holds(count, depth, columns)
    {
        bail!("a product of {sizes:?} does not fit its matrices");
    }
    let (left_operand, right_operand, to_operand) =
        (left.operand()?, right.operand()?, to.operand_to_write()?);
    if left_operand.dtype != right_operand.dtype {
        bail!("a product of {:?} and {:?}", left_operand.dtype, right_operand.dtype);
    }
    gemm(to.tensor.device(), &Gemm::new(to_operand, left_operand, right_operand, sizes, add))
}

/// A product as BLAS takes it: column after column. Read so, matrices that lie row after row are transposed, and
/// the product with its factors exchanged gives the transposed product.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(any(test, feature = "cuda")), expect(dead_code, reason = "nothing multiplies"))]
pub(super) struct Gemm {
    pub a: Operand,
    pub b: Operand,
    pub c: Operand,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub count: usize,
    pub beta: f32,
}

impl Gemm {
    fn new(to: Operand, left: Operand, right: Operand, sizes: ProductSizes, add: bool) -> Self {
        let ProductSizes { rows, columns, depth, count } = sizes;
        let beta = if add { 1.0 } else { 0.0 };
        Self { a: right, b: left, c: to, m: columns, n: rows, k: depth, count, beta }
    }
}

#[cfg_attr(not(any(test, feature = "cuda")), expect(unused_variables, reason = "nothing multiplies"))]
fn gemm(device: &Device, gemm: &Gemm) -> Result<()> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(device) => super::cuda::gemm(device, gemm),
        #[cfg(test)]
        Device::Cpu => super::emulation::gemm(gemm),
        _ => bail!("this program was built without CUDA"),
    }
}
