use crate::kernels;
use candle_core::{Device, Result};

/// Work that is written twice: as loops over slices on the CPU, and in kernels for CUDA devices.
pub(crate) trait Dispatch: Sized {
    /// What comes out.
    type Output;

    /// On the CPU.
    fn on_cpu(self) -> Result<Self::Output>;

    /// In kernels.
    fn on_cuda(self) -> Result<Self::Output>;

    /// Where the tensors are. Nothing else in the crate chooses between the two.
    fn run(self, device: &Device) -> Result<Self::Output> {
        if kernels::run_on(device) { self.on_cuda() } else { self.on_cpu() }
    }
}
