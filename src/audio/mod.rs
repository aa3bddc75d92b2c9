//! From a file to samples: decode, mix to one channel, resample to [`RATE`], cut into segments.
//!
//! What a file is, is decided by its content and never by its name. WAV, FLAC, MP3, Ogg Vorbis and
//! AAC (bare or in MP4) are decoded by [symphonia]; AU, GTZAN's original format, by [`au`]. Channels
//! are averaged and then resampled, in the order librosa does it, so a 22,050 Hz mono 16-bit file
//! gives exactly the numbers of `librosa.load`.
//!
//! Input is taken to be hostile. Decoding streams through small blocks and stops at
//! [`Limits::seconds`], and tags are read up to a limit, so memory follows the audio that is kept and not what a header
//! promises; a panic inside a decoder is caught and told as a fault of the file.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use genre_bench::audio;
//! let recording = audio::read("genres_original/blues/blues.00000.wav".as_ref())?;
//! println!("{:.1} s", recording.samples.len() as f64 / f64::from(audio::RATE));
//! # Ok(())
//! # }
//! ```

pub mod au;
mod budget;
mod cut;
mod decode;
pub mod deform;
mod error;
pub mod resample;
mod sniff;
#[cfg(test)]
mod tests;
pub mod wav;

pub use cut::{Cut, Segment};
pub use error::{AudioError, Fault};
pub use sniff::Container;

use std::path::Path;

/// The sample rate everything is brought to, in Hz: that of GTZAN.
pub const RATE: u32 = 22_050;

/// Largest magnitude of a recording that counts as silent: half a step of 16-bit audio.
const SILENCE: f32 = 0.5 / 32_768.0;

/// A decoded recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// One channel, nominally within −1…1: at [`RATE`], unless another was asked for.
    pub samples: Vec<f32>,
    /// Rate of the file before resampling, in Hz.
    pub source_rate: u32,
    /// Channels of the file before mixing.
    pub source_channels: usize,
    /// What the file really is.
    pub container: Container,
    /// Whether the file's extension claims another container than its content is.
    pub mislabelled: bool,
}

/// Bounds on what [`read_within`] accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Longest recording in seconds. A longer one is refused as [`Fault::TooLong`].
    pub seconds: f64,
}

impl Limits {
    /// Longest recording in seconds that is accepted where nobody asks for another: a quarter of an hour, 79 MB of
    /// samples.
    pub const DEFAULT_SECONDS: u32 = 900;
    /// Longest recording in seconds that may be asked for: a day, 7.6 GB of samples.
    pub const MOST_SECONDS: u32 = 86_400;

    /// Recordings of at most so many seconds.
    pub fn of_seconds(seconds: u32) -> Self {
        Self { seconds: f64::from(seconds) }
    }
}

impl Default for Limits {
    /// [`Limits::DEFAULT_SECONDS`].
    fn default() -> Self {
        Self::of_seconds(Self::DEFAULT_SECONDS)
    }
}

/// Reads a recording within the default [`Limits`].
///
/// # Errors
///
/// [`AudioError`] names the file and one of the [`Fault`]s.
pub fn read(path: &Path) -> Result<Audio, AudioError> {
    read_within(path, &Limits::default())
}

/// Reads a recording: decoded, mixed to one channel by the mean, resampled to [`RATE`].
///
/// # Errors
///
/// [`AudioError`] names the file and one of the [`Fault`]s: what cannot be opened, is empty, is no known
/// container, is broken inside, ends before its header says, is silent, or is longer than `limits`.
pub fn read_within(path: &Path, limits: &Limits) -> Result<Audio, AudioError> {
    read_at(path, RATE, limits)
}

/// The same resampled to another rate, at which [`Audio::samples`] then are.
///
/// # Errors
///
/// As [`read_within`].
pub fn read_at(path: &Path, rate: u32, limits: &Limits) -> Result<Audio, AudioError> {
    decode::read(path, rate, limits).map_err(|fault| AudioError { path: path.to_owned(), fault })
}
