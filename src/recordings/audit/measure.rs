//! What the audit keeps of a recording: numbers and fingerprints, not its samples.

use super::clipping::clipped_share;
use super::landmark::{Fingerprinter, Landmark};
use super::silence::{Silence, silence};
use crate::audio::{self, Audio, Limits, RATE};
use crate::features::FeatureError;
use crate::features::table::{COLUMNS, Convention, Extractor};
use crate::util::hex;
use sha2::{Digest, Sha256};
use std::path::Path;

/// From this length on, only the middle of a recording is compared with its genre …
const LONG: usize = 45 * RATE as usize;
/// … this much of it, as long as GTZAN's tracks are.
const MIDDLE: usize = 30 * RATE as usize;

/// What one recording is.
#[derive(Debug, Clone)]
pub struct Measured {
    /// SHA-256 of the decoded samples, 64 hexadecimal digits.
    pub sha256: String,
    /// Seconds.
    pub seconds: f64,
    /// Sample rate of the file in Hz.
    pub rate: u32,
    /// Channels of the file.
    pub channels: usize,
    /// What the file is, by its content.
    pub container: &'static str,
    /// Whether the file's extension says otherwise.
    pub mislabelled: bool,
    /// Largest magnitude of a sample.
    pub peak: f64,
    /// See [`clipped_share`].
    pub clipped: f64,
    /// Silent parts.
    pub silence: Silence,
    /// The 57 columns.
    pub features: [f64; COLUMNS],
    /// Its fingerprint.
    pub print: Vec<Landmark>,
}

/// Measures one recording after another, reusing its memory; a thread pool clones one for each thread.
#[derive(Clone)]
pub struct Measurer {
    extractor: Extractor,
    fingerprinter: Fingerprinter,
}

impl Measurer {
    /// Plans the transforms.
    ///
    /// # Errors
    ///
    /// None that a caller could cause: the parameters are constant.
    pub fn new() -> Result<Self, FeatureError> {
        Ok(Self { extractor: Extractor::new(Convention::default())?, fingerprinter: Fingerprinter::new()? })
    }

    /// Reads and measures a recording.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn measure(&mut self, path: &Path, limits: &Limits) -> Result<Measured, audio::AudioError> {
        let Audio { samples, source_rate, source_channels, container, mislabelled } =
            audio::read_within(path, limits)?;
        let mut hash = Sha256::new();
        samples.iter().for_each(|sample| hash.update(sample.to_bits().to_le_bytes()));
        let middle = match samples.len() {
            length if length < LONG => &samples[..],
            length => &samples[(length - MIDDLE) / 2..][..MIDDLE],
        };
        Ok(Measured {
            sha256: hex(&hash.finalize()),
            seconds: samples.len() as f64 / f64::from(RATE),
            rate: source_rate,
            channels: source_channels,
            container: container.name(),
            mislabelled,
            peak: samples.iter().fold(0f32, |peak, x| peak.max(x.abs())).into(),
            clipped: clipped_share(&samples),
            silence: silence(&samples),
            features: self.extractor.extract(middle),
            print: self.fingerprinter.landmarks(&samples),
        })
    }
}
