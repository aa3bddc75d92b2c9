//! Feature tables in Parquet and Arrow files.
#![no_main]

use genre_bench_fuzz::readers::columnar::read;
use genre_bench_fuzz::readers::table::choice::ColumnChoice;
use genre_bench_fuzz::{check_error, check_table, contain_panics, file_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    contain_panics();
    match read(file_of(data).path(), &ColumnChoice::default()) {
        Ok(Some(table)) => check_table(&table),
        Ok(None) => {}
        Err(error) => check_error(&error),
    }
});
