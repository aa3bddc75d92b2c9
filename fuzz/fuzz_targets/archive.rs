//! The unpacker: whatever the archive, it writes only below its folder, only plain files, and only within
//! the limits.
#![no_main]

use genre_bench_fuzz::file_of;
use genre_bench_fuzz::recordings::fetch::{ArchiveLimits, FetchObserver, unpack};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

struct Silent;
impl FetchObserver for Silent {}

/// Bytes of the plain files below a folder; anything else there is a fault.
fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| {
            let of = entry.path().symlink_metadata().expect("metadata");
            assert!(of.is_dir() || of.is_file(), "{} is neither file nor folder", entry.path().display());
            if of.is_dir() { bytes_below(&entry.path()) } else { of.len() }
        })
        .sum()
}

fuzz_target!(|data: &[u8]| {
    let around = tempfile::tempdir().expect("a temporary folder");
    let tree = around.path().join("tree");
    std::fs::create_dir(&tree).expect("a folder");
    let limits = ArchiveLimits::of_gigabytes(0.004);
    let unpacked = unpack(file_of(data).path(), &tree, limits, &Silent);
    let bytes = bytes_below(&tree);
    assert!(bytes <= limits.bytes(), "{bytes} bytes were written");
    assert_eq!(around.path().read_dir().expect("a folder").count(), 1, "something was written elsewhere");
    match unpacked {
        Ok(contents) => assert_eq!(contents.bytes, bytes),
        Err(error) => assert!(!error.reason.is_empty()),
    }
});
