use candle_core::{Device, Result, Shape, Tensor};

/// Numbers as a tensor on a device. To a CUDA device they are copied from memory that the driver reads by itself:
/// nobody waits for the copy, and the device not for us.
pub(crate) fn upload(values: Vec<f32>, shape: impl Into<Shape>, device: &Device) -> Result<Tensor> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(cuda) => pinned::upload(&values, shape.into(), device, cuda),
        _ => Tensor::from_vec(values, shape, device),
    }
}

#[cfg(feature = "cuda")]
mod pinned {
    use crate::kernels::memory::fresh;
    use candle_core::cuda_backend::cudarc::driver::{CudaEvent, PinnedHostSlice};
    use candle_core::cuda_backend::{CudaDevice, DeviceId, WrapErr};
    use candle_core::{
        CpuStorage, CudaStorage, DType, Device, InplaceOp1, Layout, Result, Shape, Tensor, bail,
    };
    use std::collections::VecDeque;
    use std::sync::{Mutex, PoisonError};

    /// Such memory takes long to get, so it is used again: the oldest first, whose copy is most likely over.
    static USED: Mutex<VecDeque<Used>> = Mutex::new(VecDeque::new());
    /// As many as may wait for their copies, and a few of other sizes.
    const KEPT: usize = 8;
    /// Of one size: that many copies can be under way.
    const AT_ONCE: usize = 3;

    /// Memory that was copied from, and when the copy is over.
    struct Used {
        device: DeviceId,
        memory: Option<PinnedHostSlice<f32>>,
        copied: CudaEvent,
    }

    impl Used {
        /// The memory, once it may be written to.
        fn wait(mut self) -> Result<Option<PinnedHostSlice<f32>>> {
            self.copied.synchronize().w()?;
            Ok(self.memory.take())
        }
    }

    impl Drop for Used {
        fn drop(&mut self) {
            // Memory that a device may still read from is rather lost than freed.
            if self.copied.synchronize().is_err() {
                std::mem::forget(self.memory.take());
            }
        }
    }

    pub(super) fn upload(values: &[f32], shape: Shape, device: &Device, cuda: &CudaDevice) -> Result<Tensor> {
        let tensor = fresh(shape, DType::F32, device)?;
        if tensor.elem_count() != values.len() {
            bail!("{} numbers do not make {:?}", values.len(), tensor.shape());
        }
        if values.is_empty() {
            return Ok(tensor);
        }
        let stream = cuda.cuda_stream();
        let mut memory = match reuse(cuda.id(), values.len())? {
            Some(memory) => memory,
            // SAFETY: written over right below.
            None => unsafe { stream.context().alloc_pinned(values.len()) }.w()?,
        };
        memory.as_mut_slice().w()?.copy_from_slice(values);
        let copy = Copy(memory);
        tensor.inplace_op1(&copy)?;
        let copied = stream.record_event(None).w()?;
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        used.push_back(Used { device: cuda.id(), memory: Some(copy.0), copied });
        if used.len() > KEPT {
            used.pop_front();
        }
        Ok(tensor)
    }

    fn reuse(device: DeviceId, len: usize) -> Result<Option<PinnedHostSlice<f32>>> {
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |used: &Used| {
            used.device == device && used.memory.as_ref().is_some_and(|memory| memory.len() == len)
        };
        let enough = used.iter().filter(|used| fits(used)).count() >= AT_ONCE;
        let oldest = used.iter().position(fits).filter(|_| enough).and_then(|at| used.remove(at));
        drop(used);
        oldest.map_or(Ok(None), Used::wait)
    }

    struct Copy(PinnedHostSlice<f32>);

    impl InplaceOp1 for Copy {
        fn name(&self) -> &'static str {
            "copy to the device"
        }

        fn cpu_fwd(&self, _: &mut CpuStorage, _: &Layout) -> Result<()> {
            bail!("only a device's memory is copied to")
        }

        fn cuda_fwd(&self, storage: &mut CudaStorage, _: &Layout) -> Result<()> {
            let device = storage.device.clone();
            device.cuda_stream().memcpy_htod(&self.0, storage.as_cuda_slice_mut::<f32>()?).w()
        }
    }
}
