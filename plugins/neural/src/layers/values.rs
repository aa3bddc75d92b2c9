use candle_core::{CpuStorage, Layout, Result, Storage, Tensor, bail};
use std::ops::{Deref, Range};

/// The numbers of a contiguous f32 tensor on the processor, as a slice.
pub(crate) struct Values<S> {
    storage: S,
    range: Range<usize>,
}

/// Borrows them; a tensor of another kind, place or order is an error.
pub(crate) fn values(tensor: &Tensor) -> Result<Values<impl Deref<Target = Storage>>> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(numbers) = &*storage else { bail!("a tensor on the processor is wanted") };
    slice(numbers, layout)?;
    let range = layout.start_offset()..layout.start_offset() + layout.shape().elem_count();
    Ok(Values { storage, range })
}

impl<S: Deref<Target = Storage>> Deref for Values<S> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &*self.storage {
            Storage::Cpu(CpuStorage::F32(values)) => &values[self.range.clone()],
            // `values` lets nothing else in.
            _ => &[],
        }
    }
}

/// The same for what a custom operation is given.
pub(crate) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("a contiguous tensor is wanted, not one of strides {:?}", layout.stride()),
    }
}
