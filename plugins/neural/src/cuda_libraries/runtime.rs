//! CUDA's runtime library (libcudart), of which nothing is needed.
//!
//! candle has kernels for quantised numbers and mixtures of experts, compiled with calls of that library, that announce
//! themselves to it before `main`. Nothing here uses such numbers. So the announcements are taken and forgotten, and a
//! call, which is a mistake of ours, ends the program instead of computing nothing.

use std::ffi::c_void;
use std::ptr::null_mut;

/// A file of kernels announces itself; what is returned is handed to the functions below.
#[unsafe(no_mangle)]
extern "C" fn __cudaRegisterFatBinary(_file: *const c_void) -> *mut *mut c_void {
    null_mut()
}

/// Functions that announce a part of a file, or that it goes.
macro_rules! forget {
    ($($function:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $function() {}
        )*
    };
}

/// Functions that only a call of such a kernel comes to.
macro_rules! refuse {
    ($($function:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $function() -> ! {
                refused(stringify!($function))
            }
        )*
    };
}

forget! { __cudaRegisterFatBinaryEnd __cudaRegisterFunction __cudaRegisterVar __cudaUnregisterFatBinary }

refuse! {
    __cudaGetKernel __cudaLaunchKernel __cudaLaunchKernel_ptsz __cudaPopCallConfiguration __cudaPushCallConfiguration
    cudaDeviceGetAttribute cudaFree cudaFreeAsync_ptsz cudaFuncGetAttributes cudaFuncSetAttribute cudaGetDevice
    cudaGetDeviceCount cudaGetErrorName cudaGetErrorString cudaGetLastError cudaMalloc cudaMallocAsync_ptsz
    cudaMemsetAsync_ptsz cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags cudaPeekAtLastError cudaSetDevice
    cudaStreamSynchronize_ptsz
}

fn refused(function: &str) -> ! {
    eprintln!("{function}: this program has no kernels for quantised numbers on CUDA");
    std::process::abort()
}
