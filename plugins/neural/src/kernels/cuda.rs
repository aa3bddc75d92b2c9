//! Launches and matrix products on a CUDA device.

use super::SOURCE;
use super::launch::{LaunchGrid, Raw};
use super::product::{Gemm, Operand};
use candle_core::cuda_backend::cudarc::cublas::{result, sys};
use candle_core::cuda_backend::cudarc::driver::{LaunchConfig, PushKernelArg};
use candle_core::cuda_backend::cudarc::nvrtc::{CompileOptions, compile_ptx_with_opts};
use candle_core::cuda_backend::{CudaDevice, WrapErr};
use candle_core::{DType, Result, bail};
use std::sync::OnceLock;

/// Launches a kernel; `dtype` is the type of the numbers between layers.
pub(super) fn launch(
    device: &CudaDevice,
    name: &str,
    dtype: DType,
    arguments: &[Raw],
    grid: LaunchGrid,
) -> Result<()> {
    static F32: OnceLock<std::result::Result<String, String>> = OnceLock::new();
    static BF16: OnceLock<std::result::Result<String, String>> = OnceLock::new();
    // Compiled once for the program; the device keeps what it has loaded under the module's name.
    let (module, compiled) = match dtype {
        DType::BF16 => ("genre-bench bf16", BF16.get_or_init(|| compile("bf16"))),
        _ => ("genre-bench f32", F32.get_or_init(|| compile("float"))),
    };
    let ptx = match compiled {
        Ok(ptx) => ptx,
        Err(error) => bail!("the kernels do not compile: {error}"),
    };
    let function = device.get_or_load_custom_func(name, module, ptx)?;
    let mut builder = function.builder();
    for argument in arguments {
        match argument {
            Raw::Address { at, .. } => builder.arg(at),
            Raw::Size(size) => builder.arg(size),
            Raw::Seed(seed) => builder.arg(seed),
            Raw::Real(real) => builder.arg(real),
        };
    }
    let LaunchGrid { blocks, threads, shared } = grid;
    let config =
        LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (threads, 1, 1), shared_mem_bytes: 4 * shared };
    // SAFETY: the arguments are those of the kernel, which the tests of every operation check with the same source
    // on the CPU: numbers and types, and that nothing outside the tensors is touched.
    unsafe { builder.launch(config) }.w()?;
    Ok(())
}

/// To the assembly of NVIDIA's virtual machine, of its oldest version that the compiler still knows: the driver
/// translates it for the card that is there.
pub(super) fn compile(number: &str) -> std::result::Result<String, String> {
    let options = CompileOptions {
        name: Some("genre-bench.cu".into()),
        options: vec![format!("-DNUMBER={number}")],
        ..Default::default()
    };
    compile_ptx_with_opts(SOURCE, options).map(|ptx| ptx.to_src()).map_err(|error| error.to_string())
}

/// Multiplies by cuBLAS.
pub(super) fn gemm(device: &CudaDevice, gemm: &Gemm) -> Result<()> {
    let transposed = |operand: &Operand| match operand.transposed {
        true => sys::cublasOperation_t::CUBLAS_OP_T,
        false => sys::cublasOperation_t::CUBLAS_OP_N,
    };
    let number = |operand: &Operand| match operand.dtype {
        DType::BF16 => sys::cudaDataType::CUDA_R_16BF,
        _ => sys::cudaDataType::CUDA_R_32F,
    };
    let size = |size: usize| match i32::try_from(size) {
        Ok(size) => Ok(size),
        Err(_) => bail!("matrices of {size} rows or columns are too large"),
    };
    let Gemm { a, b, c, m, n, k, count, beta } = gemm;
    let (blas, alpha) = (device.cublas_handle(), 1.0f32);
    // SAFETY: `product` has checked that the matrices lie inside their tensors, which outlive the call; what is
    // freed later is freed in the order of the same stream.
    unsafe {
        result::gemm_strided_batched_ex(
            *blas.handle(),
            transposed(a),
            transposed(b),
            size(*m)?,
            size(*n)?,
            size(*k)?,
            (&raw const alpha).cast(),
            a.at as *const _,
            number(a),
            size(a.row_step)?,
            a.step as i64,
            b.at as *const _,
            number(b),
            size(b.row_step)?,
            b.step as i64,
            (&raw const *beta).cast(),
            c.at as *mut _,
            number(c),
            size(c.row_step)?,
            c.step as i64,
            size(*count)?,
            sys::cublasComputeType_t::CUBLAS_COMPUTE_32F,
            sys::cublasGemmAlgo_t::CUBLAS_GEMM_DEFAULT,
        )
    }
    .w()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    /// Needs nvrtc, which comes with the toolkit, and no device.
    #[test]
    fn kernels_compile() {
        crate::cuda_libraries::load_compiler().unwrap();
        for number in ["float", "bf16"] {
            let ptx = super::compile(number).unwrap();
            assert!(ptx.contains(".entry recurrent_backward") && ptx.contains(".entry adam"));
        }
    }
}
