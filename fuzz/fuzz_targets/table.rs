//! The reader of feature tables.
#![no_main]

use genre_bench_fuzz::file_of;
use genre_bench_fuzz::readers::table::choice::ColumnChoice;
use genre_bench_fuzz::readers::table::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match read(file_of(data).path(), &ColumnChoice::default()) {
        Ok(table) => {
            assert_eq!(table.features.dim(), (table.labels.len(), table.columns.len()));
            assert_eq!(table.lines.len(), table.labels.len());
            assert!(!table.labels.is_empty() && !table.columns.is_empty());
            assert!(table.features.iter().all(|value| value.is_finite()));
        }
        Err(error) => assert!(!error.reason.is_empty()),
    }
});
