use candle_core::{DType, Result, Storage, Tensor, WithDType, bail};
use std::marker::PhantomData;
use std::ops::{Deref, Range};

/// The numbers of a contiguous f32 tensor on the CPU; a tensor of another kind, place or order is an
/// error.
pub(crate) fn values(tensor: &Tensor) -> Result<impl Deref<Target = [f32]> + '_> {
    match tensor.dtype() {
        DType::F32 => slice(tensor),
        DType::BF16 => bail!("bf16 is for CUDA devices; on the CPU networks compute in f32"),
        other => bail!("networks compute in f32, not {other:?}"),
    }
}

/// The same of a u32 tensor: places, for example.
pub(crate) fn integers(tensor: &Tensor) -> Result<impl Deref<Target = [u32]> + '_> {
    slice(tensor)
}

fn slice<T: WithDType>(tensor: &Tensor) -> Result<impl Deref<Target = [T]> + '_> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => T::cpu_storage_as_slice(storage)?,
        _ => bail!("a tensor on the CPU is wanted"),
    };
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("a contiguous tensor is wanted, not one of strides {:?}", layout.stride());
    };
    Ok(CpuSlice { storage, range: start..end, numbers: PhantomData })
}

/// A tensor's storage, locked for reading, and the part that is the tensor's.
struct CpuSlice<Guard, T> {
    storage: Guard,
    range: Range<usize>,
    numbers: PhantomData<fn() -> T>,
}

impl<Guard: Deref<Target = Storage>, T: WithDType> Deref for CpuSlice<Guard, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let all = match &*self.storage {
            Storage::Cpu(storage) => T::cpu_storage_as_slice(storage),
            _ => return &[],
        };
        // `slice` lets nothing else in.
        all.map_or(&[], |all| &all[self.range.clone()])
    }
}

/// The planes of a batch `(batch, channels, …)`, channel by channel: `planes[channel][example]`.
pub(crate) fn planes(values: &[f32], channels: usize, plane: usize) -> Vec<Vec<&[f32]>> {
    by_channel(values.chunks_exact(plane), channels)
}

/// The same to write to.
pub(crate) fn planes_mut<T>(values: &mut [T], channels: usize, plane: usize) -> Vec<Vec<&mut [T]>> {
    by_channel(values.chunks_exact_mut(plane), channels)
}

fn by_channel<T>(planes: impl ExactSizeIterator<Item = T>, channels: usize) -> Vec<Vec<T>> {
    let examples = planes.len() / channels.max(1);
    let mut sorted: Vec<Vec<T>> = (0..channels).map(|_| Vec::with_capacity(examples)).collect();
    for (at, plane) in planes.enumerate() {
        sorted[at % channels].push(plane);
    }
    sorted
}
