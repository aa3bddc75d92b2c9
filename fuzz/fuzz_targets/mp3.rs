//! MP3, bare or behind a tag, and AAC in ADTS frames, behind the program's door for audio of any kind.
#![no_main]

use genre_bench_fuzz::check_audio;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"ID3") || data.first() == Some(&0xff) {
        check_audio(data);
    }
});
