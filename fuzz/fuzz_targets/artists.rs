//! `--artists`.
#![no_main]

use genre_bench_fuzz::dataset::Artists;
use genre_bench_fuzz::{check_error, file_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let tracks = ["blues.00000", "jazz.00000", "rock"].map(str::to_owned);
    match Artists::read(file_of(data).path(), &tracks) {
        Ok(artists) => {
            assert!(artists.of_track.len() == 3 && (1..=3).contains(&artists.known()));
            assert!([0, 3].contains(&artists.test_fold.len()));
        }
        Err(error) => check_error(&error),
    }
});
