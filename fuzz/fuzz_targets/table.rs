//! The reader of feature tables.
#![no_main]

use genre_bench_fuzz::readers::table::choice::ColumnChoice;
use genre_bench_fuzz::readers::table::read;
use genre_bench_fuzz::{check_error, check_table, file_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match read(file_of(data).path(), &ColumnChoice::default()) {
        Ok(table) => check_table(&table),
        Err(error) => check_error(&error),
    }
});
