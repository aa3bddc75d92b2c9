//! genre-bench without its terminal and its download.
//!
//! Its sources are included by path: depending on the crate would build networks and TLS first, and hide its readers.

#![allow(dead_code, unused_imports, missing_docs, reason = "each target uses a part of what is included")]

#[path = "../../src/audio/mod.rs"]
pub mod audio;
#[path = "../../src/dataset/mod.rs"]
pub mod dataset;
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/experiment/mod.rs"]
pub mod experiment;
#[path = "../../src/features/mod.rs"]
pub mod features;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;
pub mod readers;
pub mod recordings;
#[path = "../../src/report/mod.rs"]
pub mod report;
#[path = "../../src/run/mod.rs"]
pub mod run;
#[path = "../../src/score/mod.rs"]
pub mod score;
#[path = "../../src/util/mod.rs"]
pub mod util;
#[path = "../../plugins/neural/src/weights/files/mod.rs"]
pub mod weight_files;

pub use error::{Error, ErrorKind, Result};

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, Once};
use tempfile::NamedTempFile;

/// The input as a file, because the readers take paths. Set `TMPDIR` to a folder in memory.
pub fn file_of(data: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("a disk with room");
    file
}

/// The input, of at least the length of `start`, with another start: a decoder of one kind gets files of that kind alone.
pub fn beginning_with(start: &[Option<u8>], data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    bytes.resize(bytes.len().max(start.len()), 0);
    bytes.iter_mut().zip(start).for_each(|(byte, start)| *byte = start.unwrap_or(*byte));
    bytes
}

/// What an error of a reader must have: a reason and what to try.
pub fn check_error(error: &Error) {
    assert!(!error.reason.is_empty() && !error.subject.is_empty());
    assert!(error.kind != ErrorKind::Internal, "no input may be a bug: {error}");
}

/// What every feature table that was read must be.
pub fn check_table(table: &readers::table::RawTable) {
    assert_eq!(table.features.dim(), (table.labels.len(), table.columns.len()));
    assert_eq!(table.lines.len(), table.labels.len());
    assert!(!table.labels.is_empty() && !table.columns.is_empty());
    assert!(table.features.iter().all(|value| value.is_finite()));
}

/// From now on a panic that the program contains does not end the fuzzing, but is told once for each place. One that
/// leaves the target still ends it.
pub fn contain_panics() {
    static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            if SEEN.lock().is_ok_and(|mut seen| seen.insert(place)) {
                eprintln!("PANIC {panic}");
            }
        }));
    });
}

/// What every recording that was read must be.
pub fn check_audio(data: &[u8]) {
    contain_panics();
    let limits = audio::Limits { seconds: 10.0 };
    match audio::read_within(file_of(data).path(), &limits) {
        Ok(audio) => {
            assert!(!audio.samples.is_empty());
            assert!(audio.samples.iter().all(|sample| sample.is_finite()));
            assert!(audio.samples.len() as f64 <= limits.seconds * f64::from(audio::RATE) + 1e4);
        }
        Err(error) => assert!(!error.fault.to_string().is_empty()),
    }
}

/// What every file of weights that was read must be. What it may unpack to is little, so that memory tells a bomb.
pub fn check_weights(data: &[u8]) {
    let limits = weight_files::Limits { bytes: 1 << 22, values: 1 << 20, arrays: 1000 };
    let file = file_of(data);
    match weight_files::read_within(file.path(), limits) {
        Ok(weights) => {
            assert!(!weights.arrays.is_empty() && weights.arrays.len() <= limits.arrays);
            assert!(weights.values() as u64 <= limits.values);
            assert!(weights.bytes == data.len() as u64 && weights.sha256.len() == 64);
            assert!(weights.arrays.values().all(|array| array.is_standard_layout()));
        }
        Err(error) => {
            let (error, path) = (error.to_string(), file.path().display().to_string());
            assert!(error.starts_with(&path) && error.lines().count() == 1 && error.len() < 1000, "{error}");
        }
    }
}

/// What every image that was read must be.
pub fn check_image(data: &[u8]) {
    contain_panics();
    match readers::image_file::read(file_of(data).path()) {
        Ok(image) => {
            let (size, pixels) = (image.size(), image.grey());
            assert_eq!(image.colour().len(), 3 * pixels.len());
            assert!((1..=4096).contains(&size.width) && (1..=4096).contains(&size.height));
            assert_eq!(pixels.len(), size.width * size.height);
            assert!(pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        }
        Err(reason) => assert!(!reason.is_empty()),
    }
}
