//! The AU reader, alone and behind the program's door for audio of any kind.
#![no_main]

use genre_bench_fuzz::audio::au;
use genre_bench_fuzz::check_audio;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(mut reader) = au::Reader::new(data) {
        let mut block = Vec::new();
        let mut samples = 0;
        while reader.block(64, &mut block).is_ok() && !block.is_empty() {
            assert!(block.len() <= 64 * reader.channels && block.len() % reader.channels == 0);
            samples += block.len();
        }
        assert!(samples <= data.len(), "more samples than bytes");
    }
    check_audio(data);
});
