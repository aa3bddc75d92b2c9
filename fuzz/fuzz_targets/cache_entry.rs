//! An entry of the feature cache, its checksum made right.
#![no_main]

use genre_bench_fuzz::audio::{Container, Cut};
use genre_bench_fuzz::features::ExtractionOptions;
use genre_bench_fuzz::features::cache::{Cache, CacheKey, CachedColumns};
use genre_bench_fuzz::file_of;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::LazyLock;
use tempfile::TempDir;

struct Entry {
    cache: Cache,
    key: CacheKey,
    path: PathBuf,
    _folder: TempDir,
}

static ENTRY: LazyLock<Entry> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cache = Cache::within(folder.path());
    let options = ExtractionOptions::new(Cut::new(30.0, None).expect("a length"));
    let key = Cache::key(file_of(b"music").path(), &options).expect("a file");
    cache.put(&key, &CachedColumns { container: Container::Wav, examples: Vec::new() });
    let mut entries = cache.folder().read_dir().expect("a folder");
    let path = entries.next().expect("one entry").expect("an entry").path();
    Entry { cache, key, path, _folder: folder }
});

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    bytes.extend(Sha256::digest(data));
    std::fs::write(&ENTRY.path, bytes).expect("a disk with room");
    if let Some(columns) = ENTRY.cache.get(&ENTRY.key) {
        assert!(columns.examples.len() <= data.len() / 8);
    }
});
