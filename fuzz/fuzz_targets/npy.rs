//! Weights of NumPy: an array, whose header is right about its own length, or an archive.
#![no_main]

use genre_bench_fuzz::check_weights;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The header ends with its first line.
    let header = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len()).min(usize::from(u16::MAX));
    check_weights(&[b"\x93NUMPY\x01\0", &(header as u16).to_le_bytes()[..], data].concat());
    check_weights(data);
});
