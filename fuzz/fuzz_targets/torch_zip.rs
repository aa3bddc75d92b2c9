//! Weights as PyTorch writes them since 1.6: a pickle and two storages in an archive that is right, or an archive.
#![no_main]

use genre_bench_fuzz::check_weights;
use libfuzzer_sys::fuzz_target;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

fn archive(pickle: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in [("a/data.pkl", pickle), ("a/data/0", &[63; 96]), ("a/data/1", &[64; 16])] {
        writer.start_file(name, stored)?;
        writer.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}

fuzz_target!(|data: &[u8]| {
    if let Ok(bytes) = archive(data) {
        check_weights(&bytes);
    }
    check_weights(data);
});
