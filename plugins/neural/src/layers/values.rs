use candle_core::{CpuStorage, DType, Result, Storage, Tensor, bail};
use std::ops::{Deref, Range};

/// The numbers of a contiguous f32 tensor on the CPU; a tensor of another kind, place or order is an
/// error.
pub(crate) fn values(tensor: &Tensor) -> Result<impl Deref<Target = [f32]> + '_> {
    match tensor.dtype() {
        DType::F32 => {}
        DType::BF16 => bail!("bf16 is for CUDA devices; on the CPU networks compute in f32"),
        other => bail!("networks compute in f32, not {other:?}"),
    }
    let (storage, layout) = tensor.storage_and_layout();
    if !matches!(&*storage, Storage::Cpu(CpuStorage::F32(_))) {
        bail!("a tensor on the CPU is wanted");
    }
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("a contiguous tensor is wanted, not one of strides {:?}", layout.stride());
    };
    Ok(Values { storage, range: start..end })
}

/// A tensor's storage, locked for reading, and the part that is the tensor's.
struct Values<Guard> {
    storage: Guard,
    range: Range<usize>,
}

impl<Guard: Deref<Target = Storage>> Deref for Values<Guard> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &*self.storage {
            Storage::Cpu(CpuStorage::F32(values)) => &values[self.range.clone()],
            // `values` lets nothing else in.
            _ => &[],
        }
    }
}

/// The planes of a batch `(batch, channels, …)`, channel by channel: `planes[channel][example]`.
pub(crate) fn planes(values: &[f32], channels: usize, plane: usize) -> Vec<Vec<&[f32]>> {
    by_channel(values.chunks_exact(plane), channels)
}

/// The same to write to.
pub(crate) fn planes_mut(values: &mut [f32], channels: usize, plane: usize) -> Vec<Vec<&mut [f32]>> {
    by_channel(values.chunks_exact_mut(plane), channels)
}

fn by_channel<T>(planes: impl Iterator<Item = T>, channels: usize) -> Vec<Vec<T>> {
    let mut sorted: Vec<Vec<T>> = (0..channels).map(|_| Vec::new()).collect();
    for (at, plane) in planes.enumerate() {
        sorted[at % channels].push(plane);
    }
    sorted
}
