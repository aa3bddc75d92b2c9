//! Encoders by name: those of plugins, and files that are opened as such.

use crate::error::{Error, Result};
use genre_bench_api::{Encoder, EncoderCard};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// An encoder with its card.
pub struct RegisteredEncoder {
    /// The encoder.
    pub encoder: Box<dyn Encoder>,
    /// Its card.
    pub card: EncoderCard,
}

impl RegisteredEncoder {
    /// An encoder as it describes itself.
    pub(super) fn of(encoder: Box<dyn Encoder>) -> Self {
        let card = encoder.card();
        Self { encoder, card }
    }
}

/// What makes an encoder, under a name, of a file.
pub type OpenFile = fn(&str, &Path) -> genre_bench_api::Result<Box<dyn Encoder>>;

/// Encoders by their name and file.
type Opened = BTreeMap<(String, PathBuf), Arc<RegisteredEncoder>>;

/// Opens files as encoders, each once.
#[derive(Clone, Default)]
pub struct Opener {
    open: Option<OpenFile>,
    opened: Arc<Mutex<Opened>>,
}

impl Opener {
    /// One that opens by this function; none opens nothing.
    pub fn new(open: Option<OpenFile>) -> Self {
        Self { open, ..Self::default() }
    }

    /// The encoder of this name in a file.
    ///
    /// # Errors
    ///
    /// It is none.
    pub(super) fn open(&self, name: &str, path: &Path) -> Result<Arc<RegisteredEncoder>> {
        let hint = "docs/encoders.md says what an encoder's file is";
        let Some(open) = self.open else {
            let reason = "this program opens no files as encoders";
            return Err(Error::at(path, reason, "build it with the feature `onnx`"));
        };
        if let Some(reason) = refuse_name(name) {
            return Err(Error::new(format!("encoder `{name}`"), reason, hint));
        }
        let key = (name.to_owned(), path.to_owned());
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.get(&key) {
            return Ok(Arc::clone(known));
        }
        let encoder = open(name, path).map_err(|e| Error::at(path, e, hint))?;
        let encoder = Arc::new(RegisteredEncoder::of(encoder));
        opened.insert(key, Arc::clone(&encoder));
        Ok(encoder)
    }
}

/// Why a name cannot be an encoder's, if so.
pub(super) fn refuse_name(name: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_good = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    match is_good && name.chars().all(allowed) {
        true => None,
        false => Some("a name has lower-case letters, digits and hyphens alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_typed() {
        for name in ["musicnn", "mn04-as", "2d"] {
            assert_eq!(refuse_name(name), None, "{name}");
        }
        for name in ["", "a+b", "a.b", "A", "-a", "a b", "ä"] {
            assert!(refuse_name(name).is_some(), "{name}");
        }
    }
}
