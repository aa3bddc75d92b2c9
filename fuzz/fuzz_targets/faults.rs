//! `--drop-faults`.
#![no_main]

use genre_bench_fuzz::dataset::{Dataset, Source};
use genre_bench_fuzz::{check_error, file_of};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tempfile::NamedTempFile;

static TABLE: LazyLock<NamedTempFile> = LazyLock::new(|| {
    file_of(b"filename,tempo,label\nblues.00000.wav,1,blues\nblues.00001.wav,2,blues\nrock.00000.wav,3,rock\nrock.00001.wav,4,rock\n")
});

fuzz_target!(|data: &[u8]| {
    let report = file_of(data);
    let source = Source {
        data: Some(TABLE.path().to_owned()),
        drop_faults: Some(report.path().to_owned()),
        ..Source::default()
    };
    match Dataset::load(&source, &|_, _| ()) {
        Ok(dataset) => {
            assert!((2..=4).contains(&dataset.catalogue.examples.len()));
            assert_eq!(dataset.table.nrows(), dataset.catalogue.examples.len());
        }
        Err(error) => check_error(&error),
    }
});
