//! Launches and matrix products on the CPU, so that the kernels and what calls them can be tested without
//! a device: the same source, compiled by a C++ compiler with a few lines that stand for CUDA.

use super::SOURCE;
use super::launch::{LaunchGrid, Raw};
use super::product::{Gemm, Operand};
use candle_core::{DType, Result, bail};
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::process::Command;
use std::sync::OnceLock;

type Launch = unsafe extern "C" fn(
    name: *const c_char,
    kinds: *const c_char,
    arguments: *const *const c_void,
    blocks: c_uint,
    threads: c_uint,
    shared: c_uint,
) -> *const c_char;

#[repr(C)]
struct RawOperand {
    at: u64,
    row_step: u64,
    step: u64,
    is_bf16: c_int,
    transposed: c_int,
}

type Multiply = unsafe extern "C" fn(
    a: RawOperand,
    b: RawOperand,
    c: RawOperand,
    m: u64,
    n: u64,
    k: u64,
    count: u64,
    beta: f32,
);

struct Library {
    launch_f32: Launch,
    launch_bf16: Launch,
    multiply: Multiply,
}

/// Whether there is a compiler.
pub(super) fn is_there() -> bool {
    library().is_some()
}

fn library() -> Option<&'static Library> {
    static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
    LIBRARY.get_or_init(build).as_ref()
}

fn build() -> Option<Library> {
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
    if Command::new(&compiler).arg("--version").output().is_err() {
        eprintln!("SKIPPED: the kernels are not tested, for there is no C++ compiler ({compiler})");
        return None;
    }
    let names: Vec<&str> =
        SOURCE.split("\nKERNEL(").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    let table: String = names.iter().map(|name| format!("    CALL({name})\n")).collect();
    let launch = include_str!("emulation_launch.cpp").replace("CALLS\n", &table);
    // Once for each type of number, in a namespace of its own.
    let unit = |number: &str| {
        format!("#undef NUMBER\n#define NUMBER {number}\nnamespace of_{number} {{\n{SOURCE}\n")
            + &launch.replace("NAME", &format!("launch_{number}"))
            + "}\n"
    };
    let program = [include_str!("emulation.cpp").to_owned(), unit("float"), unit("bf16")].concat();
    let folder = tempfile::tempdir().unwrap();
    let (source, library) = (folder.path().join("kernels.cpp"), folder.path().join("libkernels.so"));
    std::fs::write(&source, program).unwrap();
    let output = Command::new(&compiler)
        .args(std::env::var("CXXFLAGS").unwrap_or_default().split_whitespace())
        .args(["-std=c++17", "-O2", "-shared", "-fPIC", "-ffp-contract=off", "-Wno-unknown-pragmas", "-o"])
        .args([&library, &source])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = CString::new(library.to_str().unwrap()).unwrap();
    // SAFETY: the library was just made of the sources above, and the symbols have the types that these say.
    unsafe {
        let handle = libc::dlopen(path.as_ptr(), libc::RTLD_NOW);
        assert!(!handle.is_null(), "{:?}", CStr::from_ptr(libc::dlerror()));
        let symbol = |name: &CStr| {
            let symbol = libc::dlsym(handle, name.as_ptr());
            assert!(!symbol.is_null(), "no {name:?}");
            symbol
        };
        Some(Library {
            launch_f32: std::mem::transmute::<*mut c_void, Launch>(symbol(c"launch_float")),
            launch_bf16: std::mem::transmute::<*mut c_void, Launch>(symbol(c"launch_bf16")),
            multiply: std::mem::transmute::<*mut c_void, Multiply>(symbol(c"multiply")),
        })
    }
}

/// Runs a kernel. Arguments that are not those of the kernel in number and type are an error.
pub(super) fn launch(name: &str, dtype: DType, arguments: &[Raw], grid: LaunchGrid) -> Result<()> {
    let Some(library) = library() else { bail!("there is no C++ compiler") };
    let kind = |argument: &Raw| match argument {
        Raw::Address { dtype: DType::F32, write: false, .. } => b'f',
        Raw::Address { dtype: DType::F32, write: true, .. } => b'F',
        Raw::Address { dtype: DType::BF16, write: false, .. } => b'b',
        Raw::Address { dtype: DType::BF16, write: true, .. } => b'B',
        Raw::Address { dtype: DType::U32, write: false, .. } => b'i',
        Raw::Address { dtype: DType::U32, write: true, .. } => b'I',
        Raw::Address { .. } => b'?',
        Raw::Size(_) => b's',
        Raw::Seed(_) => b'l',
        Raw::Real(_) => b'r',
    };
    let kinds = CString::new(arguments.iter().map(kind).collect::<Vec<u8>>()).unwrap();
    let pointers: Vec<*const c_void> = arguments
        .iter()
        .map(|argument| match argument {
            Raw::Address { at, .. } => (&raw const *at).cast(),
            Raw::Size(size) => (&raw const *size).cast(),
            Raw::Seed(seed) => (&raw const *seed).cast(),
            Raw::Real(real) => (&raw const *real).cast(),
        })
        .collect();
    let c_name = CString::new(name).unwrap();
    let launch = if dtype == DType::BF16 { library.launch_bf16 } else { library.launch_f32 };
    // SAFETY: the library checks the arguments; where they point to outlives the call.
    let error = unsafe {
        launch(c_name.as_ptr(), kinds.as_ptr(), pointers.as_ptr(), grid.blocks, grid.threads, grid.shared)
    };
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: errors are string literals of the library, which is never unloaded.
    bail!("{name}({kinds:?}): {}", unsafe { CStr::from_ptr(error) }.to_string_lossy())
}

/// Multiplies as cuBLAS does.
pub(super) fn gemm(gemm: &Gemm) -> Result<()> {
    let Some(library) = library() else { bail!("there is no C++ compiler") };
    let raw = |operand: Operand| RawOperand {
        at: operand.at,
        row_step: operand.row_step as u64,
        step: operand.step as u64,
        is_bf16: c_int::from(operand.dtype == DType::BF16),
        transposed: c_int::from(operand.transposed),
    };
    let [m, n, k, count] = [gemm.m, gemm.n, gemm.k, gemm.count].map(|size| size as u64);
    // SAFETY: `product` has checked that the matrices lie inside their tensors.
    unsafe { (library.multiply)(raw(gemm.a), raw(gemm.b), raw(gemm.c), m, n, k, count, gemm.beta) };
    Ok(())
}
