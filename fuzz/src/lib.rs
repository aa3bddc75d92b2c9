//! The parts of genre-bench that read what strangers wrote, and nothing else of it.
//!
//! They are included by path: depending on the crate would build polars with a sanitizer first.

#![allow(dead_code, reason = "each target uses a part of what is included")]

#[path = "../../src/audio/mod.rs"]
pub mod audio;
pub mod dataset;
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/features/mod.rs"]
pub mod features;
pub mod recordings;
#[path = "../../src/util/mod.rs"]
pub mod util;

use std::io::Write;
use tempfile::NamedTempFile;

/// The input as a file, because the readers take paths. Set `TMPDIR` to a folder in memory.
pub fn file_of(data: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("a disk with room");
    file
}
