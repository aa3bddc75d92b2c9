use candle_core::Device;
use genre_bench_api::{Error, Result};

/// How many CUDA devices there are, or why none can be used; none if this was built without CUDA.
///
/// NVIDIA's driver is opened to ask it, and where it knows of a device the other libraries that one needs.
pub fn cuda_devices() -> Option<std::result::Result<usize, String>> {
    #[cfg(feature = "cuda")]
    {
        Some(count_devices())
    }
    #[cfg(not(feature = "cuda"))]
    None
}

#[cfg(feature = "cuda")]
fn count_devices() -> std::result::Result<usize, String> {
    use candle_core::cuda_backend::cudarc::driver::CudaContext;
    crate::cuda_libraries::load_driver()?;
    let count =
        CudaContext::device_count().map_err(|error| format!("the driver of NVIDIA's says {error}"))?;
    if count > 0 {
        crate::cuda_libraries::load()?;
    }
    Ok(count.max(0) as usize)
}

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
             CUDA toolkit is installed (nvcc on PATH), or compute on the CPU (cpu)",
        ));
    }
    #[cfg(feature = "cuda")]
    crate::cuda_libraries::load()
        .map_err(|why| Error::failed(format!("CUDA cannot be used: {why}; or compute on the CPU (cpu)")))?;
    let device = Device::new_cuda_with_stream(number).map_err(|error| {
        Error::failed(format!(
            "CUDA device {number} cannot be used: {error}; `nvidia-smi -L` lists the devices and their numbers \
             (from 0), or compute on the CPU (cpu)"
        ))
    })?;
    #[cfg(feature = "cuda")]
    prepare(&device).map_err(|error| Error::failed(format!("CUDA device {number}: {error}")))?;
    Ok(device)
}

#[cfg(feature = "cuda")]
fn prepare(device: &Device) -> candle_core::Result<()> {
    use candle_core::cuda_backend::WrapErr;
    use candle_core::cuda_backend::cudarc::driver::{result, sys};
    let Device::Cuda(device) = device else { return Ok(()) };
    // SAFETY: events order what several streams do with the same memory; this device has one stream.
    unsafe { device.disable_event_tracking() };
    // Memory that is freed is kept for the next step. Otherwise the driver gives it back to the system whenever
    // somebody waits for the device, and every step begins by getting all of it again.
    let mut keep = u64::MAX;
    let threshold = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: the device exists, and the attribute is a 64-bit number of bytes.
    unsafe {
        let pool = result::device::get_default_mem_pool(device.cuda_stream().context().cu_device()).w()?;
        result::mem_pool::set_attribute(pool, threshold, (&raw mut keep).cast()).w()
    }
}
