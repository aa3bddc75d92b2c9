//! Standard input as a file, for what reads files alone.

use crate::audio::wav::{HEAD, Sample, head};
use crate::error::{Error, Result};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read at most.
const MOST: u64 = 1 << 30;

/// What came from standard input, in a file that goes away with it.
pub(super) struct StdinFile(tempfile::TempPath);

impl StdinFile {
    /// Reads standard input to its end: a file of any format or, where `raw` says their rate, 16-bit little-endian samples of one
    /// channel.
    ///
    /// # Errors
    ///
    /// More than a gigabyte, or no room for it.
    pub fn read(raw: Option<u32>) -> Result<Self> {
        Self::of(std::io::stdin().lock(), raw)
    }

    fn of(from: impl Read, raw: Option<u32>) -> Result<Self> {
        let failed =
            |e: std::io::Error| Error::new("standard input", e, "is there room for temporary files?");
        let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
        if raw.is_some() {
            file.write_all(&[0; HEAD]).map_err(failed)?;
        }
        let bytes = std::io::copy(&mut from.take(MOST + 1), &mut file).map_err(failed)?;
        if bytes > MOST {
            return Err(Error::new("standard input", "is larger than 1 GiB", "give a file, or a part of it"));
        }
        if let Some(rate) = raw {
            file.seek(SeekFrom::Start(0))
                .and_then(|_| file.write_all(&head(Sample::Int16, rate, bytes as u32)))
                .map_err(failed)?;
        }
        Ok(Self(file.into_temp_path()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path as the user gave it.
    pub fn given(&self, path: PathBuf) -> PathBuf {
        if path == *self.0 { "-".into() } else { path }
    }

    /// A message that names the file as the user gave it.
    pub fn told(&self, message: &str) -> String {
        message.replace(&self.0.display().to_string(), "standard input")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn raw_samples_become_a_file_that_says_their_rate() {
        let samples: Vec<u8> = (0..4000_i16).flat_map(|i| (i * 8).to_le_bytes()).collect();
        let file = StdinFile::of(&samples[..], Some(22_050)).unwrap();
        let audio = crate::audio::read(file.path()).unwrap();
        assert_eq!((audio.source_rate, audio.samples.len()), (22_050, 4000));
        assert_eq!(audio.samples[100], 800.0 / 32_768.0);
        assert_eq!(file.given(file.path().to_owned()), Path::new("-"));
        assert_eq!(file.told(&format!("{}: is short", file.path().display())), "standard input: is short");
    }
}
