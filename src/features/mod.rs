//! From samples to numbers, one idea a file.
//!
//! Conventions and defaults are those of librosa 0.11, so that its documentation describes these
//! functions too, and the tests compare every one of them with it. Where librosa has an array of
//! shape `(bins, frames)`, here it is `(frames, bins)`: one row a frame, contiguous in memory.
//!
//! | file | what | librosa |
//! |---|---|---|
//! | [`pad`] | samples beyond the ends | `np.pad` |
//! | [`stft`] | spectrum of overlapping frames, and back | `stft`, `istft` |
//! | [`mel`] | energy in bands as wide as the ear hears them | `feature.melspectrogram` |
//! | [`decibel`] | logarithm of a power | `power_to_db` |
//! | [`mfcc`] | shape of a log-mel spectrum | `feature.mfcc` |
//! | [`delta`] | slope over time | `feature.delta` |
//! | [`tuning`] | distance from A = 440 Hz | `estimate_tuning` |
//! | [`chroma`] | energy in the twelve pitch classes | `feature.chroma_stft` |
//! | [`tonnetz`] | pitch classes as fifths and thirds | `feature.tonnetz` |
//! | [`centroid`], [`bandwidth`], [`rolloff`] | mean, spread and 85 % point of a spectrum | `feature.spectral_*` |
//! | [`contrast`] | peaks against valleys in octave bands | `feature.spectral_contrast` |
//! | [`rms`], [`zcr`] | loudness, sign changes | `feature.rms`, `feature.zero_crossing_rate` |
//! | [`median`], [`hpss`] | what sustains and what strikes | `decompose.hpss` |
//! | [`onset`], [`tempo`], [`beat`] | when notes begin, how fast, and the beats | `onset`, `beat` |
//! | [`moments`] | mean and variance | `np.mean`, `np.var` |
//! | [`table`] | the 57 columns of the published GTZAN tables | – |
//! | [`extract`] | the same for many files at once, each decoded once | – |
//! | [`spectrogram`], [`array_file`] | mel spectrograms of one shape, and files of them | – |
//! | [`density`] | power spectral density of SciPy and matplotlib | – |
//! | [`picture`], [`colour_map`] | colour pictures of spectrograms | `display.specshow` |
//! | [`representation`] | what networks read: spectrograms, MFCCs over time, pictures | `feature.mfcc` |
//! | [`encoder_mel`], [`windows`] | what pretrained encoders read | `feature.melspectrogram`, Kaldi |
//! | [`cache`] | and not again for files already seen | – |
//!
//! Spectra are computed in `f64` and kept in `f32`, as librosa's are: a peak's exact bin decides the
//! tuning, and a tie the tempo. Sums over frames are taken in `f64`.

pub mod array_file;
pub mod bandwidth;
pub mod beat;
pub mod cache;
pub mod centroid;
pub mod chroma;
pub mod colour_map;
pub mod contrast;
pub mod decibel;
pub mod delta;
pub mod density;
pub mod encoder_mel;
mod error;
pub mod extract;
pub mod groups;
pub mod hpss;
pub mod median;
pub mod mel;
pub mod mfcc;
pub mod moments;
pub mod onset;
mod options;
pub mod pad;
pub mod picture;
pub mod representation;
pub mod rms;
pub mod rolloff;
pub mod spectrogram;
pub mod stft;
pub mod table;
pub mod tempo;
#[cfg(test)]
mod tests;
pub mod tonnetz;
pub mod tuning;
pub mod windows;
pub mod zcr;

pub use error::FeatureError;
pub use options::ExtractionOptions;
