//! Where tests run.

use candle_core::Device;
use std::io::Write;
use std::sync::OnceLock;

/// The CPU, and a CUDA device if the program was built for one and there is one.
pub fn devices() -> Vec<Device> {
    static CUDA: OnceLock<Option<Device>> = OnceLock::new();
    let cuda = CUDA.get_or_init(|| match genre_bench_neural::cuda_device(0) {
        Ok(device) => Some(device),
        Err(why) => {
            // Not by a macro: what macros print is hidden when a test passes.
            let _ = writeln!(std::io::stderr(), "SKIPPED on CUDA: {why}");
            None
        }
    });
    std::iter::once(Device::Cpu).chain(cuda.clone()).collect()
}
