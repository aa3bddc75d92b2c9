use candle_core::Device;
use genre_bench_api::{Error, Result};

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
