//! Scores from a model in another process: there are as many as were asked for, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match genre_bench_external::arrow::scores(data, 9, 3) {
        Ok(scores) => assert_eq!(scores.dim(), (9, 3)),
        Err(reason) => assert!(!reason.is_empty()),
    }
});
