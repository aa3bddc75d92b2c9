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
        genre_bench_api::Device::Cuda(number) => cuda_device(number),
    }
}

/// A CUDA device, of which the first is number 0.
///
/// All its work is done in one order, whichever thread asks for it.
///
/// # Errors
///
/// This program was built without CUDA, or there is no such device; the error says what to do.
pub fn cuda_device(number: usize) -> Result<Device> {
    if !candle_core::utils::cuda_is_available() {
        return Err(Error::failed(
            "this program was built without CUDA: build it with `cargo build --release --features cuda` where the \
             CUDA toolkit is installed (nvcc on PATH), or compute on the processor (cpu)",
        ));
    }
    let device = Device::new_cuda_with_stream(number).map_err(|error| {
        Error::failed(format!(
            "CUDA device {number} cannot be used: {error}; `nvidia-smi -L` lists the devices and their numbers \
             (from 0), or compute on the processor (cpu)"
        ))
    })?;
    #[cfg(feature = "cuda")]
    if let Device::Cuda(device) = &device {
        // SAFETY: events order what several streams do with the same memory; this device has one stream.
        unsafe { device.disable_event_tracking() };
    }
    Ok(device)
}
