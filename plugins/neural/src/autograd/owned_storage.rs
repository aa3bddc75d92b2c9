use candle_core::{CpuStorage, CudaStorage, InplaceOp1, Layout, Result, Shape, Storage, Tensor, bail};
use std::sync::{Mutex, PoisonError};

/// The memory of a tensor that nobody else has, moved out of it: a custom operation of candle's must hand over
/// its output as memory, and a tensor gives away none.
pub(super) struct OwnedStorage {
    storage: Mutex<Option<Storage>>,
    shape: Shape,
}

impl OwnedStorage {
    pub fn of(tensor: &Tensor) -> Result<Self> {
        let owned = Self { storage: Mutex::new(None), shape: tensor.shape().clone() };
        tensor.inplace_op1(&owned)?;
        Ok(owned)
    }

    pub fn cpu(&self) -> Result<(CpuStorage, Shape)> {
        match self.take() {
            Some(Storage::Cpu(storage)) => Ok((storage, self.shape.clone())),
            _ => bail!("there is nothing on the CPU to take"),
        }
    }

    pub fn cuda(&self) -> Result<(CudaStorage, Shape)> {
        match self.take() {
            Some(Storage::Cuda(storage)) => Ok((storage, self.shape.clone())),
            _ => bail!("there is nothing on a CUDA device to take"),
        }
    }

    fn take(&self) -> Option<Storage> {
        self.storage.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, storage: Storage) {
        *self.storage.lock().unwrap_or_else(PoisonError::into_inner) = Some(storage);
    }
}

impl InplaceOp1 for OwnedStorage {
    fn name(&self) -> &'static str {
        "taking a tensor's memory"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        if layout.contiguous_offsets().is_none_or(|(start, _)| start > 0) {
            bail!("only a whole tensor's memory is taken");
        }
        self.put(Storage::Cpu(std::mem::replace(storage, CpuStorage::U8(Vec::new()))));
        Ok(())
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &mut CudaStorage, layout: &Layout) -> Result<()> {
        use candle_core::cuda_backend::CudaStorageSlice;
        if layout.contiguous_offsets().is_none_or(|(start, _)| start > 0) {
            bail!("only a whole tensor's memory is taken");
        }
        let device = storage.device.clone();
        // Not empty, because the driver may refuse to hand out nothing.
        // SAFETY: nobody reads it.
        let nothing = CudaStorage { slice: CudaStorageSlice::U8(unsafe { device.alloc(1) }?), device };
        self.put(Storage::Cuda(std::mem::replace(storage, nothing)));
        Ok(())
    }
}
