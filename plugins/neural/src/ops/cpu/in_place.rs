use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor, bail};
use std::cell::Cell;

/// Values of one piece of work for a thread: small enough for its cache, large enough to be worth handing
/// over.
pub(crate) const BLOCK: usize = 16 * 1024;

/// Gives the values of a tensor to change where they lie in the CPU's memory, in row-major order.
///
/// # Errors
///
/// The tensor is not contiguous, not in single precision or not in the CPU's memory; or what `work` says.
pub(crate) fn change(tensor: &Tensor, work: impl FnOnce(&mut [f32]) -> Result<()>) -> Result<()> {
    tensor.inplace_op1(&InPlace(Cell::new(Some(work))))
}

struct InPlace<F>(Cell<Option<F>>);

impl<F: FnOnce(&mut [f32]) -> Result<()>> InplaceOp1 for InPlace<F> {
    fn name(&self) -> &'static str {
        "change-in-place"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            bail!("only contiguous tensors in single precision are changed in place");
        };
        self.0.take().map_or(Ok(()), |work| work(&mut values[start..end]))
    }
}
