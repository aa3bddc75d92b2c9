//! MPEG-4 behind the program's door for audio of any kind.
#![no_main]

use genre_bench_fuzz::{beginning_with, check_audio};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let start = b"????ftyp".map(|byte| (byte != b'?').then_some(byte));
    check_audio(&beginning_with(&start, data));
});
