//! Changing a tensor's values where they lie in the CPU's memory, and reading them there.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Storage, Tensor, bail};
use std::cell::Cell;

/// Values of one piece of work for a thread: small enough for its cache, large enough to be worth handing
/// over.
pub(super) const BLOCK: usize = 16 * 1024;

/// Gives the values of a tensor to change, in row-major order.
///
/// # Errors
///
/// The tensor is not contiguous, not in single precision or not in the CPU's memory.
pub(super) fn change(tensor: &Tensor, work: impl FnOnce(&mut [f32]) -> Result<()>) -> Result<()> {
    tensor.inplace_op1(&Change(Cell::new(Some(work))))
}

struct Change<F>(Cell<Option<F>>);

impl<F: FnOnce(&mut [f32]) -> Result<()>> InplaceOp1 for Change<F> {
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

/// Gives the values of a tensor to read, in row-major order.
///
/// # Errors
///
/// As for [`change`].
pub(super) fn read<T>(tensor: &Tensor, work: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) => work(&values[start..end]),
        _ => bail!("only contiguous tensors in single precision are read in place"),
    }
}
