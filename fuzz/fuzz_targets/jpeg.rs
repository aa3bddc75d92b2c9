//! JPEG behind the program's door for images of any kind.
#![no_main]

use genre_bench_fuzz::{beginning_with, check_image};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let start = b"\xff\xd8\xff".map(|byte| (byte != b'?').then_some(byte));
    check_image(&beginning_with(&start, data));
});
