use candle_core::Device;
use genre_bench_api::{Error, Result};

/// How many CUDA devices there are; none if this was built without CUDA.
pub fn cuda_devices() -> Option<usize> {
    #[cfg(feature = "cuda")]
    {
        // A machine without a driver has no devices, and the library that is not there panics.
        let count = || candle_core::cuda_backend::cudarc::driver::CudaContext::device_count();
        Some(
            std::panic::catch_unwind(count)
                .ok()
                .and_then(Result::ok)
                .map_or(0, |count| count.max(0) as usize),
        )
    }
    #[cfg(not(feature = "cuda"))]
    None
}

/// candle's device for a run's.
///
/// # Errors
///
/// CUDA is asked for, but this program was built without it or there is no such device.
pub(crate) fn device(wanted: genre_bench_api::Device) -> Result<Device> {
    match wanted {
        genre_bench_api::Device::Cpu => Ok(Device::Cpu),
        genre_bench_api::Device::Cuda(_) if !candle_core::utils::cuda_is_available() => Err(Error::failed(
            "this program was built without CUDA: build it with --features cuda, or use the CPU",
        )),
        genre_bench_api::Device::Cuda(number) => {
            Device::new_cuda(number).map_err(|error| Error::failed(format!("CUDA device {number}: {error}")))
        }
    }
}
