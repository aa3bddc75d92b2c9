//! Weights in safetensors, whose header is right about its own length so that damage goes further than to it.
#![no_main]

use genre_bench_fuzz::check_weights;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The length of the header is what is before the first zero.
    let header = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    check_weights(&[&(header as u64).to_le_bytes(), data].concat());
    check_weights(data);
});
