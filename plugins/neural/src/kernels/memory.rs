use candle_core::{
    CpuStorage, CudaStorage, DType, Device, InplaceOp1, Layout, Result, Shape, Storage, Tensor, bail,
};
use std::cell::Cell;

/// A tensor whose numbers are still to be written.
///
/// On the CPU, where kernels run in tests only, they are no numbers: reading them is noticed.
pub(super) fn fresh(shape: impl Into<Shape>, dtype: DType, device: &Device) -> Result<Tensor> {
    match device {
        Device::Cpu if dtype == DType::U32 => Tensor::full(u32::MAX, shape, device),
        Device::Cpu => Tensor::full(f32::NAN, shape, device)?.to_dtype(dtype),
        // SAFETY: device memory of plain numbers, of which any bits are some; every caller launches what writes all of
        // them before anything reads.
        _ => unsafe { Tensor::empty(shape, dtype, device) },
    }
}

/// Where a contiguous tensor's numbers begin, in the memory of its device.
pub(super) fn address(tensor: &Tensor) -> Result<u64> {
    let (storage, layout) = tensor.storage_and_layout();
    let start = start(layout)?;
    match &*storage {
        Storage::Cpu(storage) => cpu_address(storage, start),
        Storage::Cuda(storage) => cuda_address(storage, start),
        Storage::Metal(_) => bail!("kernels are for CUDA devices"),
    }
}

/// The same to write there.
pub(super) fn address_to_write(tensor: &Tensor) -> Result<u64> {
    let found = Address(Cell::new(0));
    tensor.inplace_op1(&found)?;
    Ok(found.0.get())
}

/// Finds the address of memory that it is handed to change.
struct Address(Cell<u64>);

impl InplaceOp1 for Address {
    fn name(&self) -> &'static str {
        "writing by a kernel"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let start = start(layout)?;
        self.0.set(match storage {
            CpuStorage::F32(values) => values[start..].as_mut_ptr() as u64,
            CpuStorage::BF16(values) => values[start..].as_mut_ptr() as u64,
            CpuStorage::U32(values) => values[start..].as_mut_ptr() as u64,
            _ => bail!("kernels do not write numbers of this type"),
        });
        Ok(())
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &mut CudaStorage, layout: &Layout) -> Result<()> {
        self.0.set(cuda_address(storage, start(layout)?)?);
        Ok(())
    }
}

fn start(layout: &Layout) -> Result<usize> {
    match layout.contiguous_offsets() {
        Some((start, _)) => Ok(start),
        None => bail!("a kernel was given a tensor of strides {:?}", layout.stride()),
    }
}

fn cpu_address(storage: &CpuStorage, start: usize) -> Result<u64> {
    Ok(match storage {
        CpuStorage::F32(values) => values[start..].as_ptr() as u64,
        CpuStorage::BF16(values) => values[start..].as_ptr() as u64,
        CpuStorage::U32(values) => values[start..].as_ptr() as u64,
        _ => bail!("kernels do not read numbers of this type"),
    })
}

#[cfg(feature = "cuda")]
fn cuda_address(storage: &CudaStorage, start: usize) -> Result<u64> {
    use candle_core::cuda_backend::CudaStorageSlice;
    use candle_core::cuda_backend::cudarc::driver::DevicePtr;
    // The guards that come with the addresses tell other streams when the memory is free; the program has one
    // stream (see `device`), in whose order everything runs.
    let stream = storage.device.cuda_stream();
    let (base, size) = match &storage.slice {
        CudaStorageSlice::F32(values) => (values.device_ptr(&stream).0, 4),
        CudaStorageSlice::BF16(values) => (values.device_ptr(&stream).0, 2),
        CudaStorageSlice::U32(values) => (values.device_ptr(&stream).0, 4),
        _ => bail!("kernels do not take numbers of this type"),
    };
    Ok(base + (start * size) as u64)
}

#[cfg(not(feature = "cuda"))]
fn cuda_address(_: &CudaStorage, _: usize) -> Result<u64> {
    bail!("this program was built without CUDA")
}
