//! Weights as PyTorch before 1.6 wrote them: from the pickle of the state dict on, or from the first byte.
#![no_main]

use genre_bench_fuzz::check_weights;
use libfuzzer_sys::fuzz_target;

/// The pickles of the magic number, of the version and of a system with the lowest byte first.
const START: &[u8] =
    b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\x0d\0\0\0little_endian\x88s.";

fuzz_target!(|data: &[u8]| {
    check_weights(&[START, data].concat());
    check_weights(data);
});
