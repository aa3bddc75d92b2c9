//! `--protocol file:`.
#![no_main]

use genre_bench_fuzz::dataset::{Catalogue, Example};
use genre_bench_fuzz::protocol::table::read;
use genre_bench_fuzz::{check_error, file_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let example = |track, segment| Example {
        name: format!("{track}.{segment}"),
        track,
        segment: Some(segment),
        label: track % 2,
    };
    let catalogue = Catalogue {
        examples: (0..6).map(|i| example(i / 2, i % 2)).collect(),
        tracks: ["0", "1", "2"].map(str::to_owned).to_vec(),
        artists: Vec::new(),
        classes: ["a", "b"].map(str::to_owned).to_vec(),
    };
    match read(file_of(data).path(), &catalogue) {
        Ok(folds) => {
            assert!(!folds.is_empty());
            for fold in folds {
                let mut all = [&fold.train[..], &fold.valid, &fold.test].concat();
                assert!(!fold.train.is_empty() && !fold.test.is_empty());
                let count = all.len();
                all.sort_unstable();
                all.dedup();
                assert!(all.len() == count && all.iter().all(|example| *example < 6));
            }
        }
        Err(error) => check_error(&error),
    }
});
