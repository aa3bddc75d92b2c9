//! The AU reader, alone and behind the program's door for audio of any kind.
#![no_main]

use genre_bench_fuzz::audio::{Limits, au, read_within};
use genre_bench_fuzz::file_of;
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
    let limits = Limits { seconds: 10.0 };
    if let Ok(audio) = read_within(file_of(data).path(), &limits) {
        assert!(!audio.samples.is_empty());
        assert!(audio.samples.iter().all(|sample| sample.is_finite()));
        assert!(audio.samples.len() as f64 <= limits.seconds * f64::from(genre_bench_fuzz::audio::RATE) + 1e4);
    }
});
