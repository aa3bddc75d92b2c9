//! An entry of the feature cache. The input is what its first words differ by from the right ones, and the rest of it; its
//! checksum is made right.
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
    /// The first word and the name.
    start: Vec<u8>,
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
    let start = std::fs::read(&path).expect("the entry")[..40].to_vec();
    Entry { cache, key, path, start, _folder: folder }
});

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    bytes.iter_mut().zip(&ENTRY.start).for_each(|(byte, right)| *byte ^= right);
    bytes.extend(Sha256::digest(&bytes));
    std::fs::write(&ENTRY.path, bytes).expect("a disk with room");
    if let Some(columns) = ENTRY.cache.get(&ENTRY.key) {
        assert!(data[..40].iter().all(|byte| *byte == 0), "it is another's");
        assert!(columns.examples.len() <= data.len() / 8);
    }
    for damage in ENTRY.cache.take_damaged() {
        std::fs::remove_file(damage.aside.expect("it is set aside")).expect("it lies there");
    }
});
