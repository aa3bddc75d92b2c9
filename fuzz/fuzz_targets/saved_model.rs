//! A saved model. The input is its description, a zero byte and its numbers; the target puts the right hash into the description, so
//! that the readers get past it.
#![no_main]

use genre_bench_fuzz::check_error;
use genre_bench_fuzz::run::saved::SavedModel;
use genre_bench_fuzz::util::hex;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;

/// The description with the hash that it should have, if it has any.
fn rehashed(about: &str, arrays: &[u8]) -> Option<String> {
    let parsed: Value = serde_json::from_str(about).ok()?;
    let old = parsed["sha256"].as_str().filter(|old| !old.is_empty())?;
    let hash = Sha256::new().chain_update(about.replacen(old, "", 1)).chain_update(arrays).finalize();
    Some(about.replacen(old, &hex(&hash), 1))
}

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (about, arrays) = (String::from_utf8_lossy(&data[..end]), data.get(end + 1..).unwrap_or_default());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let written = rehashed(&about, arrays).unwrap_or_else(|| about.into_owned());
    fs::write(folder.path().join("model.json"), written).expect("a disk with room");
    fs::write(folder.path().join("model.safetensors"), arrays).expect("a disk with room");
    match SavedModel::read(folder.path()) {
        Ok(saved) => {
            assert!(!saved.about.classes.is_empty());
            assert_eq!(saved.scaling.len(), saved.about.spectrogram.0);
            assert!(saved.novelty.sample.iter().all(|number| number.is_finite()));
        }
        Err(error) => check_error(&error),
    }
});
