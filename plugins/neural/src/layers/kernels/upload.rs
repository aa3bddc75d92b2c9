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
    use crate::layers::kernels::memory::fresh;
    use candle_core::cuda_backend::cudarc::driver::PinnedHostSlice;
    use candle_core::cuda_backend::{CudaDevice, DeviceId, WrapErr};
    use candle_core::{
        CpuStorage, CudaStorage, DType, Device, InplaceOp1, Layout, Result, Shape, Tensor, bail,
    };
    use std::collections::VecDeque;
    use std::sync::{Mutex, PoisonError};

    /// Such memory takes long to get, so it is used again: the oldest first, whose copy is most likely over.
    static USED: Mutex<VecDeque<(DeviceId, PinnedHostSlice<f32>)>> = Mutex::new(VecDeque::new());
    /// As many as may wait for their copies, and a few of other sizes.
    const KEPT: usize = 8;
    /// Of one size: that many copies can be under way.
    const AT_ONCE: usize = 3;

    pub(super) fn upload(values: &[f32], shape: Shape, device: &Device, cuda: &CudaDevice) -> Result<Tensor> {
        let tensor = fresh(shape, DType::F32, device)?;
        if tensor.elem_count() != values.len() {
            bail!("{} numbers do not make {:?}", values.len(), tensor.shape());
        }
        if values.is_empty() {
            return Ok(tensor);
        }
        let mut memory = reuse(cuda.id(), values.len()).map_or_else(
            // SAFETY: written over right below.
            || unsafe { cuda.cuda_stream().context().alloc_pinned(values.len()) }.w(),
            Ok,
        )?;
        // Waits for the copy that was made from here last.
        memory.as_mut_slice().w()?.copy_from_slice(values);
        let copy = Copy(memory);
        tensor.inplace_op1(&copy)?;
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        used.push_back((cuda.id(), copy.0));
        if used.len() > KEPT {
            used.pop_front();
        }
        Ok(tensor)
    }

    fn reuse(device: DeviceId, len: usize) -> Option<PinnedHostSlice<f32>> {
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |(theirs, memory): &(DeviceId, PinnedHostSlice<f32>)| *theirs == device && memory.len() == len;
        let count = used.iter().filter(|entry| fits(entry)).count();
        let at = used.iter().position(fits).filter(|_| count >= AT_ONCE)?;
        Some(used.remove(at)?.1)
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
