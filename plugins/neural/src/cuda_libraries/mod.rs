//! NVIDIA's libraries, opened when a device is first asked for, so that one program serves machines with and without them.
//!
//! candle asks its bindings (cudarc) to be linked with the libraries, which excludes that they load them: a program would
//! not even start where one is missing. So every function that the program calls is defined here instead, and the
//! linker has nothing left to take from the libraries. Each is a single jump to where a table says; [`load`] opens the
//! libraries and fills the tables.
//!
//! ```text
//! jumps      makes the functions and the tables
//! library    a library: opens it, fills its table
//! runtime    what candle's unused kernels want of CUDA's runtime library, which is not needed
//! ```
//!
//! The lists below hold what a program of this crate calls. `scripts/check-cuda.sh` finds a function that is missing from
//! them: the program is linked with its library again.

mod jumps;
mod library;
mod runtime;

use jumps::jumps;
use library::Library;

// The driver. What a function of it returns before it is loaded: CUDA_ERROR_SHARED_OBJECT_INIT_FAILED.
jumps! { DRIVER = ["libcuda.so.1"], fails with 303:
    cuCtxDestroy_v2 cuCtxGetCurrent cuCtxSetCurrent cuCtxSynchronize cuDeviceGet cuDeviceGetAttribute
    cuDeviceGetCount cuDeviceGetDefaultMemPool cuDevicePrimaryCtxRelease_v2 cuDevicePrimaryCtxRetain
    cuEventCreate cuEventDestroy_v2 cuEventRecord cuEventSynchronize cuGetErrorName cuGetErrorString cuInit
    cuLaunchKernel cuMemAllocAsync cuMemAlloc_v2 cuMemFreeAsync cuMemFreeHost cuMemFree_v2 cuMemHostAlloc
    cuMemPoolSetAttribute cuMemcpyDtoDAsync_v2 cuMemcpyDtoHAsync_v2 cuMemcpyHtoDAsync_v2 cuMemcpyPeerAsync
    cuMemsetD8Async cuModuleGetFunction cuModuleLoad cuModuleLoadData cuModuleUnload cuStreamCreate
    cuStreamDestroy_v2 cuStreamIsCapturing cuStreamSynchronize cuStreamWaitEvent
}

// Products of matrices. CUBLAS_STATUS_NOT_INITIALIZED.
jumps! { PRODUCTS = ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"], fails with 1:
    cublasCreate_v2 cublasDestroy_v2 cublasDgemmStridedBatched cublasGemmStridedBatchedEx cublasSetStream_v2
    cublasSgemmStridedBatched
}

// Random numbers, without which candle makes no device. CURAND_STATUS_INITIALIZATION_FAILED.
jumps! { RANDOM = ["libcurand.so.10"], fails with 203:
    curandCreateGenerator curandDestroyGenerator curandGenerateNormal curandGenerateNormalDouble
    curandGenerateUniform curandGenerateUniformDouble curandSetPseudoRandomGeneratorSeed curandSetStream
}

// The compiler of our kernels. NVRTC_ERROR_INTERNAL_ERROR.
jumps! { COMPILER = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"], fails with 11:
    nvrtcCompileProgram nvrtcCreateProgram nvrtcDestroyProgram nvrtcGetErrorString nvrtcGetPTX nvrtcGetPTXSize
    nvrtcGetProgramLog nvrtcGetProgramLogSize
}

/// Opens the driver, unless that has been done.
///
/// # Errors
///
/// Why it cannot be opened, and what to try.
pub(crate) fn load_driver() -> Result<(), String> {
    DRIVER.load().map_err(|error| {
        format!("there is no driver of NVIDIA's ({error}); where there is a card, install one: `nvidia-smi` comes with it")
    })
}

/// Opens the compiler of our kernels, unless that has been done.
///
/// # Errors
///
/// Why it cannot be opened, and what to try.
#[cfg(test)]
pub(crate) fn load_compiler() -> Result<(), String> {
    explained(&COMPILER)
}

/// Opens all that a device needs, unless that has been done.
///
/// # Errors
///
/// Which of them cannot be opened, why, and what to try.
pub(crate) fn load() -> Result<(), String> {
    load_driver()?;
    [&PRODUCTS, &RANDOM, &COMPILER].into_iter().try_for_each(explained)
}

fn explained(library: &Library) -> Result<(), String> {
    library.load().map_err(|error| {
        format!(
            "a library of CUDA is missing ({error}); install the CUDA toolkit's libraries, and name their folder in \
             LD_LIBRARY_PATH if the system does not know it"
        )
    })
}
